"""DinD in three forms: with its storage volume, without one, and with a mirror."""

import contextlib
import dataclasses
import time
from collections.abc import Iterator
from typing import ClassVar

from docker.errors import NotFound
from docker.models.containers import Container

from bench.builds import engine
from bench.builds.client import FOLDER, Client, ClientSpec, CommandFailed, shim
from bench.builds.processes import Use, Watch
from bench.builds.rows import Mode
from bench.builds.stack import DIND, DIND_MIRROR, MIRROR, NAME
from bench.builds.ways import WITH_MOUNT, Running, Way
from ci_runners.connection import CERTIFICATES, CLIENT_CERTIFICATES, DaemonKind
from ci_runners.connections import client_environment
from ci_runners.images import DOCKER_DIND
from ci_runners.render.certificates import AUTHORITY, SCRIPT, subject_names
from ci_runners.render.daemon_json import DaemonJson, render_daemon_json

READY_S = 60
STATE = "/var/lib/docker"


class Dind(Way):
    """A DinD daemon with its storage volume, reached as its runner reaches it: from outside, over TLS."""

    name = "dind"
    kind = DaemonKind.DIND
    daemon = DIND
    state = STATE
    version = "docker version --format 'dockerd {{.Server.Version}}'"
    clearing = (
        "docker image ls -aq | sort -u | xargs -r docker image rm -f >/dev/null"
        " && docker builder prune -af --filter type=regular >/dev/null"
    )
    modes: ClassVar[tuple[Mode, ...]] = WITH_MOUNT

    def client_spec(self) -> ClientSpec:
        """What the runner has: the client's certificate from its volume, in the daemon's network."""
        to = self.connection
        certificates = [f"{volume}:{path}:ro" for volume, path in to.runner_volumes.items()]
        return ClientSpec(
            image=to.job_image,
            environment=client_environment(self.daemon),
            volumes=(*certificates, f"{self.folder}:{FOLDER}"),
            network=to.network,
        )


class DindMirror(Dind):
    """The same with a mirror, whose work is this way's too."""

    name = "dind-mirror"
    daemon = DIND_MIRROR
    modes = (Mode.COLD, Mode.WARM, Mode.CHANGED)
    mirrored = True

    def builders(self) -> list[int]:
        """The daemon and the mirror."""
        return [*super().builders(), shim(self.machine.engine.containers.get(MIRROR))]


class StartedDind(Dind):
    """A DinD daemon that the bench starts itself, like a job's service, on the image's own terms and keys."""

    certificates: ClassVar[tuple[str, ...]] = ("ca", "client")
    """The folders of the certificates that lie on volumes."""

    def connected_to(self) -> str:
        """Its network is the component's daemon's."""
        return DIND

    def client_spec(self) -> ClientSpec:
        """The same, with a certificate of this daemon's own authority."""
        volumes = (f"{self.daemon}-client:{CLIENT_CERTIFICATES}:ro", f"{self.folder}:{FOLDER}")
        return dataclasses.replace(super().client_spec(), volumes=volumes)

    def start_client(self) -> Client:
        """The same, with volumes for the keys."""
        for part in self.certificates:
            self.machine.engine.volumes.create(name=f"{self.daemon}-{part}", labels=self.machine.labels)
        self.make_keys()
        return super().start_client()

    def make_keys(self) -> None:
        """Nothing: the image makes its own."""

    def start(self, client: Client) -> tuple[Container, float, Use]:
        """Start it with a store of its own, and wait until it answers; how long that took, and what."""
        config = self.machine.folder / f"{self.daemon}.json"
        text = render_daemon_json(DaemonJson(insecure_registries=(self.registry,)), shutdown_seconds=10)
        config.write_text(text)
        started = time.monotonic()
        container = self.machine.engine.containers.run(
            DOCKER_DIND,
            name=self.daemon,
            hostname=self.daemon,
            detach=True,
            privileged=True,
            labels=self.machine.labels,
            environment={"DOCKER_TLS_CERTDIR": CERTIFICATES},
            network=self.connection.network,
            volumes=[
                *(f"{self.daemon}-{part}:{CERTIFICATES}/{part}" for part in self.certificates),
                f"{config}:/etc/docker/daemon.json:ro",
            ],
        )
        processes = [shim(container)]
        with Watch(lambda: processes, from_nothing=True) as watch:
            _wait_for(client)
            seconds = time.monotonic() - started
        return container, seconds, watch.used

    def remove(self) -> None:
        """Take away the shell, and the daemon: its network is not the bench's to leave in use."""
        super().remove()
        with contextlib.suppress(NotFound):
            self.machine.engine.containers.get(self.daemon).remove(force=True, v=True)


class DindNoVolume(StartedDind):
    """A DinD daemon without a storage volume: a fresh one for every build. Its keys stay."""

    name = "dind-no-volume"
    daemon = f"{NAME}-dind-no-volume"
    clearing = ""
    modes = (Mode.COLD, Mode.WARM)
    warm_builds = 1

    def builders(self) -> list[int]:
        """No daemon stays."""
        return []

    @contextlib.contextmanager
    def running(self) -> Iterator[Running]:
        """A daemon for this build, and what its start took."""
        client = self.client()
        container, seconds, used = self.start(client)
        try:
            processes = [shim(container), client.shim()]
            store = engine.mounted_from(container, STATE)
            yield Running(client=client, roots=lambda: processes, store=store, start=(seconds, used))
        finally:
            container.remove(force=True, v=True)


class DindRsa(StartedDind):
    """A control: the keys of docker:dind itself, RSA of 4096 bits, on one small project."""

    name = "dind-rsa"
    daemon = f"{NAME}-dind-rsa"
    modes = (Mode.COLD, Mode.WARM)
    projects = ("tiny",)

    def container(self) -> Container:
        """The daemon, started at the first call."""
        try:
            return super().container()
        except NotFound:
            return self.start(self.client())[0]


class DindP384(DindRsa):
    """A control: the same with keys on the curve P-384, as this package makes them for buildkitd."""

    name = "dind-p384"
    daemon = f"{NAME}-dind-p384"
    certificates = ("server", "client")

    def make_keys(self) -> None:
        """As for buildkitd; the authority's key goes with the container."""
        self.machine.engine.containers.run(
            DOCKER_DIND,
            ["-c", f"mkdir -p {AUTHORITY} && {SCRIPT}"],
            entrypoint=["/bin/sh"],
            remove=True,
            environment={"SERVER_GROUP": "0", "SERVER_NAMES": subject_names((self.daemon,))},
            volumes=[f"{self.daemon}-{part}:{CERTIFICATES}/{part}" for part in self.certificates],
            labels=self.machine.labels,
        )


def _wait_for(client: Client) -> None:
    deadline = time.monotonic() + READY_S
    while True:
        try:
            client.ask("docker info >/dev/null 2>&1")
        except CommandFailed:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
