"""`Kaniko`: no daemon. A job's own image builds, in an unprivileged container of the host's engine.

Trust boundary: a Dockerfile's commands run as root in the job's container, with eight capabilities, no way to gain
others, and without the engine's socket. They can read what the job can read, its registry's password among it. The
runner's own container holds the socket: who controls that container is root on the host.
"""

from typing import NotRequired, TypedDict, cast

import pulumi

from ci_runners.connections import kaniko_connection
from ci_runners.daemons.engine_socket import socket_group
from ci_runners.daemons.jobs_volume import jobs_volume
from ci_runners.render.kaniko import KanikoSpec, SnapshotMode, flags, kaniko_problems
from ci_runners.resources import label_pairs
from ci_runners.specs import spec_from_args
from ci_runners.validate import Rules


class KanikoArgs(TypedDict):
    """Arguments of `Kaniko`. All are plain values: they are checked before anything is created."""

    image: NotRequired[str]
    """Image that builds, with a shell and a fixed tag or digest. Defaults to `images.KANIKO`."""
    socket: NotRequired[str]
    """Path of the Docker Engine's socket on its host, for the runner. Defaults to /var/run/docker.sock."""
    registry_mirrors: NotRequired[list[str]]
    """Hosts or URLs of pull-through mirrors of Docker Hub; http:// means plain HTTP. Docker Hub itself is asked where
    they fail. Defaults to none."""
    insecure_registries: NotRequired[list[str]]
    """`host[:port]` of registries without TLS, or with a certificate that nobody vouches for. Defaults to none."""
    cache_repository: NotRequired[str]
    """Registry and path for the layer cache of pipelines that name none. Whoever may push to it decides what is in the
    images built with it. Defaults to the image's own repository with `/cache` after it."""
    cache_ttl: NotRequired[str]
    """Age at which a cached layer is built anew, hours or minutes. Defaults to 168h."""
    snapshot_mode: NotRequired[SnapshotMode]
    """How changed files are found. Defaults to full, by their content."""
    compressed_caching: NotRequired[bool]
    """Whether layers are compressed in memory for the cache: quicker, but a large layer may not fit. Defaults to
    false."""
    tags: NotRequired[list[str]]
    """Runner tags that lead a job here. Defaults to `kaniko`."""
    labels: NotRequired[dict[str, str]]
    """Labels on every child. Defaults to none."""


class Kaniko(pulumi.ComponentResource):
    """Kaniko in every job: a builder's image, its flags, and the few capabilities that it needs; nothing that stays."""

    connection: pulumi.Output[str]
    """How a runner reaches the host's engine, and how its jobs build there."""
    socket_group: pulumi.Output[str]
    """Group id that the engine's socket lets in, which the runner joins."""

    def __init__(self, name: str, args: KanikoArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        rules = Rules(component=f"Kaniko {name!r}")
        plain = cast(dict[str, object], args)
        spec = spec_from_args(KanikoSpec, plain, rules, lambda spec: kaniko_problems(name, spec))
        super().__init__("ci-runners:index:Kaniko", name, {}, opts)
        labels = label_pairs("kaniko", name, spec.labels)

        self.socket_group = socket_group(self, name, labels, socket=spec.socket)
        jobs = jobs_volume(self, name, labels)
        self.connection = pulumi.Output.all(self.socket_group, jobs.mountpoint).apply(
            lambda known: kaniko_connection(
                image=spec.image,
                socket=spec.socket,
                group=known[0],
                cache_dir=known[1],
                environment={"KANIKO_FLAGS": " ".join(flags(spec))},
                tags=spec.tags,
            ).dump()
        )
        self.register_outputs({"connection": self.connection, "socket_group": self.socket_group})
