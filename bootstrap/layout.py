"""Where everything lies. One folder of the checkout (`.machine/`) and one cache that checkouts share.

Standard library only: the first stage runs before anything is installed.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The places of one checkout."""

    root: Path
    cache: Path

    @property
    def machine(self) -> Path:
        """What this checkout made and `make down` and `make clean` may remove."""
        return self.root / ".machine"

    @property
    def venv(self) -> Path:
        """The virtual environment of everything that runs here."""
        return self.machine / "venv"

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.venv / "bin" / "python"

    @property
    def bin(self) -> Path:
        """First on PATH for everything that is started here."""
        return self.machine / "bin"

    @property
    def logs(self) -> Path:
        """What the steps' commands printed."""
        return self.machine / "logs"

    @property
    def pulumi_home(self) -> Path:
        """Pulumi's own folder, apart from the person's."""
        return self.machine / "pulumi-home"

    @property
    def stacks(self) -> Path:
        """Pulumi's state backend."""
        return self.machine / "stacks"

    @property
    def identity(self) -> str:
        """Tells checkouts on one machine apart: eight hexadecimal digits of the checkout's path."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:8]

    @property
    def namespace(self) -> str:
        """The network namespace of an engine of our own."""
        return f"ci-runners-{self.identity}"

    @property
    def run(self) -> Path:
        """Sockets and process ids: a short path, since a socket's may have 107 characters at the most."""
        return Path("/run") / self.namespace

    @property
    def engine_data(self) -> Path:
        """The data root of an engine of our own."""
        return self.machine / "engine"


def layout() -> Layout:
    """The layout of the checkout that this file lies in; CI_RUNNERS_CACHE names another cache folder."""
    root = Path(__file__).resolve().parent.parent
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ci-runners"
    return Layout(root=root, cache=Path(os.environ.get("CI_RUNNERS_CACHE") or default).absolute())
