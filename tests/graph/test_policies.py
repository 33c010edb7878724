"""The policy pack over the examples and their bad twins, without an engine.

The recorder stands in for the engine's monitor; tests/e2e and tests/prove ask the real engine and the real pack.
"""

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi_policy
import pytest

from ci_runners.connection import DaemonKind
from ci_runners.policy.resource import UNKNOWN as NOT_KNOWN
from ci_runners.policy.resource import Resource
from ci_runners.policy.table import POLICIES, Level
from tests.bad_twins.expected import EXPECTED, SECRETS, programs, twin
from tests.examples.catalog import Program, catalog
from tests.examples.recorded import registered
from tests.graph.gitlab_projects import graph_of_gitlab
from tests.graph.recorder import SECRET, UNKNOWN, Registered
from tests.graph.test_program import configure, program
from tests.unit.test_settings import GOOD

PACK = runpy.run_path(str(Path(__file__).parents[2] / "policies" / "__main__.py"), run_name="pack")
EXCEPTED = {"dood-container": {"docker-socket"}}
"""What an example's own policy-exceptions.json excepts, which is the engine's to do."""

NO_CPU_ARGUMENT = ("'ci-runner-registrar'", "'ci-mirror-container'")
"""Containers whose components take no limit of CPU: the advice stays."""


