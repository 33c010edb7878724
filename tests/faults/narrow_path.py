"""A server behind a router whose next hop carries 1400 bytes a packet, and which does not say so: a PMTU black hole.

    engine's namespace --(1400)-- router --(1500)-- server

Such are many clouds' and VPNs' networks, where a firewall drops ICMP's "fragmentation needed" (RFC 2923, 2.1).
"""

import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NARROW = 1400
"""Bytes of the largest packet between the engine's host and the router."""
SIZE = 8 << 20
"""Bytes of the file that the server has."""
HOST, ROUTER_HERE, ROUTER_THERE, SERVER = "10.98.1.1", "10.98.1.2", "10.98.2.1", "10.98.2.2"
PORT = 8080
SYSTEM = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}


def system(*words: str) -> None:
    subprocess.run(words, check=True, env=SYSTEM, capture_output=True)


@dataclass(frozen=True, kw_only=True)
class Hop:
    """A network namespace of the path."""

    name: str

    def run(self, *words: str) -> None:
        system("ip", "netns", "exec", self.name, *words)

    def up(self, link: str, address: str, *, mtu: int) -> None:
        """Bring one end of a cable up in here."""
        system("ip", "link", "set", link, "netns", self.name)
        self.run("ip", "address", "add", f"{address}/24", "dev", link)
        self.run("ip", "link", "set", link, "mtu", str(mtu), "up")


@contextlib.contextmanager
def narrow_path(folder: Path) -> Iterator[tuple[str, str]]:
    """Host and port of a server at the end of that path; it has a `/file`."""
    mark = secrets.token_hex(2)
    router, server = Hop(name=f"router-{mark}"), Hop(name=f"server-{mark}")
    here, near, far, end = (f"{part}{mark}" for part in ("here", "near", "far", "end"))
    (folder / "file").write_bytes(bytes(SIZE))
    for hop in (router, server):
        system("ip", "netns", "add", hop.name)
    try:
        system("ip", "link", "add", here, "type", "veth", "peer", "name", near)
        system("ip", "link", "add", far, "type", "veth", "peer", "name", end)
        system("ip", "address", "add", f"{HOST}/24", "dev", here)
        system("ip", "link", "set", here, "mtu", str(NARROW), "up")
        system("ip", "route", "add", "10.98.2.0/24", "via", ROUTER_HERE)
        router.up(near, ROUTER_HERE, mtu=NARROW)
        router.up(far, ROUTER_THERE, mtu=1500)
        router.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        router.run("iptables", "-A", "OUTPUT", "-p", "icmp", "-j", "DROP")
        server.up(end, SERVER, mtu=1500)
        server.run("ip", "route", "add", "default", "via", ROUTER_THERE)
        words = ["ip", "netns", "exec", server.name, sys.executable, "-m", "http.server", str(PORT)]
        with subprocess.Popen(
            [*words, "--directory", str(folder)], env=SYSTEM, stderr=subprocess.DEVNULL
        ) as web:
            try:
                yield SERVER, str(PORT)
            finally:
                web.kill()
    finally:
        for hop in (router, server):
            system("ip", "netns", "delete", hop.name)
        subprocess.run(["ip", "link", "delete", here], check=False, env=SYSTEM, capture_output=True)
