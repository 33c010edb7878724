"""The policy pack: Pulumi's side of the policies in `ci_runners.policy`.

    pulumi preview --policy-pack policies

Levels and exceptions are Pulumi's own: `--policy-pack-config FILE` (docs/policies.md).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyPack,
    PolicyProviderResource,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from ci_runners.policy.resource import UNKNOWN, Resource
from ci_runners.policy.table import POLICIES, ResourcePolicy, StackPolicy, ZonePolicy
from ci_runners.policy.table import Policy as OurPolicy
from ci_runners.problems import Problem
from ci_runners.recommend.needs import Trust

ZONE = "zone"


def plain(value: Any) -> Any:  # noqa: ANN401  any property
    """A property as plain data. The SDK raises where an unknown value is looked at; here it becomes `UNKNOWN`."""
    if isinstance(value, Mapping):
        return {key: _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_item(value, at) for at in range(len(value))]
    return value


def _item(holder: Any, at: Any) -> Any:  # noqa: ANN401  a mapping or a sequence, and its key
    try:
        return plain(holder[at])
    except UnknownValueError:
        return UNKNOWN


def resource_of(given: ResourceValidationArgs | PolicyResource) -> Resource:
    """A resource as our policies see it."""
    return Resource(
        type=given.resource_type,
        name=given.name,
        urn=given.urn,
        properties=plain(given.props),
        secret_outputs=tuple(given.opts.additional_secret_outputs),
        provider=_provider_of(given.provider),
    )


def _provider_of(given: PolicyProviderResource | None) -> Resource | None:
    if given is None:
        return None
    return Resource(type=given.resource_type, name=given.name, urn=given.urn, properties=plain(given.props))


def _message(problem: Problem, policy: OurPolicy) -> str:
    return f"{problem}\nRemediation: {policy.remediation}"


def _in_words(policy: OurPolicy) -> dict[str, Any]:
    """What both kinds of the SDK's policies are told."""
    return {
        "name": policy.name,
        "description": policy.title,
        "enforcement_level": EnforcementLevel(policy.level.value),
        "severity": Severity(policy.severity.value),
        "tags": [f"CIS {cis}" for cis in policy.cis],
        "remediation_steps": policy.remediation,
    }


def _resource_policy(policy: ResourcePolicy) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for problem in policy.check(resource_of(args)):
            report(_message(problem, policy), args.urn)

    return ResourceValidationPolicy(validate=validate, **_in_words(policy))


def _zone_policy(policy: ZonePolicy) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        zone = Trust(args.get_config()[ZONE])
        for problem in policy.check(resource_of(args), zone):
            report(_message(problem, policy), args.urn)

    zones = [zone.value for zone in Trust]
    schema = PolicyConfigSchema({ZONE: {"type": "string", "enum": zones, "default": Trust.ONE_TEAM.value}})
    return ResourceValidationPolicy(validate=validate, config_schema=schema, **_in_words(policy))


def _stack_policy(policy: StackPolicy) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for resource, problem in policy.check([resource_of(each) for each in args.resources]):
            report(_message(problem, policy), resource.urn)

    return StackValidationPolicy(validate=validate, **_in_words(policy))


def pulumi_policy(policy: OurPolicy) -> Policy:
    """One of our policies, as Pulumi's."""
    if isinstance(policy, ResourcePolicy):
        return _resource_policy(policy)
    if isinstance(policy, ZonePolicy):
        return _zone_policy(policy)
    if isinstance(policy, StackPolicy):
        return _stack_policy(policy)
    raise TypeError(f"{policy.name}: no such kind of policy")


if __name__ == "__main__":
    PolicyPack(name="ci-runners", policies=[pulumi_policy(policy) for policy in POLICIES])
