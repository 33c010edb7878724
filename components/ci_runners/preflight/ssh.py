"""A Docker engine behind ssh, through the ssh program: its configuration, agent and known hosts are the user's own.

The Docker SDK's own way needs paramiko even where it calls the program, starts a process for each request, and lets
ssh ask for passwords on the terminal.
"""

import contextlib
import shutil
import socketserver
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

CONNECT_SECONDS = 10
"""Seconds for the other host to take the connection."""
KEEP_SECONDS = 30
"""Seconds that a login outlives its last use, should nobody end it."""
DIAL = ("docker", "system", "dial-stdio")
"""What Docker's own client runs on the other host: it joins its input and output to the engine's socket."""
_POLL_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Tunnel:
    """A socket of this machine that leads to the other host's engine."""

    folder: Path

    @property
    def docker_host(self) -> str:
        """The socket, as in DOCKER_HOST."""
        return f"unix://{self.folder}/docker.sock"

    def reason(self) -> str:
        """What ssh, or docker on the other host, said last. Empty if nothing."""
        said = self.folder / "said"
        lines = said.read_text(errors="replace").splitlines() if said.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


@contextlib.contextmanager
def tunnel(docker_host: str) -> Iterator[Tunnel]:
    """Open a tunnel to `ssh://[user@]host[:port]` for as long as the context lasts.

    Raises `FileNotFoundError` without an ssh program. Whether the host answers shows when the socket is used.
    """
    if shutil.which("ssh") is None:
        raise FileNotFoundError("no program ssh on the PATH")
    processes: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="ci-runners-ssh-") as name:
        opened = Tunnel(folder=Path(name))
        ssh = ssh_command(docker_host, shared=f"{name}/shared")

        class Carry(socketserver.BaseRequestHandler):
            """One connection, which ssh itself speaks on until one side ends it."""

            def handle(self) -> None:
                with (opened.folder / "said").open("ab") as said:
                    process = subprocess.Popen(
                        [*ssh, *DIAL], stdin=self.request, stdout=self.request, stderr=said
                    )
                processes.append(process)
                process.wait()

        with socketserver.ThreadingUnixStreamServer(f"{name}/docker.sock", Carry) as server:
            thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,))
            thread.start()
            try:
                yield opened
            finally:
                server.shutdown()
                thread.join()
                for process in processes:
                    process.terminate()
                subprocess.run([*ssh[:-2], "-O", "exit", *ssh[-2:]], capture_output=True, check=False)


def ssh_command(docker_host: str, *, shared: str) -> list[str]:
    """How to call ssh so that it never waits for a person, and logs in once for all calls."""
    parts = urlsplit(docker_host)
    options = {
        "BatchMode": "yes",
        "ConnectTimeout": CONNECT_SECONDS,
        "ControlMaster": "auto",
        "ControlPath": shared,
        "ControlPersist": KEEP_SECONDS,
    }
    words = ["ssh", "-T", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]
    words += ["-l", parts.username] if parts.username else []
    words += ["-p", str(parts.port)] if parts.port else []
    return [*words, "--", parts.hostname or ""]
