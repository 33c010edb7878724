"""What gains a privilege: containers, and what the forge lets jobs and people do."""

from collections.abc import Iterator, Mapping
from typing import Any

from ci_runners.connection import SOCKET, DaemonKind
from ci_runners.explain.finding import Finding, Severity, Topic
from ci_runners.explain.grants import Grant, grants
from ci_runners.explain.parts import KIND_LABEL, Role, component, labels, role
from ci_runners.explain.preview import CONTAINER, UNKNOWN, Op, Preview, Step, holds
from ci_runners.explain.words import listed

FIELDS = ("capabilities", "devices", "mounts", "privileged", "securityOpts", "volumes")
"""What grants follow from, and a preview may not know yet."""
PRIVILEGED, SOCKET_RULE = "5.5", "5.32"
SOCKET_LOOKER = "-socket-group"
"""How the container that looks at the engine's socket for a runner is called, after its daemon's name."""
HOST_DAEMON = "ci-runners:index:HostDaemon"
_SAFE_TO_OPEN: Mapping[tuple[str, str], tuple[tuple[Any, ...], str]] = {
    ("gitlab:index/userRunner:UserRunner", "accessLevel"): (
        ("ref_protected", "not_protected"),
        "the runner takes jobs of branches that are not protected",
    ),
    ("gitlab:index/userRunner:UserRunner", "locked"): ((True, False), "other projects may take the runner"),
    ("gitlab:index/userRunner:UserRunner", "untagged"): (
        (False, True),
        "the runner takes jobs without a tag",
    ),
    ("gitlab:index/branchProtection:BranchProtection", "allowForcePush"): (
        (False, True),
        "the branch's history may be rewritten",
    ),
    ("gitlab:index/branchProtection:BranchProtection", "pushAccessLevel"): (
        ("no one", "admin", "maintainer", "developer"),
        "more people may push to the branch",
    ),
    ("gitlab:index/branchProtection:BranchProtection", "mergeAccessLevel"): (
        ("no one", "admin", "maintainer", "developer"),
        "more people may merge into the branch",
    ),
    ("gitlab:index/projectVariable:ProjectVariable", "masked"): (
        (True, False),
        "job logs may show the variable",
    ),
    ("gitlab:index/projectVariable:ProjectVariable", "protected"): (
        (True, False),
        "jobs of branches that are not protected get the variable",
    ),
    ("gitlab:index/projectJobTokenScopes:ProjectJobTokenScopes", "enabled"): (
        (True, False),
        "jobs of every project may get in with their token",
    ),
    ("github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions", "allowedActions"): (
        ("local_only", "selected", "all"),
        "workflows may use more actions of others",
    ),
    ("github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions", "shaPinningRequired"): (
        (True, False),
        "actions may be named by a tag, which moves",
    ),
    (
        "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions",
        "defaultWorkflowPermissions",
    ): (("read", "write"), "every job's token may write to the repository"),
    (
        "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions",
        "canApprovePullRequestReviews",
    ): ((False, True), "workflows may approve pull requests"),
    ("github:index/actionsRunnerGroup:ActionsRunnerGroup", "allowsPublicRepositories"): (
        (False, True),
        "jobs of public repositories, and of their forks, may run here",
    ),
    ("github:index/actionsRunnerGroup:ActionsRunnerGroup", "restrictedToWorkflows"): (
        (True, False),
        "every workflow may run here",
    ),
    ("github:index/actionsRunnerGroup:ActionsRunnerGroup", "visibility"): (
        ("selected", "private", "all"),
        "more repositories may run jobs here",
    ),
}
"""By type and field: its values from the safe to the open one, and what the open one means."""


def privilege_findings(preview: Preview) -> Iterator[Finding]:
    """Everything that gains, and what gives up, a privilege."""
    for step in preview.steps:
        if step.type == CONTAINER and step.op is not Op.DELETE:
            yield from _container(step, preview)
        elif step.op in {Op.UPDATE, Op.REPLACE}:
            yield from _forge(step)
    yield from _jobs(preview)


