"""What a resource is to the people whose jobs run."""

from enum import Enum

from ci_runners.explain.preview import CONTAINER, VOLUME, Step

COMPONENT_LABEL = "ci-runners.component"
KIND_LABEL = "ci-runners.kind"


class Role(str, Enum):
    """What a container does."""

    DRAIN = "drain"
    """Pauses a runner at its forge, and lets its jobs end."""
    RUNNER = "runner"
    REGISTRAR = "registrar"
    DAEMON = "daemon"
    PROXY = "proxy"
    """Between jobs and the host's engine."""
    MIRROR = "mirror"
    CLEANUP = "cleanup"
    METRICS = "metrics"
    HELPER = "helper"
    """Does one thing when it is made, and ends."""
    OTHER = "container"


_ROLES = {
    "buildkit": Role.DAEMON,
    "cleanup": Role.CLEANUP,
    "dind": Role.DAEMON,
    "dood": Role.PROXY,
    "github-runner": Role.RUNNER,
    "gitlab-runner": Role.RUNNER,
    "metrics": Role.METRICS,
    "mirror": Role.MIRROR,
    "runner-drain": Role.DRAIN,
}
_NOT_ONCE_GONE = {
    "cache": "a build cache",
    "data": "what it has pulled",
    "jobs": "the jobs' own caches and working copies",
    "storage": "the daemon's images, containers and build cache",
}
"""By a volume's last word: what of it nothing makes again by itself."""
_MADE_AGAIN = {
    "config": "the runner's configuration, which is written again with the next runner",
    "credential": "the credential that registers runners, which is written again with the next registrar",
    "proxy-socket": "the proxy's socket",
    "registration": "a registration for one job",
    "state": "its component's own notes",
    "work": "a runner's working copies, which it empties itself",
}
CERTIFICATE_PARTS = {
    "ca": "the certificate authority and its key",
    "client": "the client's certificate and key",
    "server": "the server's certificate and key",
}
"""By a volume's last word: what of it the certificates are."""


def labels(step: Step) -> dict[str, str]:
    """The labels of something of the engine's, as they were; of a new one as they will be."""
    listed = (step.old or step.new).get("labels")
    pairs = listed if isinstance(listed, list) else []
    return {each["label"]: each["value"] for each in pairs if isinstance(each, dict) and "label" in each}


def component(step: Step) -> str:
    """The name of the component of ours that it belongs to. Empty: of none."""
    return labels(step).get(COMPONENT_LABEL, "")


def role(step: Step) -> Role | None:
    """What a container does; None for what is no container."""
    if step.type != CONTAINER:
        return None
    before = step.old or step.new
    # A container that need not run, and that Pulumi waits for, has ended when it is there.
    if before.get("mustRun") is False and before.get("attach") is True:
        return Role.HELPER
    if step.name.endswith("-registrar") and labels(step).get(KIND_LABEL) == "github-runner":
        return Role.REGISTRAR
    return _ROLES.get(labels(step).get(KIND_LABEL, ""), Role.OTHER)


def certificates(step: Step) -> str:
    """What a volume of ours holds of certificates. Empty: nothing."""
    return _held(step, CERTIFICATE_PARTS)


def made_again(step: Step) -> str:
    """What a volume of ours holds that is there again by itself. Empty: nothing."""
    return _held(step, _MADE_AGAIN)


def lost(step: Step) -> str:
    """What is lost with a volume."""
    return _held(step, _NOT_ONCE_GONE) or "all that is in it"


def _held(step: Step, known: dict[str, str]) -> str:
    if step.type != VOLUME or not component(step):
        return ""
    return next((held for part, held in known.items() if step.name.endswith(f"-{part}")), "")
