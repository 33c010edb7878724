"""What only all resources together tell: who may use what makes a job root, and what a stack accepts."""

from collections.abc import Iterator, Sequence

from ci_runners.policy.containers import SOCKET_HOLDERS, findings
from ci_runners.policy.declared import EXCEPTIONS
from ci_runners.policy.resource import RUNNER_GROUP, USER_RUNNER, Resource
from ci_runners.problems import Problem
from ci_runners.validate import Rules

PROTECTED = "ref_protected"


def protected_refs(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Problem]]:
    """Runners that take anybody's jobs, in a stack where a job can become root on the host."""
    root = [resource.name for resource in resources if _makes_root(resource)]
    if not root:
        return
    why = f"a job on {root[0]!r} can become root on its host"
    for resource in resources:
        rules = Rules(component=resource.component)
        if resource.type == USER_RUNNER and resource.text("accessLevel") != PROTECTED:
            given = resource.text("accessLevel") or None
            fix = f"set it to {PROTECTED}, and protect the branches whose jobs it may take"
            yield resource, rules.problem("accessLevel", given, f"{PROTECTED}: {why}", fix)
        if resource.type == RUNNER_GROUP and resource.flag("allowsPublicRepositories"):
            expected = f"false: {why}, and everybody may open a pull request in a public repository"
            yield resource, rules.problem("allowsPublicRepositories", True, expected, "remove it")  # noqa: FBT003


def declared_exceptions(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Problem]]:
    """Every declared exception that is in use."""
    for resource in resources:
        for policy, owners in EXCEPTIONS.items():
            if resource.owner in owners and any(findings(policy, resource)):
                expected = f"this declared exception of {resource.owner}: {owners[resource.owner]}"
                rules = Rules(component=resource.component)
                yield resource, rules.problem(policy, "accepted", expected, "none is needed")


def _makes_root(resource: Resource) -> bool:
    """Whether jobs get root by it: a privileged daemon, or the host's engine, which other owners keep from jobs."""
    return any(findings("privileged", resource)) or (
        resource.owner not in SOCKET_HOLDERS and any(findings("docker-socket", resource))
    )
