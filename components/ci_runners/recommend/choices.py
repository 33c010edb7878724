"""Which of the ways that fit is taken, what speaks for it, and why the others that fit are not taken."""

from ci_runners.connection import DaemonKind
from ci_runners.recommend.needs import TeamSize
from ci_runners.recommend.rule import (
    Reason,
    Rule,
    WorseFit,
    always,
    nothing_privileged,
    on_kubernetes,
    untrusted,
)
from ci_runners.recommend.sources import KANIKO_README, POD_SECURITY, ROOTLESS_DOCS, SOCKET_BINDING

CHOICES = (
    Rule(
        way=DaemonKind.DOOD,
        when=lambda needs: needs.team_size is TeamSize.SMALL,
        reason=Reason(
            sentence="A small team that may be root on its host needs no second engine: its jobs use the host's, with"
            " its cache and the usual docker commands."
        ),
    ),
    Rule(
        way=DaemonKind.DIND,
        when=lambda needs: not on_kubernetes(needs),
        reason=Reason(
            sentence="Jobs get an engine apart from the host's, with the usual docker commands, and what must not see"
            " one another gets one each."
        ),
    ),
    Rule(
        way=DaemonKind.KANIKO,
        when=untrusted,
        reason=Reason(
            sentence="An untrusted build stays in its job's own unprivileged container, under the runtime's default"
            " seccomp and AppArmor profiles, and shares no daemon with another build.",
            source=f"{KANIKO_README}, Comparison with Other Tools",
        ),
    ),
    Rule(
        way=DaemonKind.BUILDKIT,
        when=always,
        reason=Reason(
            sentence="buildkitd and every step of a build run as ordinary users of the host, and builds still have"
            " BuildKit's cache and features.",
            source=ROOTLESS_DOCS,
        ),
    ),
    Rule(
        way=DaemonKind.KANIKO,
        when=always,
        reason=Reason(
            sentence="Kaniko asks nothing of the host: no daemon, no privileged container, no user namespaces.",
            source=KANIKO_README,
        ),
    ),
    Rule(
        way=DaemonKind.DIND,
        when=always,
        reason=Reason(
            sentence="In this cluster only a Docker Engine in a privileged pod can do what the jobs and Dockerfiles need."
        ),
    ),
)
"""Of the rows whose way fits, the first whose predicate holds is taken."""

_NOTHING_PRIVILEGED = Reason(
    sentence="Nothing may be privileged here, and this way needs neither a privileged container nor an engine's socket."
)
REASONS = (
    Rule(
        way=DaemonKind.DIND,
        when=lambda needs: needs.docker_api,
        reason=Reason(
            sentence="Jobs need a Docker Engine to talk to, and this is one that is not the host's."
        ),
    ),
    Rule(
        way=DaemonKind.BUILDKIT,
        when=lambda needs: needs.buildkit_features,
        reason=Reason(
            sentence="Cache mounts outlive a build, and a secret is mounted only in the step that asks for it.",
            source="Docker docs, Dockerfile reference",
        ),
    ),
    Rule(way=DaemonKind.BUILDKIT, when=nothing_privileged, reason=_NOTHING_PRIVILEGED),
    Rule(way=DaemonKind.KANIKO, when=nothing_privileged, reason=_NOTHING_PRIVILEGED),
)
"""What else speaks for a way, once it is taken."""

_SLOWER = Reason(
    sentence="Kaniko is slower: every job unpacks the base image again, and reads the whole file system after each step.",
    source=KANIKO_README,
)
_LESS_PRIVILEGE = Reason(
    sentence="It asks for less privilege, but jobs would build with buildctl instead of docker; to get it, answer that"
    " nothing may be privileged."
)
_ROOT_ON_NODE = Reason(
    sentence="A privileged pod can become root on its node, which other pods share, and these jobs can do without.",
    source=POD_SECURITY,
)
WORSE_FITS = (
    WorseFit(
        chosen=DaemonKind.DOOD,
        way=DaemonKind.DIND,
        reason=Reason(
            sentence="A second engine costs memory and disk and protects nothing here: from its privileged container a"
            " job can become root on the host as well."
        ),
    ),
    WorseFit(chosen=DaemonKind.DOOD, way=DaemonKind.BUILDKIT, reason=_LESS_PRIVILEGE),
    WorseFit(chosen=DaemonKind.DOOD, way=DaemonKind.KANIKO, reason=_SLOWER),
    WorseFit(
        chosen=DaemonKind.DIND,
        way=DaemonKind.DOOD,
        reason=Reason(
            sentence="The jobs of many people would meet on one engine, where container names and ports collide and one"
            " job's prune takes another's cache.",
            source=SOCKET_BINDING,
        ),
    ),
    WorseFit(chosen=DaemonKind.DIND, way=DaemonKind.BUILDKIT, reason=_LESS_PRIVILEGE),
    WorseFit(chosen=DaemonKind.DIND, way=DaemonKind.KANIKO, reason=_SLOWER),
    WorseFit(chosen=DaemonKind.BUILDKIT, way=DaemonKind.DIND, reason=_ROOT_ON_NODE),
    WorseFit(chosen=DaemonKind.BUILDKIT, way=DaemonKind.KANIKO, reason=_SLOWER),
    WorseFit(chosen=DaemonKind.KANIKO, way=DaemonKind.DIND, reason=_ROOT_ON_NODE),
    WorseFit(
        chosen=DaemonKind.KANIKO,
        way=DaemonKind.BUILDKIT,
        reason=Reason(
            sentence="buildkitd outlives the job, with a cache that all its builds share, and its container runs without"
            " seccomp and AppArmor profiles.",
            source=ROOTLESS_DOCS,
        ),
    ),
)
