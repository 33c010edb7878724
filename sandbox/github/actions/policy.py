"""What a repository and its organization allow workflows (GitHub docs, "Disabling or limiting GitHub Actions")."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from sandbox.github.actions.workflow_file import WorkflowSpec
from sandbox.github.context import GitHub
from sandbox.github.models import Account, Repo

DEFAULTS: dict[str, object] = {
    "enabled": True,
    "enabled_repositories": "all",
    "repository_ids": [],
    "allowed_actions": "all",
    "sha_pinning_required": False,
    "github_owned_allowed": True,
    "verified_allowed": False,
    "patterns_allowed": [],
    "default_workflow_permissions": "read",
    "can_approve_pull_request_reviews": False,
    "approval_policy": "first_time_contributors",
    "run_workflows_from_fork_pull_requests": False,
    "send_write_tokens_to_workflows": False,
    "send_secrets_and_variables": False,
    "require_approval_for_fork_pr_workflows": False,
}
"""What a repository or organization has before anybody sets it."""

_GITHUB_OWNED = ("actions", "github")
# Publishers whom GitHub has verified; only it knows them all.
_VERIFIED = ("aws-actions", "azure", "docker", "google-github-actions", "hashicorp")
_PINNED = re.compile(r"@[0-9a-f]{40}$|@sha256:[0-9a-f]{64}$")


def setting(holder: Repo | Account, name: str) -> object:
    """A setting of a repository or organization."""
    return holder.actions.get(name, DEFAULTS[name])


def _holders(github: GitHub, repo: Repo) -> Iterator[Repo | Account]:
    """Whose settings count: the repository's and, above it, its organization's."""
    yield repo
    owner = github.account(repo.owner)
    if owner is not None and owner.is_organization:
        yield owner


def enabled(github: GitHub, repo: Repo) -> bool:
    """Whether workflows run at all."""
    return all(_lets_run(holder, repo) for holder in _holders(github, repo))


def _lets_run(holder: Repo | Account, repo: Repo) -> bool:
    if isinstance(holder, Repo):
        return bool(setting(holder, "enabled"))
    which, chosen = setting(holder, "enabled_repositories"), setting(holder, "repository_ids")
    return which == "all" or (which == "selected" and isinstance(chosen, list) and repo.id in chosen)


def token_default(github: GitHub, repo: Repo) -> str:
    """What a job's token may do where its workflow says nothing: read, or write if nobody above forbids it."""
    levels = {str(setting(holder, "default_workflow_permissions")) for holder in _holders(github, repo)}
    return "write" if levels == {"write"} else "read"


def refusals(github: GitHub, repo: Repo, spec: WorkflowSpec) -> list[str]:
    """Why a workflow may not start: each action that somebody does not allow."""
    used = sorted({action for job in spec.jobs for action in job.actions if not action.startswith("./")})
    return [
        why for action in used for holder in _holders(github, repo) for why in _against(holder, repo, action)
    ]


def _against(holder: Repo | Account, repo: Repo, action: str) -> Iterator[str]:
    where = holder.full_name if isinstance(holder, Repo) else holder.login
    if not _allowed(holder, repo, action):
        yield f"The action {action} is not allowed in {where}."
    if setting(holder, "sha_pinning_required") and not _PINNED.search(action):
        yield f"The action {action} is not allowed in {where} because it is not pinned to a full-length commit SHA."


def _allowed(holder: Repo | Account, repo: Repo, action: str) -> bool:
    policy = setting(holder, "allowed_actions")
    owner = "" if action.startswith("docker://") else action.partition("/")[0].lower()
    if policy == "all" or owner == repo.owner.lower():
        return True
    if policy != "selected":
        return False
    patterns = setting(holder, "patterns_allowed")
    words = [str(word).lower() for word in patterns] if isinstance(patterns, list) else []
    if any(fnmatchcase(action.lower(), word.removeprefix("!")) for word in words if word.startswith("!")):
        return False
    if owner in _GITHUB_OWNED and setting(holder, "github_owned_allowed"):
        return True
    if owner in _VERIFIED and setting(holder, "verified_allowed"):
        return True
    return any(fnmatchcase(action.lower(), word) for word in words)
