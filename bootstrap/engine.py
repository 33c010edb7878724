"""The Docker Engine: the one that is there, or one of our own in a network namespace of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from ipaddress import ip_network
from pathlib import Path

import docker
from docker.errors import DockerException

from bootstrap.layout import Layout
from bootstrap.steps import How, Outcome, StepFailed

START_SECONDS = 60
STOP_SECONDS = 60
REGISTRY_PORT = 5000
SANDBOX_PORT = 8929
GITHUB_PORT = 8930
BRIDGE = "172.17.0.1/16"
"""Of an engine of our own: Docker's usual first choice."""
TUN = Path("/dev/net/tun")
EVERYONE = 0o666
"""To read and write, for every user."""
GROUP = 23750
"""The group of our own engine's socket. No image has a group of this number, as none has that of a user's `docker` group:
whoever reaches the socket without being root must be told the number, here as there."""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """How the engine is reached. `namespace` is empty for an engine that was there."""

    host: str
    namespace: str

    def inside(self, words: list[str]) -> list[str]:
        """The command, run where container addresses exist."""
        return ["nsenter", f"--net=/run/netns/{self.namespace}", *words] if self.namespace else words

    def client(self) -> docker.DockerClient:
        """A client of the engine; it negotiates the API version."""
        return docker.DockerClient(base_url=self.host, timeout=300)

    def gateway(self) -> str:
        """The engine's address on its default bridge: every container, and every job in DinD, can reach it."""
        bridge = self.client().networks.get("bridge")
        config = bridge.attrs["IPAM"]["Config"][0]
        # An engine whose first bridge nobody configured names only the subnet; it takes the first address.
        return str(config.get("Gateway") or next(ip_network(config["Subnet"]).hosts()))


def own_engine(places: Layout) -> Engine:
    """The engine that we would start."""
    return Engine(host=f"unix://{places.run}/docker.sock", namespace=places.namespace)


def answers(host: str) -> bool:
    """Whether a Docker Engine answers there."""
    try:
        return bool(docker.DockerClient(base_url=host, timeout=5).ping())
    except DockerException:
        return False


def _note(places: Layout) -> Path:
    return places.machine / "engine.json"


def recorded(places: Layout) -> Engine | None:
    """The engine that the last `up` used."""
    note = _note(places)
    return Engine(**json.loads(note.read_text())) if note.is_file() else None


def _record(places: Layout, engine: Engine) -> None:
    _note(places).write_text(json.dumps(asdict(engine)))


def find_engine() -> Engine | None:
    """The engine of the machine: DOCKER_HOST, or else the default socket."""
    host = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    return Engine(host=host, namespace="") if answers(host) else None


def ensure_namespace(places: Layout) -> None:
    """A network namespace with nothing in it but loopback."""
    if not Path("/run/netns", places.namespace).exists():
        subprocess.run(["ip", "netns", "add", places.namespace], check=True)
    subprocess.run(["ip", "-n", places.namespace, "link", "set", "lo", "up"], check=True)


def _runtime(places: Layout) -> Path:
    """The wrapper around runc, started by a plain interpreter (`-I`: no user's packages)."""
    wrapper = places.bin / "runc-granted"
    wrapper.parent.mkdir(parents=True, exist_ok=True)
    python = Path(sys.base_prefix) / "bin" / "python3"
    wrapper.write_text(f'#!/bin/sh\nexec "{python}" -I -S "{places.root}/bootstrap/runc_granted.py" "$@"\n')
    wrapper.chmod(0o755)
    return wrapper


def _dockerd(places: Layout) -> list[str]:
    return [
        "dockerd",
        f"--data-root={places.engine_data}",
        f"--exec-root={places.run}/exec",
        f"--host={own_engine(places).host}",
        f"--group={GROUP}",
        f"--pidfile={places.run}/docker.pid",
        f"--bip={BRIDGE}",
        f"--dns={BRIDGE.split('/', maxsplit=1)[0]}",  # nothing answers there: names of the outside fail at once
        f"--registry-mirror=http://127.0.0.1:{REGISTRY_PORT}",
        # Jobs that build on this engine itself push to the registry by the address that every container knows.
        f"--insecure-registry={BRIDGE.split('/', maxsplit=1)[0]}:{REGISTRY_PORT}",
        f"--add-runtime=granted={_runtime(places)}",
        "--default-runtime=granted",
    ]


def start_own(places: Layout) -> Engine:
    """Start dockerd in the namespace and wait until it answers."""
    engine = own_engine(places)
    ensure_namespace(places)
    for folder in (places.run, places.logs, places.engine_data):
        folder.mkdir(parents=True, exist_ok=True)
    (places.run / "docker.pid").unlink(missing_ok=True)
    words = _dockerd(places)
    log = places.logs / "dockerd.log"
    env = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
    with log.open("ab") as output:
        process = subprocess.Popen(
            engine.inside(words),
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env=env,
        )
    deadline = time.monotonic() + START_SECONDS
    while not answers(engine.host):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
            raise StepFailed(
                f"our Docker Engine did not come up; the end of {log.name}:\n{tail}",
                tried=" ".join(words),
                fix="run `make down`, then this again; or name an engine of yours with DOCKER_HOST",
            )
        time.sleep(0.2)
    return engine


def ensure_engine(places: Layout) -> Outcome:
    """The engine to work with, recorded for the steps that follow."""
    own = own_engine(places)
    if answers(own.host):
        _record(places, own)
        return Outcome(how=How.FOUND, source=f"our own, in the namespace {own.namespace}")
    engine = find_engine()
    if engine:
        _record(places, engine)
        return Outcome(how=How.FOUND, source=engine.host)
    _record(places, start_own(places))
    return Outcome(how=How.BUILT, source=f"Debian's dockerd in the namespace {own.namespace}")


def open_tun(device: Path = TUN) -> Outcome:
    """Let every user open the tun device, without which a rootless engine has no network.

    So does udev on every machine that has it (systemd's 50-udev-default.rules). Ordinary users gain no right by it:
    the kernel lets them make an interface only in a network namespace of their own.
    """
    if not device.exists():
        raise StepFailed(
            f"{device} is missing", tried=f"stat {device}", fix="load the kernel's module: modprobe tun"
        )
    if device.stat().st_mode & EVERYONE == EVERYONE:
        return Outcome(how=How.FOUND, source=f"{device}, open to all")
    device.chmod(EVERYONE)
    return Outcome(how=How.BUILT, source=f"{device} opened to all, as udev does")


def stop_own(places: Layout) -> bool:
    """End our engine, its containers' processes with it, and its namespace. Says whether there was one."""
    pid_file = places.run / "docker.pid"
    running = pid_file.is_file()
    if running:
        pid = int(pid_file.read_text())
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            running = False
        deadline = time.monotonic() + STOP_SECONDS
        while running and Path(f"/proc/{pid}").exists():
            if time.monotonic() > deadline:
                raise StepFailed(
                    f"dockerd ({pid}) did not end", tried="SIGTERM", fix=f"kill -KILL {pid}, then `make down`"
                )
            time.sleep(0.2)
    if Path("/run/netns", places.namespace).exists():
        subprocess.run(["ip", "netns", "delete", places.namespace], check=True)
    _note(places).unlink(missing_ok=True)
    return running
