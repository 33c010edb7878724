"""Whose forge the stations' tests use: the sandbox, unless the environment names a real account.

docs/real-accounts.md says how. With a real account a test makes a project there and deletes it; nothing else is touched.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gitlab.v4.objects import Project as GitLabProject

from bootstrap.station import connect, digest_in_registry
from tests.e2e import github_forge
from tests.e2e.github_jobs import Project as GitHubProject
from tests.e2e.github_jobs import new_token

GITLAB_URL = "CI_RUNNERS_ACCOUNT_GITLAB_URL"
GITLAB_TOKEN = "CI_RUNNERS_ACCOUNT_GITLAB_TOKEN_FILE"
GITHUB_ORGANIZATION = github_forge.ACCOUNT


@dataclass(frozen=True, kw_only=True)
class GitLabAccount:
    """GitLab, a token that may do everything to its projects, and where its jobs push."""

    url: str
    token: str = field(repr=False)
    real: bool

    def image(self, name: str) -> str:
        """Where a station's pipeline pushes: a project's own registry, which the sandbox has none of."""
        return "$CI_REGISTRY_IMAGE" if self.real else f"{os.environ['CI_RUNNERS_REGISTRY']}/{name}/app"

    def digest(self, project: GitLabProject, name: str, tag: str) -> str:
        """The digest of a pushed image."""
        if not self.real:
            return digest_in_registry(f"{self.image(name)}:{tag}")
        (repository,) = project.repositories.list(get_all=True)
        return str(repository.tags.get(tag).digest)


def gitlab_account() -> GitLabAccount:
    """The account that the environment names, else the sandbox."""
    if GITLAB_URL in os.environ:
        token = Path(os.environ[GITLAB_TOKEN]).read_text().strip()
        return GitLabAccount(url=os.environ[GITLAB_URL].rstrip("/"), token=token, real=True)
    token = Path(os.environ["CI_RUNNERS_SANDBOX_TOKEN_FILE"]).read_text()
    return GitLabAccount(url=os.environ["CI_RUNNERS_SANDBOX_URL"], token=token, real=False)


@contextmanager
def gitlab_project(account: GitLabAccount, name: str, files: dict[str, str]) -> Iterator[GitLabProject]:
    """A project with these files, deleted at the end."""
    forge = connect(account.url, account.token)
    project = forge.projects.get(forge.projects.create({"name": name, "path": name}).id)
    try:
        actions = [{"action": "create", "file_path": path, "content": text} for path, text in files.items()]
        project.commits.create({"branch": "main", "commit_message": "The project", "actions": actions})
        yield project
    finally:
        project.delete()


@contextmanager
def github_repository(name: str, files: dict[str, str]) -> Iterator[GitHubProject]:
    """A private repository with these files, in an organization of its own or in the account's; deleted at the end."""
    project = GitHubProject(name=name)
    project.create()
    try:
        for path, text in files.items():
            github_forge.commit(project.organization, name, path, text)
        yield project
    finally:
        project.organization.call("DELETE", f"/repos/{project.path}")


def github_credential(project: GitHubProject) -> str:
    """What registers the runners: a token for that alone, which only the sandbox makes by a call."""
    if github_forge.account():
        return github_forge.token()
    permissions = {"administration": "write", "organization_self_hosted_runners": "write"}
    return new_token(project.organization.login, permissions)


def github_image(project: GitHubProject) -> str:
    """Where a station's workflow pushes."""
    if github_forge.account():
        return f"ghcr.io/{project.path.lower()}"
    return f"{os.environ['CI_RUNNERS_REGISTRY']}/{project.name}/app"


def new_name(kind: str) -> str:
    """A name that no one has."""
    return f"{kind}-{secrets.token_hex(3)}"
