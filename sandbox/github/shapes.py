"""How accounts, repositories and commits look in answers."""

import base64

from sandbox.github.context import GitHub, github_stamp
from sandbox.github.models import Account, Repo
from sandbox.models import JsonObject
from sandbox.repositories import Commit

# Addresses below a repository's own, as GitHub's API tells them: property and what follows the repository's address.
_REPO_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
_USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
SETTINGS: dict[str, object] = {
    "has_issues": True,
    "has_projects": True,
    "has_wiki": True,
    "has_downloads": True,
    "has_discussions": False,
    "homepage": None,
    "is_template": False,
    "allow_squash_merge": True,
    "allow_merge_commit": True,
    "allow_rebase_merge": True,
    "allow_auto_merge": False,
    "allow_update_branch": False,
    "allow_forking": True,
    "delete_branch_on_merge": False,
    "web_commit_signoff_required": False,
    "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
    "squash_merge_commit_message": "COMMIT_MESSAGES",
    "merge_commit_title": "MERGE_MESSAGE",
    "merge_commit_message": "PR_TITLE",
}
"""Settings that are kept and told again, with GitHub's defaults."""


def node_id(kind: str, number: int) -> str:
    """A number as GitHub's GraphQL has it."""
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def user(github: GitHub, account: Account) -> JsonObject:
    """An account in short (`simple-user`)."""
    base = github.api_url(f"/users/{account.login}")
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id(account.kind, account.id),
        "avatar_url": github.html_url(f"/avatars/u/{account.id}"),
        "gravatar_id": "",
        "url": base,
        "html_url": github.html_url(f"/{account.login}"),
        **{name: f"{base}{tail}" for name, tail in _USER_URLS.items()},
        "type": account.kind,
        "site_admin": account.login == github.settings.user,
    }


def organization(github: GitHub, account: Account) -> JsonObject:
    """An organization in short (`organization-simple`)."""
    base = github.api_url(f"/orgs/{account.login}")
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id(account.kind, account.id),
        "url": base,
        "repos_url": f"{base}/repos",
        "events_url": f"{base}/events",
        "hooks_url": f"{base}/hooks",
        "issues_url": f"{base}/issues",
        "members_url": f"{base}/members{{/member}}",
        "public_members_url": f"{base}/public_members{{/member}}",
        "avatar_url": github.html_url(f"/avatars/u/{account.id}"),
        "description": None,
    }


def minimal_repo(github: GitHub, repo: Repo) -> JsonObject:
    """A repository in short (`minimal-repository`)."""
    base = github.api_url(f"/repos/{repo.full_name}")
    owner = github.account(repo.owner)
    return {
        "id": repo.id,
        "node_id": node_id("Repository", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "owner": user(github, owner) if owner else {},
        "private": repo.private,
        "html_url": github.html_url(f"/{repo.full_name}"),
        "description": repo.description,
        "fork": False,
        "url": base,
        **{name: f"{base}{tail}" for name, tail in _REPO_URLS.items()},
    }


def full_repo(github: GitHub, repo: Repo) -> JsonObject:
    """A repository with all that GitHub tells of it (`full-repository`)."""
    host = github.settings.host
    html = github.html_url(f"/{repo.full_name}")
    counts = ("forks_count", "stargazers_count", "watchers_count", "size", "open_issues_count", "forks")
    return {
        **minimal_repo(github, repo),
        "git_url": f"git://{host}/{repo.full_name}.git",
        "ssh_url": f"git@{host}:{repo.full_name}.git",
        "clone_url": f"{html}.git",
        "svn_url": html,
        "mirror_url": None,
        "language": None,
        "license": None,
        **dict.fromkeys((*counts, "open_issues", "watchers", "subscribers_count", "network_count"), 0),
        **SETTINGS,
        **repo.settings,
        "default_branch": repo.default_branch,
        "topics": [],
        "has_pages": False,
        "archived": repo.archived,
        "disabled": False,
        "visibility": repo.visibility,
        "pushed_at": github_stamp(repo.pushed_at or repo.created_at),
        "created_at": github_stamp(repo.created_at),
        "updated_at": github_stamp(repo.updated_at),
        "permissions": {"admin": True, "maintain": True, "push": True, "triage": True, "pull": True},
    }


def git_commit(github: GitHub, repo: Repo, commit: Commit) -> JsonObject:
    """A commit as git has it, as answers to changes of files tell it (`file-commit`)."""
    base = github.api_url(f"/repos/{repo.full_name}")
    html = github.html_url(f"/{repo.full_name}/commit")
    return {
        "sha": commit.sha,
        "node_id": node_id("Commit", repo.id),
        "url": f"{base}/git/commits/{commit.sha}",
        "html_url": f"{html}/{commit.sha}",
        "author": _who(commit.author_name, commit.author_email, commit.authored_at),
        "committer": _who(commit.committer_name, commit.committer_email, commit.committed_at),
        "message": commit.message.rstrip("\n"),
        "tree": {"sha": commit.sha, "url": f"{base}/git/trees/{commit.sha}"},
        "parents": [
            {"sha": parent, "url": f"{base}/git/commits/{parent}", "html_url": f"{html}/{parent}"}
            for parent in commit.parents
        ],
        "verification": {
            "verified": False,
            "reason": "unsigned",
            "signature": None,
            "payload": None,
            "verified_at": None,
        },
    }


def repo_commit(github: GitHub, repo: Repo, commit: Commit) -> JsonObject:
    """A commit as a repository tells it (`commit`)."""
    base = github.api_url(f"/repos/{repo.full_name}/commits/{commit.sha}")
    told = git_commit(github, repo, commit)
    kept = ("sha", "node_id", "html_url", "parents")
    return {
        **{name: told[name] for name in kept},
        "url": base,
        "comments_url": f"{base}/comments",
        "commit": {
            **{
                name: told[name] for name in ("url", "author", "committer", "message", "tree", "verification")
            },
            "comment_count": 0,
        },
        "author": None,
        "committer": None,
    }


def _who(name: str, email: str, at: str) -> JsonObject:
    return {"name": name, "email": email, "date": at}
