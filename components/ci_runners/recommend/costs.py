"""What a way costs, once it is taken: the costs of this team first, then those that everybody pays."""

from ci_runners.connection import DaemonKind
from ci_runners.recommend.needs import Platform, UserNamespaces
from ci_runners.recommend.rule import (
    Reason,
    Rule,
    always,
    kept_apart,
    on_kubernetes,
    several_teams,
    untrusted,
)
from ci_runners.recommend.sources import DIND_DOCS, KANIKO_README, POD_SECURITY, ROOTLESS_DOCS, SOCKET_DOCS

COSTS = (
    Rule(
        way=DaemonKind.DOOD,
        when=always,
        reason=Reason(
            sentence="Every job is root on the host, and every container, port and volume that it makes is one of the"
            " host's.",
            source=SOCKET_DOCS,
        ),
    ),
    Rule(
        way=DaemonKind.DOOD,
        when=always,
        reason=Reason(
            sentence="The cache lies among the host's own images, so cleaning up takes care not to hit what else runs"
            " there."
        ),
    ),
    Rule(
        way=DaemonKind.DOOD,
        when=lambda needs: needs.platform is Platform.SEVERAL_HOSTS,
        reason=Reason(
            sentence="Each host has a cache of its own: a job that lands on another one builds cold."
        ),
    ),
    Rule(
        way=DaemonKind.DIND,
        when=several_teams,
        reason=Reason(
            sentence="Each team needs a host of its own, with its own daemon and runner on it.",
            source=DIND_DOCS,
        ),
    ),
    Rule(
        way=DaemonKind.DIND,
        when=kept_apart,
        reason=Reason(
            sentence="One daemon keeps nobody apart: whoever runs a job on it can read and change every image and cache"
            " in it. What must not see one another needs a daemon each, and each fills a cache of its own."
        ),
    ),
    Rule(
        way=DaemonKind.DIND,
        when=on_kubernetes,
        reason=Reason(
            sentence="Its namespace must admit privileged pods; keep nodes of their own for them.",
            source=POD_SECURITY,
        ),
    ),
    Rule(
        way=DaemonKind.DIND,
        when=always,
        reason=Reason(
            sentence="The daemon's container is privileged, and a job that means to can become root on the host.",
            source=DIND_DOCS,
        ),
    ),
    Rule(
        way=DaemonKind.DIND,
        when=always,
        reason=Reason(
            sentence="A second engine takes its own memory, and pulls and keeps its own copy of every image."
        ),
    ),
    Rule(
        way=DaemonKind.BUILDKIT,
        when=lambda needs: needs.user_namespaces is UserNamespaces.UNKNOWN,
        reason=Reason(
            sentence="Nobody has looked yet whether the host has user namespaces; without them buildkitd does not start.",
            source=ROOTLESS_DOCS,
        ),
    ),
    Rule(
        way=DaemonKind.BUILDKIT,
        when=untrusted,
        reason=Reason(
            sentence="Between a build's steps and the host's kernel are namespaces and BuildKit's own filter on system calls;"
            " the daemon around them has no filter. Where that is not enough, run these jobs on machines that are thrown"
            " away."
        ),
    ),
    Rule(
        way=DaemonKind.BUILDKIT,
        when=kept_apart,
        reason=Reason(
            sentence="All builds of one buildkitd share its cache and cache mounts. What must not see one another needs"
            " a buildkitd each, and each fills a cache of its own.",
            source="moby/buildkit, issue 2838",
        ),
    ),
    Rule(
        way=DaemonKind.BUILDKIT,
        when=on_kubernetes,
        reason=Reason(
            sentence="Its pod switches seccomp and AppArmor off, which a namespace with the Baseline standard does not"
            " admit.",
            source=POD_SECURITY,
        ),
    ),
    Rule(
        way=DaemonKind.BUILDKIT,
        when=always,
        reason=Reason(
            sentence="Its container runs without seccomp and AppArmor profiles: a build's steps have BuildKit's own filter on"
            " system calls, the daemon has none, and reaches more of the kernel than another unprivileged container.",
            source=ROOTLESS_DOCS,
        ),
    ),
    Rule(
        way=DaemonKind.BUILDKIT,
        when=always,
        reason=Reason(
            sentence="Jobs build with buildctl; `docker build` and `docker run` are not to be had.",
            source="GitLab docs, Build Docker images with BuildKit",
        ),
    ),
    Rule(
        way=DaemonKind.KANIKO,
        when=untrusted,
        reason=Reason(
            sentence="Kaniko adds no wall of its own: the job's container is the only one. Where that is not enough, run"
            " these jobs on machines that are thrown away.",
            source=f"{KANIKO_README}, Security",
        ),
    ),
    Rule(
        way=DaemonKind.KANIKO,
        when=kept_apart,
        reason=Reason(
            sentence="Whoever may write to a cache repository can change what others build from it: what must not see"
            " one another needs one each."
        ),
    ),
    Rule(
        way=DaemonKind.KANIKO,
        when=always,
        reason=Reason(
            sentence="Every job unpacks the base image again and reads the whole file system after each step; cached"
            " layers come over the network, from a registry.",
            source=KANIKO_README,
        ),
    ),
    Rule(
        way=DaemonKind.KANIKO,
        when=always,
        reason=Reason(
            sentence="Google archived Kaniko in June 2025 and GitLab took its page down; what is maintained is a fork,"
            " osscontainertools/kaniko.",
            source="GitLab docs, Use kaniko to build Docker images (removed)",
        ),
    ),
)
