"""What rules a way out. A way that none of these rules speaks against fits: it can do what is needed, and may."""

from ci_runners.connection import DaemonKind
from ci_runners.recommend.needs import Isolation, Platform
from ci_runners.recommend.rule import (
    Reason,
    Rule,
    no_user_namespaces,
    nothing_privileged,
    on_kubernetes,
    several_teams,
    untrusted,
)
from ci_runners.recommend.sources import (
    DIND_DOCS,
    KANIKO_README,
    ROOTLESS_DOCS,
    RUNNER_SECURITY,
    SOCKET_BINDING,
    SOCKET_DOCS,
)

RULED_OUT = (
    Rule(
        way=DaemonKind.DIND,
        when=untrusted,
        reason=Reason(
            sentence="A job on a privileged daemon can become root on the host, so untrusted code must never run on one.",
            source=DIND_DOCS,
        ),
    ),
    Rule(
        way=DaemonKind.DIND,
        when=nothing_privileged,
        reason=Reason(
            sentence="docker:dind needs a privileged container, and none is allowed here.", source=DIND_DOCS
        ),
    ),
    Rule(
        way=DaemonKind.DIND,
        when=lambda needs: several_teams(needs) and needs.platform is not Platform.SEVERAL_HOSTS,
        reason=Reason(
            sentence="A job that becomes root on a host or node sees every team on it, so teams that must not see one"
            " another can have privileged daemons only on hosts of their own.",
            source=RUNNER_SECURITY,
        ),
    ),
    Rule(
        way=DaemonKind.DOOD,
        when=untrusted,
        reason=Reason(
            sentence="A job with the socket of the host's engine can mount the host's whole file system: every job is"
            " root on the host, and untrusted code must never be.",
            source=SOCKET_DOCS,
        ),
    ),
    Rule(
        way=DaemonKind.DOOD,
        when=nothing_privileged,
        reason=Reason(
            sentence="DooD needs no privileged container, but the engine's socket gives every job what one would give,"
            " root on the host: where the one is not allowed, neither is the other.",
            source=SOCKET_DOCS,
        ),
    ),
    Rule(
        way=DaemonKind.DOOD,
        when=several_teams,
        reason=Reason(
            sentence="The host's engine cannot be divided: a job with its socket controls every container, image and"
            " volume on the host, another team's too.",
            source=SOCKET_DOCS,
        ),
    ),
    Rule(
        way=DaemonKind.DOOD,
        when=lambda needs: needs.isolation is Isolation.PIPELINES,
        reason=Reason(
            sentence="All jobs use the host's one engine, so every pipeline sees the containers, images and volumes of"
            " all others.",
            source=SOCKET_BINDING,
        ),
    ),
    Rule(
        way=DaemonKind.DOOD,
        when=on_kubernetes,
        reason=Reason(
            sentence="A Kubernetes node need not have a Docker Engine, and since 1.24 the kubelet does not use one: there"
            " is no socket to count on.",
            source="Kubernetes docs, Dockershim Removal FAQ",
        ),
    ),
    Rule(
        way=DaemonKind.BUILDKIT,
        when=lambda needs: needs.docker_api,
        reason=Reason(
            sentence="buildkitd only builds: `docker run`, Compose and Testcontainers find no Docker API there."
        ),
    ),
    Rule(
        way=DaemonKind.BUILDKIT,
        when=no_user_namespaces,
        reason=Reason(
            sentence="Rootless buildkitd runs in a user namespace, and this host lets no ordinary user make one.",
            source=ROOTLESS_DOCS,
        ),
    ),
    Rule(
        way=DaemonKind.KANIKO,
        when=lambda needs: needs.docker_api,
        reason=Reason(
            sentence="Kaniko has no daemon: `docker run`, Compose and Testcontainers find no Docker API there.",
            source=KANIKO_README,
        ),
    ),
    Rule(
        way=DaemonKind.KANIKO,
        when=lambda needs: needs.buildkit_features,
        reason=Reason(
            sentence="Kaniko's cache mounts end with the job's container, and every step of a build can get at the"
            " secrets that one of them mounts.",
            source=f"{KANIKO_README}, and pull request 245",
        ),
    ),
)
