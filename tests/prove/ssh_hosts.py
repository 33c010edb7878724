"""Docker hosts behind ssh: Debian's sshd in a container of its own, in front of an engine's socket.

One leads to the machine's own engine, the other one to an engine of its own in a container (docker:dind). The ssh program
is the machine's; it finds the hosts by a configuration of the test's own, as a person's ~/.ssh/config would tell it.
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.models.containers import Container

from bootstrap.stand_in_images import SSH_HOST
from ci_runners.connection import SOCKET
from ci_runners.images import DOCKER_DIND
from tests.e2e.conftest import said
from tests.e2e.github_jobs import wait_for

SHARED = "/engine"
"""Where the second host's socket is, for its sshd's container to find."""


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """The hosts, and how the ssh program is told of them."""

    name: str
    folder: Path
    engine: docker.DockerClient

    def environment(self) -> dict[str, str]:
        """What a command needs to reach them: an ssh on PATH that knows this configuration and no other."""
        return {"PATH": f"{self.folder}/bin:{os.environ['PATH']}"}

    def docker(self, host: str, *words: str) -> str:
        """What Docker's own client says on a host, over ssh."""
        done = subprocess.run(
            ["docker", "--host", f"ssh://ci@{host}", *words],
            env={**os.environ, **self.environment()},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def named(self, host: str, prefix: str) -> list[str]:
        """Every container, volume and network of a host whose name begins so."""
        words = {"container": ["--all", "{{.Names}}"], "volume": ["{{.Name}}"], "network": ["{{.Name}}"]}
        lines = [
            self.docker(host, kind, "ls", *more[:-1], "--format", more[-1]) for kind, more in words.items()
        ]
        return sorted(line for told in lines for line in told.splitlines() if line.startswith(prefix))

    def write_program(self) -> None:
        """Make the key that logs in, and the ssh program."""
        (self.folder / "bin").mkdir(parents=True)
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / "key")]
        subprocess.run(key, check=True)
        (self.folder / "config").write_text(
            "Host *\n"
            f"  IdentityFile {self.folder}/key\n"
            "  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {self.folder}/known_hosts\n"
            "  StrictHostKeyChecking yes\n"
        )
        program = self.folder / "bin" / "ssh"
        program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {self.folder}/config "$@"\n')
        program.chmod(0o755)

    def start(
        self,
        image: str,
        part: str,
        *,
        volumes: dict[str, dict[str, str]],
        command: Sequence[str] = (),
        environment: dict[str, str] | None = None,
        privileged: bool = False,
    ) -> Container:
        """Start one of the hosts' containers."""
        return self.engine.containers.run(
            image,
            list(command),
            name=f"{self.name}-{part}",
            detach=True,
            volumes=volumes,
            environment=environment or {},
            privileged=privileged,
        )

    def open_door(self, host: str, socket: str, volumes: dict[str, dict[str, str]]) -> Container:
        """Start a host's sshd, and tell ssh where it is and what its key is."""
        environment = {"AUTHORIZED_KEY": (self.folder / "key.pub").read_text().strip(), "SOCKET": socket}
        door = self.start(SSH_HOST, host.partition(".")[0], volumes=volumes, environment=environment)
        key = "/etc/ssh/ssh_host_ed25519_key.pub"
        wait_for(lambda: door.exec_run(["test", "-s", key]).exit_code == 0, f"the key of {host}")
        door.reload()
        address = door.attrs["NetworkSettings"]["IPAddress"]
        with (self.folder / "known_hosts").open("a") as known:
            known.write(f"{host} {said(door, 'cat', key)}")
        with (self.folder / "config").open("a") as config:
            config.write(f"Host {host}\n  HostName {address}\n  HostKeyAlias {host}\n")
        return door

    def start_engine(self, shared: dict[str, dict[str, str]]) -> Container:
        """Start an engine that opens no port, with a second socket in `shared`."""
        registry = os.environ["CI_RUNNERS_REGISTRY"]
        command = [
            "dockerd",
            f"--host=unix://{SOCKET}",
            f"--host=unix://{SHARED}/docker.sock",
            f"--registry-mirror=http://{registry}",
            f"--insecure-registry={registry}",
        ]
        engine = self.start(DOCKER_DIND, "engine", volumes=shared, command=command, privileged=True)
        wait_for(lambda: engine.exec_run(["docker", "version"]).exit_code == 0, "the second engine")
        return engine

    @contextmanager
    def unreachable(self, host: str) -> Iterator[None]:
        """A host that does not answer, for a while: ssh no longer knows where it is."""
        config = self.folder / "config"
        known = config.read_text()
        config.write_text(known.replace(f"Host {host}\n", "Host elsewhere\n"))
        try:
            yield
        finally:
            config.write_text(known)

    def remove(self) -> None:
        """Remove the hosts' containers, however far they came."""
        for each in self.engine.containers.list(all=True, filters={"name": f"^{self.name}-"}):
            each.remove(force=True, v=True)

    def load(self, host: str, images: Sequence[str]) -> None:
        """Give a host images of the machine's engine: in a namespace of its own it has nowhere to pull them from."""
        load = ["docker", "--host", f"ssh://ci@{host}", "load", "--quiet"]
        environment = {**os.environ, **self.environment()}
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as save:
            subprocess.run(load, stdin=save.stdout, env=environment, check=True, capture_output=True)
        assert save.returncode == 0


@contextmanager
def two_hosts(folder: Path, engine: docker.DockerClient, first: str, second: str) -> Iterator[Hosts]:
    """Two Docker hosts of these names: the machine's engine, and one of its own."""
    hosts = Hosts(name=f"hosts-{secrets.token_hex(3)}", folder=folder / "ssh", engine=engine)
    hosts.write_program()
    own = os.environ["DOCKER_HOST"].removeprefix("unix://")
    with ExitStack() as at_end:
        volume = engine.volumes.create(f"{hosts.name}-socket")
        at_end.callback(volume.remove)
        shared = {f"{hosts.name}-socket": {"bind": SHARED, "mode": "rw"}}
        at_end.callback(hosts.remove)
        hosts.start_engine(shared)
        hosts.open_door(first, SOCKET, {own: {"bind": SOCKET, "mode": "rw"}})
        hosts.open_door(second, f"{SHARED}/docker.sock", shared)
        yield hosts
