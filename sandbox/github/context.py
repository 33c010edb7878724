"""What every part of the sandbox works on."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from sandbox import clock
from sandbox.github import models, models_issues
from sandbox.github.models import Account, Job, Repo, RunnerGroup
from sandbox.github.settings import Settings
from sandbox.models import Record
from sandbox.repositories import Repository
from sandbox.store import Store
from sandbox.wakeups import Wakeups

_KINDS: tuple[type[Record], ...] = (
    models.Account,
    models.Repo,
    models.Token,
    models.App,
    models.Installation,
    models.RunnerGroup,
    models.Runner,
    models.Secret,
    models.Variable,
    models.SealingKey,
    models.Environment,
    models.BranchPolicy,
    models_issues.Issue,
    models_issues.IssueComment,
    models.Workflow,
    models.Run,
    models.Job,
)


@dataclass(kw_only=True)
class GitHub:
    """The running sandbox: its settings, its records and its files."""

    settings: Settings
    store: Store
    wakeups: Wakeups = field(default_factory=Wakeups)

    @classmethod
    def open(cls, settings: Settings) -> "GitHub":
        """Opens the data folder, making what is missing."""
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        github = cls(settings=settings, store=Store(settings.data / "github.sqlite", _KINDS))
        if github.account(settings.user) is None:
            github.add_account(settings.user, "User")
        return github

    def account(self, login: str) -> Account | None:
        """The user or organization of this login, whatever its case."""
        return self.store.first(Account, key=login.lower())

    def add_account(self, login: str, kind: str, name: str = "") -> Account:
        """A new account; an organization comes with its default runner group."""
        account = Account(
            login=login, key=login.lower(), kind=kind, name=name or login, created_at=clock.stamp()
        )
        self.store.add(account)
        if account.is_organization:
            self.store.add(RunnerGroup(account_id=account.id, name="Default", default=True))
        return account

    def find_repo(self, full_name: str) -> Repo | None:
        """The repository `owner/name`, whatever the case."""
        return self.store.first(Repo, key=full_name.lower())

    def repository(self, repo: Repo) -> Repository:
        """The repository's files. They are found by number, so a renamed repository keeps them."""
        return Repository(self.repositories / f"{repo.id}.git")

    @property
    def repositories(self) -> Path:
        """Folder of all bare repositories."""
        return self.settings.data / "repositories"

    def log(self, job: Job) -> Path:
        """The job's log, which may not be there yet."""
        place = self.settings.data / "logs"
        place.mkdir(exist_ok=True)
        return place / f"{job.id}.log"

    def api_url(self, tail: str) -> str:
        """An address of the REST API."""
        return f"{self.settings.api_url}{tail}"

    def html_url(self, tail: str) -> str:
        """An address of a page."""
        return f"{self.settings.external_url}{tail}"


def new_token(prefix: str) -> str:
    """A token that nobody can guess, with GitHub's prefix for its kind."""
    return f"{prefix}{secrets.token_hex(18)}"


def github_stamp(moment: str) -> str:
    """A time as most of GitHub's API writes it: in whole seconds."""
    return f"{moment[:19]}Z"
