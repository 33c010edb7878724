"""What every part of the sandbox works on."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import clock
from sandbox.models import Job, Namespace, Project
from sandbox.repositories import Repository
from sandbox.settings import Settings
from sandbox.store import Store
from sandbox.wakeups import Wakeups

ROOT_USER = {
    "id": 1,
    "username": "root",
    "name": "Sandbox Root",
    "state": "active",
    "email": "root@sandbox.invalid",
}


@dataclass(kw_only=True)
class Sandbox:
    """The running sandbox: its settings, its records and its files."""

    settings: Settings
    store: Store
    wakeups: Wakeups = field(default_factory=Wakeups)

    @classmethod
    def open(cls, settings: Settings) -> "Sandbox":
        """Opens the data folder, making what is missing."""
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        store = Store(settings.data / "sandbox.sqlite")
        sandbox = cls(settings=settings, store=store)
        if store.get(Namespace, 1) is None:
            store.add(Namespace(path="root", name="Sandbox Root", kind="user", created_at=clock.stamp()))
        return sandbox

    def repository(self, project: Project) -> Repository:
        """The project's repository. It is found by number, so a renamed project keeps it."""
        return Repository(self.repositories / f"{project.id}.git")

    @property
    def repositories(self) -> Path:
        """Folder of all bare repositories."""
        return self.settings.data / "repositories"

    def trace(self, job: Job) -> Path:
        """The job's trace, which may not be there yet."""
        return self._file("traces", f"{job.id}.log")

    def artifact(self, job: Job, kind: str) -> Path:
        """The job's uploaded artifacts of a kind, such as `archive`."""
        return self._file("artifacts", f"{job.id}-{kind}")

    def _file(self, folder: str, name: str) -> Path:
        place = self.settings.data / folder
        place.mkdir(exist_ok=True)
        return place / name

    def url(self, project: Project, tail: str = "") -> str:
        """The project's address, or one of its pages."""
        return f"{self.settings.external_url}/{project.path}{tail}"


def new_token(prefix: str) -> str:
    """A token that nobody can guess, with GitLab's prefix for its kind."""
    return f"{prefix}{secrets.token_urlsafe(20)}"
