"""Who calls, and what they may do.

Names of permissions are those of GitHub Apps; fine-grained tokens have the same under other titles (GitHub docs,
"Permissions required for fine-grained personal access tokens").
"""

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

import jwt

from sandbox import clock
from sandbox.github.context import GitHub
from sandbox.github.models import App, Installation, Job, Repo, Token
from sandbox.wire import same_token

LEVELS = ("read", "write", "admin")
# GitHub takes an App's own token for ten minutes at the most, and allows a minute for clocks that differ.
_JWT_SECONDS = 600
_JWT_LEEWAY = 60


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Somebody with a credential, or nobody in particular."""

    kind: str
    """root, fine-grained, installation, registration, remove, job, app, or anonymous."""
    account: str = ""
    """Login of the account that it reaches."""
    permissions: dict[str, str] = field(default_factory=dict)
    repository_ids: list[int] | None = None
    """None for all of the account's."""
    app: App | None = None

    @property
    def title(self) -> str:
        """What GitHub calls such a credential when it refuses something."""
        return "integration" if self.kind in {"job", "installation"} else "personal access token"

    def may(self, permission: str, level: str) -> bool:
        """Whether it has a permission at this level, wherever it reaches."""
        if self.kind == "root":
            return True
        if permission == "metadata" and self.permissions:
            return level == "read"
        has = self.permissions.get(permission)
        return has in LEVELS and LEVELS.index(has) >= LEVELS.index(level)

    def reaches(self, repo: Repo) -> bool:
        """Whether the repository is one of those that it was made for."""
        if self.kind == "root":
            return True
        if self.account.lower() != repo.owner.lower() or not self.permissions:
            return False
        return self.repository_ids is None or repo.id in self.repository_ids

    def reaches_account(self, login: str) -> bool:
        """Whether the account is the one that it was made for."""
        return self.kind == "root" or (self.account.lower() == login.lower() and bool(self.permissions))


ANONYMOUS = Caller(kind="anonymous")


def identify(github: GitHub, token: str) -> Caller | None:
    """Whose token it is; None for one that is unknown, revoked or expired."""
    if not token:
        return ANONYMOUS
    if same_token(token, github.settings.root_token):
        return Caller(kind="root", account=github.settings.user)
    if token.count(".") == 2:  # noqa: PLR2004 - header, claims and signature
        return _app(github, token)
    known = github.store.first(Token, token=token)
    if known is not None:
        if known.expires_at is not None and known.expires_at < clock.stamp():
            return None
        return Caller(
            kind=known.kind,
            account=known.account,
            permissions=known.permissions,
            repository_ids=known.repository_ids,
        )
    job = github.store.first(Job, token=token)
    return _job(github, job) if job is not None else None


def _job(github: GitHub, job: Job) -> Caller | None:
    """A job's token ends with the job."""
    repo = github.store.get(Repo, job.repo_id)
    if repo is None or job.status != "in_progress":
        return None
    # Every GITHUB_TOKEN may read the repository's metadata.
    return Caller(
        kind="job",
        account=repo.owner,
        permissions={"metadata": "read", **job.permissions},
        repository_ids=[repo.id],
    )


def _app(github: GitHub, token: str) -> Caller | None:
    """The App that signed a JWT (GitHub docs, "Generating a JSON Web Token (JWT) for a GitHub App")."""
    with contextlib.suppress(jwt.InvalidTokenError):
        claims = jwt.decode(token, options={"verify_signature": False})
        for app in github.store.find(App):
            if str(claims.get("iss")) not in {str(app.id), app.client_id}:
                continue
            sure = jwt.decode(
                token,
                app.public_key,
                algorithms=["RS256"],
                leeway=_JWT_LEEWAY,
                options={"require": ["exp", "iat", "iss"]},
            )
            now = datetime.now(UTC).timestamp()
            if sure["exp"] - now <= _JWT_SECONDS + _JWT_LEEWAY:
                return Caller(kind="app", account=app.name, app=app)
    return None


def installation_of(github: GitHub, caller: Caller, number: int) -> Installation | None:
    """The installation of this number, if it is the calling App's."""
    found = github.store.get(Installation, number)
    return found if found and caller.app and found.app_id == caller.app.id else None
