"""What the host's own engine is reached with: plain values, checked before anything is created."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ci_runners.connection import SOCKET, DaemonKind
from ci_runners.images import CADDY
from ci_runners.problems import Problem
from ci_runners.recommend.needs import Trust
from ci_runners.render.shared_rules import label_problems, socket_problems, tag_problems
from ci_runners.render.trust import trust_problems
from ci_runners.validate import Rules


@dataclass(frozen=True, kw_only=True)
class HostSpec:
    """Everything about the host's engine that is known before it is reached."""

    accept_host_root: bool = False
    trust_zone: Trust = Trust.ONE_TEAM
    socket: str = SOCKET
    tags: tuple[str, ...] = ("dood",)
    labels: dict[str, str] = field(default_factory=dict)
    socket_proxy: bool = False
    proxy_image: str = CADDY


def host_problems(name: str, spec: HostSpec) -> list[Problem]:
    """Everything that is wrong with the arguments of the host's engine."""
    rules = Rules(component=f"HostDaemon {name!r}")
    return [
        *rules.docker_name("name", name),
        *_consent(spec, rules),
        *trust_problems(rules, DaemonKind.DOOD, spec.trust_zone),
        *socket_problems(rules, spec.socket),
        *rules.image("proxy_image", spec.proxy_image),
        *tag_problems(rules, spec.tags),
        *label_problems(rules, spec.labels),
    ]


def _consent(spec: HostSpec, rules: Rules) -> Iterator[Problem]:
    if not spec.accept_host_root:
        yield rules.problem(
            "accept_host_root",
            spec.accept_host_root,
            "True: whoever can run a job can start a container that mounts / and is root on this host; a read-only"
            " mount of the socket changes nothing, and behind a socket proxy a job can still replace any image that"
            " the host starts",
            "set it to true if every job is trusted with the host, or else build with buildkit or kaniko",
        )