def _container(step: Step, preview: Preview) -> Iterator[Finding]:
    later = {field for field in FIELDS if holds(step.new.get(field), UNKNOWN)}
    before, after = grants(step.old) if step.old else set(), grants(step.new)
    if "volumes" in later and role(step) is Role.RUNNER and _will_have_socket(step, preview):
        after |= grants({"volumes": [{"hostPath": SOCKET}]}) - grants({})
    # A volume that is known later is not given up.
    kept = before - grants({key: value for key, value in step.old.items() if key not in later})
    was_privileged, is_privileged = (any(each.cis == PRIVILEGED for each in some) for some in (before, after))
    gained = {
        grant
        for grant in after - before
        if not (was_privileged and grant.implied) and (step.old or not grant.usual)
    }
    for grant in sorted(gained, key=_order):
        yield _gain(step, grant, preview)
    given_up = [each.words for each in before - after - kept if not (is_privileged and each.implied)]
    if given_up:
        yield _finding(step, f"It gives up {listed(sorted(given_up))}.", Severity.CALM, "")


def _gain(step: Step, grant: Grant, preview: Preview) -> Finding:
    if role(step) is Role.HELPER:
        return _finding(
            step, f"For the moment in which it runs it gets {grant.words}.", Severity.CALM, grant.cis
        )
    asks = grant.cis in {PRIVILEGED, SOCKET_RULE}
    consent = _consent(preview, labels(step).get(KIND_LABEL, ""), component(step)) if asks else ""
    return _finding(step, f"It gets {grant.words}.{consent}", Severity.GAINS, grant.cis)


def _will_have_socket(step: Step, preview: Preview) -> bool:
    """Whether a runner is about to be wired to an engine whose socket is just being looked at.

    GitLab's always holds it then, to start jobs. GitHub's is a job itself: it does with DooD and without a proxy.
    """
    comes = [each for each in preview.steps if each.urn in step.uses and each.comes]
    looked = [each for each in comes if role(each) is Role.HELPER and each.name.endswith(SOCKET_LOOKER)]
    if labels(step).get(KIND_LABEL) == "gitlab-runner":
        return bool(looked)
    direct = any(labels(each).get(KIND_LABEL) == DaemonKind.DOOD.value for each in looked)
    return direct and not any(role(each) is Role.PROXY for each in comes)


def _consent(preview: Preview, kind: str, daemon: str) -> str:
    """What the settings say of a daemon's way; of several stations, its own does: it is named `<station>-<way>`."""
    ways = (f"{kind}.", f"{daemon.removesuffix(f'-{kind}')}.{kind}.")
    words = [each for each in preview.consents if each.startswith(ways)]
    return f" The settings accept it: {listed(words)}." if words else ""


def _forge(step: Step) -> Iterator[Finding]:
    for field in sorted({*step.changed}):
        values, words = _SAFE_TO_OPEN.get((step.type, field), ((), ""))
        old, new = step.old.get(field), step.new.get(field)
        if old in values and new in values and values.index(new) > values.index(old):
            yield _finding(step, f"From now on {words}.", Severity.GAINS, "")


def _jobs(preview: Preview) -> Iterator[Finding]:
    """What jobs get of the host's engine. That is in the runner's file, whose text is a secret; so by the components."""
    removed = {step.own_name for step in preview.steps if step.type == HOST_DAEMON and step.op is Op.DELETE}
    proxies = {
        component(step): step for step in preview.steps if role(step) is Role.PROXY and component(step)
    }
    for step in preview.steps:
        name = step.own_name
        if step.type == HOST_DAEMON and step.op is Op.CREATE:
            way = "through a proxy" if name in proxies else "by its own socket"
            sentence = (
                f"Every job reaches the host's engine {way}: who may run a job can become root on the host."
            )
            consent = _consent(preview, DaemonKind.DOOD.value, name)
            yield _finding(step, sentence + consent, Severity.GAINS, "5.32")
    for name, step in proxies.items():
        if step.op is Op.DELETE and name not in removed:
            sentence = (
                "Jobs lose the proxy, and get the engine's own socket: who may run one is root on the host."
            )
            consent = _consent(preview, DaemonKind.DOOD.value, name)
            yield _finding(step, sentence + consent, Severity.GAINS, "5.32")


def _order(grant: Grant) -> tuple[float, str]:
    """The benchmark's order: 5.5 before 5.32 is how it counts."""
    section, _, rule = (grant.cis or "9.9").partition(".")
    return int(section) * 100 + int(rule), grant.words


def _finding(step: Step, sentence: str, severity: Severity, cis: str) -> Finding:
    return Finding(
        topic=Topic.PRIVILEGES,
        resource=step.name,
        urn=step.urn,
        sentence=sentence,
        severity=severity,
        cis=cis,
    )
