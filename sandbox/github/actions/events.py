"""What starts runs, and what jobs are told of it (GitHub docs, "Webhook events and payloads")."""

from dataclasses import dataclass

from sandbox.github import shapes
from sandbox.github.context import GitHub
from sandbox.github.models import Account, Repo
from sandbox.models import JsonObject
from sandbox.repositories import Commit


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event at one commit."""

    name: str
    ref: str
    """Full name of the branch or tag."""
    sha: str
    payload: JsonObject
    actor: str


def _commit(github: GitHub, repo: Repo, commit: Commit) -> JsonObject:
    return {
        "id": commit.sha,
        "tree_id": commit.sha,
        "distinct": True,
        "message": commit.message.rstrip("\n"),
        "timestamp": commit.committed_at,
        "url": github.html_url(f"/{repo.full_name}/commit/{commit.sha}"),
        "author": {"name": commit.author_name, "email": commit.author_email},
        "committer": {"name": commit.committer_name, "email": commit.committer_email},
    }


def _about(github: GitHub, repo: Repo, actor: str) -> JsonObject:
    sender = github.account(actor)
    owner = github.account(repo.owner)
    about: JsonObject = {"repository": shapes.full_repo(github, repo)}
    if isinstance(sender, Account):
        about["sender"] = shapes.user(github, sender)
    if owner is not None and owner.is_organization:
        about["organization"] = shapes.organization(github, owner)
    return about


def pushed(github: GitHub, repo: Repo, ref: str, before: str, actor: str) -> Event:
    """A branch or tag has moved to the commit where it is now."""
    sha = repo.refs[ref]
    head = _commit(github, repo, github.repository(repo).commit(sha))
    created = not before.strip("0")
    payload: JsonObject = {
        "ref": ref,
        "before": before,
        "after": sha,
        "created": created,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": github.html_url(f"/{repo.full_name}/compare/{before[:12]}...{sha[:12]}"),
        "commits": [head],
        "head_commit": head,
        "pusher": {"name": actor},
        **_about(github, repo, actor),
    }
    return Event(name="push", ref=ref, sha=sha, payload=payload, actor=actor)


def dispatched(github: GitHub, repo: Repo, *, ref: str, path: str, inputs: JsonObject, actor: str) -> Event:
    """Somebody has started a workflow by hand."""
    payload: JsonObject = {"ref": ref, "workflow": path, "inputs": inputs, **_about(github, repo, actor)}
    return Event(name="workflow_dispatch", ref=ref, sha=repo.refs[ref], payload=payload, actor=actor)


def due(github: GitHub, repo: Repo, cron: str) -> Event:
    """The time of a schedule has come: it runs on the default branch."""
    ref = f"refs/heads/{repo.default_branch}"
    payload: JsonObject = {"schedule": cron, **_about(github, repo, repo.owner)}
    return Event(name="schedule", ref=ref, sha=repo.refs[ref], payload=payload, actor=repo.owner)
