"""What the sandbox is started with."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

# The GitLab version that the sandbox imitates; clients read it from /api/v4/version.
IMITATED_VERSION = "19.4.0"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the sandbox needs to know; nothing else is read from the environment."""

    data: Path
    """Folder of the database, repositories, traces and artifacts. Created with mode 0700."""

    external_url: str
    """The address that runners, jobs and people use, such as `http://172.17.0.1:8929`."""

    root_token: str
    """The one access token (`PRIVATE-TOKEN`), and the password for git over HTTP."""

    registry: str = ""
    """Container registry as `host:port`, given to jobs as CI_REGISTRY. Defaults to none."""

    long_poll_seconds: float = 50.0
    """How long a runner's request for a job is held open. Defaults to 50 s, as GitLab's own packages do."""

    @property
    def host(self) -> str:
        """Host and port of `external_url`."""
        return urlsplit(self.external_url).netloc

    @property
    def api_url(self) -> str:
        """Root of the REST API."""
        return f"{self.external_url}/api/v4"
