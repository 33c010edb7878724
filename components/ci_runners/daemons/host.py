"""`HostDaemon`: the host's own engine through its socket (docker outside of docker).

Trust boundary: none. Whoever can run a job is root on the host: a job starts a container that mounts /. A read-only
mount of the socket changes nothing, since what is written to a socket is no write to the file system. With
`socket_proxy` a job reaches a filter instead, which lets it build, push, pull and tag and start nothing. That stops
the direct way, not the others: a build may use the host's network, and may replace, under its own name, any image that
the host or this package starts next.
"""

from typing import NotRequired, TypedDict, cast

import pulumi
import pulumi_docker as docker

from ci_runners.connection import SOCKET
from ci_runners.connections import PROXY_FOLDER, host_connection
from ci_runners.daemons.engine_socket import socket_group
from ci_runners.daemons.jobs_volume import jobs_volume
from ci_runners.recommend.needs import Trust
from ci_runners.render.host import HostSpec, host_problems
from ci_runners.render.socket_proxy import PROXY_USER, proxy_ready_test, proxy_script
from ci_runners.resources import after, label_pairs, memory_folder, standing
from ci_runners.specs import spec_from_args
from ci_runners.validate import Rules

READY_SECONDS = 60
"""Seconds until the engine must answer through the proxy."""
PROXY_MEMORY = 128
"""MiB for the proxy. It hands a build's context on without keeping it."""
STOP_SECONDS = 10
"""Seconds that the proxy's last requests get when it is stopped. The runner drained before."""


class HostDaemonArgs(TypedDict):
    """Arguments of `HostDaemon`. All are plain values: they are checked before anything is created."""

    accept_host_root: bool
    """Must be true, with `socket_proxy` too: whoever can run a job can become root on this host."""
    trust_zone: NotRequired[Trust]
    """Whose code the jobs run. Of the zones only one-team trusts its jobs with the host; every other is refused,
    whatever is accepted. Defaults to one-team, which is what `accept_host_root` says."""
    socket: NotRequired[str]
    """Path of the engine's socket on its own host. Defaults to /var/run/docker.sock."""
    tags: NotRequired[list[str]]
    """Runner tags that lead a job to this engine. Defaults to `dood`."""
    labels: NotRequired[dict[str, str]]
    """Labels on every child. A change leaves the volumes alone. Defaults to none."""
    socket_proxy: NotRequired[bool]
    """Whether jobs reach the engine through a proxy that lets them build, push, pull, tag and look at images, and
    refuses the rest with 403. The runner keeps the engine's own socket. Defaults to false."""
    proxy_image: NotRequired[str]
    """Image of that proxy, Caddy with a shell and curl, with a fixed tag or digest. Defaults to
    caddy:2.11.4-alpine."""


class HostDaemon(pulumi.ComponentResource):
    """The host's own engine (DooD): its socket's group, and one path for jobs' files or a proxy before the socket."""

    connection: pulumi.Output[str]
    """How runners and jobs reach the engine. Where there is a proxy, what uses it waits until the engine answers
    through it."""
    socket_group: pulumi.Output[str]
    """Id of the group that the socket lets in, as read on the engine's host when this was first made."""
    jobs_volume: pulumi.Output[str]
    """Name of the volume with the jobs' caches and, but for `socket_proxy`, their working copies."""
    jobs_dir: pulumi.Output[str]
    """Path of that volume on the host and, but for `socket_proxy`, in jobs."""

    def __init__(self, name: str, args: HostDaemonArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        rules = Rules(component=f"HostDaemon {name!r}")
        plain = cast(dict[str, object], args)
        spec = spec_from_args(HostSpec, plain, rules, lambda spec: host_problems(name, spec))
        super().__init__("ci-runners:index:HostDaemon", name, {}, opts)
        labels = label_pairs("dood", name, spec.labels)

        self.socket_group = socket_group(self, name, labels, socket=spec.socket)
        jobs = jobs_volume(self, name, labels)
        self.jobs_volume, self.jobs_dir = jobs.name, jobs.mountpoint
        if spec.socket_proxy:
            volume = memory_folder(self, f"{name}-proxy-socket", labels, user=PROXY_USER, mode="0755")
            proxy = self._proxy(name, spec, labels, volume)
            self.connection = after(self._connection(spec, volume), proxy)
        else:
            self.connection = self._connection(spec, None)
        self.register_outputs(
            {
                "connection": self.connection,
                "socket_group": self.socket_group,
                "jobs_volume": self.jobs_volume,
                "jobs_dir": self.jobs_dir,
            }
        )

    def _connection(self, spec: HostSpec, socket_volume: docker.Volume | None) -> pulumi.Output[str]:
        proxied = socket_volume.name if socket_volume else ""
        known = pulumi.Output.all(self.socket_group, self.jobs_volume, self.jobs_dir, proxied)
        return known.apply(
            lambda known: host_connection(
                socket=spec.socket,
                group=known[0],
                jobs_volume=known[1],
                jobs_dir=known[2],
                proxy_volume=known[3],
                tags=spec.tags,
            ).dump()
        )

    def _proxy(
        self, name: str, spec: HostSpec, labels: list[tuple[str, str]], volume: docker.Volume
    ) -> docker.Container:
        """The proxy: nobody, without a network, and with nothing to write to but the folder of its socket.

        It is allowed one capability, which it does not get: the image's program has it in its file, and the kernel
        starts no such program where it is forbidden.
        """
        return docker.Container(
            f"{name}-proxy",
            name=f"{name}-proxy",
            image=spec.proxy_image,
            entrypoints=["/bin/sh"],
            command=["-c", proxy_script()],
            user=f"{PROXY_USER}:{PROXY_USER}",
            group_adds=[self.socket_group],
            network_mode="none",
            read_only=True,
            # Where the image has Caddy keep certificates, of which there are none.
            tmpfs={"/data/caddy": "size=1m,mode=1777"},
            volumes=[
                docker.ContainerVolumeArgs(host_path=spec.socket, container_path=SOCKET),
                docker.ContainerVolumeArgs(volume_name=volume.name, container_path=PROXY_FOLDER),
            ],
            capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"], adds=["CAP_NET_BIND_SERVICE"]),
            security_opts=["no-new-privileges:true"],
            healthcheck=docker.ContainerHealthcheckArgs(
                tests=proxy_ready_test(), interval="5s", timeout="5s", start_period="5s", retries=12
            ),
            wait=True,
            wait_timeout=READY_SECONDS,
            **standing(self, labels, stop_seconds=STOP_SECONDS, memory=PROXY_MEMORY),
        )
