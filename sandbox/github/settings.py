"""What the sandbox is started with."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

# The GitHub Enterprise Server whose API description the sandbox follows; clients read it from /meta.
IMITATED_VERSION = "3.19.0"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the sandbox needs to know; nothing else is read from the environment."""

    data: Path
    """Folder of the database, repositories and logs. Created with mode 0700."""

    external_url: str
    """The address that runners, jobs and people use, such as `http://172.17.0.1:8930`."""

    root_token: str
    """The site administrator's token: it may do everything, as a classic token with every scope may."""

    user: str = "sandbox"
    """The site administrator's login. Defaults to `sandbox`."""

    offline_seconds: float = 60.0
    """How long a runner may be silent before it counts as offline, and its job as lost. Defaults to 60 s."""

    @property
    def host(self) -> str:
        """Host and port of `external_url`."""
        return urlsplit(self.external_url).netloc

    @property
    def api_url(self) -> str:
        """Root of the REST API: GitHub Enterprise Server has it at `/api/v3`."""
        return f"{self.external_url}/api/v3"

    @property
    def long_poll_seconds(self) -> float:
        """How long a runner's request for a job may be held, at the most: half of what makes it look offline."""
        return self.offline_seconds / 2