def opened(value: Any) -> Any:  # noqa: ANN401  any JSON
    """A recorded input as the SDK hands it to a policy: secrets are open, and what is unknown is a mark."""
    if isinstance(value, dict):
        if set(value) == {SECRET}:
            return opened(value[SECRET])
        return {key: opened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [opened(inner) for inner in value]
    return NOT_KNOWN if value == UNKNOWN else value


def seen(registered: list[Registered]) -> list[Resource]:
    """What a program registered, as policies see it."""
    components = {each.name: each for each in registered if each.type.startswith("ci-runners:")}

    def chain(each: Registered) -> list[str]:
        parent = components.get(each.parent)
        return [*(chain(parent) if parent else []), each.type]

    return [
        Resource(
            type=each.type,
            name=each.name,
            urn=f"urn:pulumi:stack::project::{'$'.join(chain(each))}::{each.name}",
            properties=opened(each.inputs),
            secret_outputs=each.additional_secret_outputs,
        )
        for each in registered
    ]


def defaults(policy: pulumi_policy.Policy) -> dict[str, Any]:
    """A policy's configuration where there is none: its schema's defaults, which the engine fills in."""
    schema = policy.config_schema
    return {name: said["default"] for name, said in schema.properties.items()} if schema else {}


def violations(program: Path) -> list[tuple[str, str]]:
    """What the pack says of a program's file: each policy's name and message."""

    def run() -> None:
        runpy.run_path(str(program), run_name="__main__")

    return said_of(run, preview=True)


def said_of(run: Callable[[], None], *, preview: bool) -> list[tuple[str, str]]:
    """What the pack says of a program."""
    return said_of_all(graph_of_gitlab().run(run, preview=preview))


def said_of_all(registered: list[Registered]) -> list[tuple[str, str]]:
    """What the pack says of a program's resources."""
    resources = seen(registered)
    return [
        (policy.name, message)
        for policy in map(PACK["pulumi_policy"], POLICIES)
        for message in messages(policy, resources)
    ]


def messages(policy: pulumi_policy.Policy, resources: list[Resource]) -> list[str]:
    """What one policy reports."""
    said: list[str] = []

    def report(message: str, _urn: str | None = None) -> None:
        said.append(message)

    config = defaults(policy)
    if isinstance(policy, pulumi_policy.StackValidationPolicy):
        stack = [as_stack_resource(each) for each in resources]
        policy.validate(pulumi_policy.StackValidationArgs(stack, config), report)
    elif isinstance(policy, pulumi_policy.ResourceValidationPolicy):
        for each in resources:
            policy.validate(as_args(each, config), report)
    return said


def options(each: Resource) -> pulumi_policy.PolicyResourceOptions:
    timeouts = pulumi_policy.PolicyCustomTimeouts(0, 0, 0)
    return pulumi_policy.PolicyResourceOptions(
        protect=False,
        ignore_changes=[],
        delete_before_replace=None,
        aliases=[],
        custom_timeouts=timeouts,
        additional_secret_outputs=list(each.secret_outputs),
        parent=None,
    )


def as_args(each: Resource, config: dict[str, Any]) -> pulumi_policy.ResourceValidationArgs:
    return pulumi_policy.ResourceValidationArgs(
        each.type, each.properties, each.urn, each.name, options(each), None, config
    )


def as_stack_resource(each: Resource) -> pulumi_policy.PolicyResource:
    return pulumi_policy.PolicyResource(
        each.type, each.properties, each.urn, each.name, options(each), None, None, [], {}
    )


def test_every_example_has_a_bad_twin() -> None:
    assert sorted(EXPECTED) == programs()


@pytest.mark.parametrize("preview", [False, True])
@pytest.mark.parametrize(
    ("example", "stack"), [(each.name, stack) for each in catalog() for stack in each.stacks]
)
def test_an_example_violates_no_mandatory_policy(example: str, stack: str, *, preview: bool) -> None:
    mandatory = {policy.name for policy in POLICIES if policy.level is Level.MANDATORY}

    found = said_of_all(registered(Program(name=example), stack, preview=preview))

    assert {name for name, _ in found} & mandatory == EXCEPTED.get(example, set())
    advised = [message for name, message in found if name == "cpu-limit"]
    assert [message for message in advised if not any(small in message for small in NO_CPU_ARGUMENT)] == []


@pytest.mark.parametrize("example", sorted(EXPECTED))
def test_its_bad_twin_violates_these_policies_with_these_words(example: str) -> None:
    found = violations(twin(example))

    said = {name: "\n".join(message for at, message in found if at == name) for name, _ in found}
    assert {name for name, words in EXPECTED[example].items() if words not in said.get(name, "")} == set()
    assert [secret for secret in SECRETS if secret in repr(found)] == []


@pytest.mark.parametrize("way", DaemonKind)
def test_a_station_with_every_default_lacks_nothing_but_limits(way: DaemonKind) -> None:
    cleanup: dict[str, Any] = {} if way is DaemonKind.KANIKO else {"cleanup": {}}
    accepted = {"dood": {"accept_host_root": True}, "preflight": False}
    configure({**GOOD, **accepted, **cleanup, "builder": way.value})

    found = {name for name, _ in said_of(program, preview=False)}

    assert found <= {"cpu-limit", "declared-exceptions", "memory-limit"}
    assert ("memory-limit" in found) == (way in {DaemonKind.DIND, DaemonKind.BUILDKIT})


def test_a_violation_says_how_to_mend_it() -> None:
    ((_, message),) = [each for each in violations(twin("dood-container")) if each[0] == "docker-socket"]

    assert "Fix: remove it" in message
    assert "Remediation: Remove the mount; a read-only one changes nothing." in message


def test_the_pack_tells_pulumi_each_policys_level_severity_and_cis_ids() -> None:
    told = {policy.name: PACK["pulumi_policy"](policy) for policy in POLICIES}

    assert told["docker-socket"].enforcement_level is pulumi_policy.EnforcementLevel.MANDATORY
    assert told["docker-socket"].severity is pulumi_policy.Severity.CRITICAL
    assert told["docker-socket"].tags == ["CIS 5.32"]
    assert told["docker-socket"].description.endswith("(CIS 5.32)")
    assert told["cpu-limit"].enforcement_level is pulumi_policy.EnforcementLevel.ADVISORY
    assert told["trust-zone"].config_schema.properties["zone"]["default"] == "one-team"


def test_an_unknown_value_is_looked_past_and_the_rest_is_not() -> None:
    unknown = pulumi_policy.proxy.UNKNOWN_STRING_VALUE
    given = pulumi_policy.proxy.unknown_checking_proxy(
        {"image": unknown, "envs": ["A=1", unknown], "volumes": [{"hostPath": unknown, "readOnly": True}]}
    )

    assert PACK["plain"](given) == {
        "image": NOT_KNOWN,
        "envs": ["A=1", NOT_KNOWN],
        "volumes": [{"hostPath": NOT_KNOWN, "readOnly": True}],
    }
