"""Issues and their comments, which are also a pull request's (GitHub docs, "REST API endpoints for issue comments")."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox import clock
from sandbox.github import shapes
from sandbox.github.context import GitHub, github_stamp
from sandbox.github.models import Account, Repo
from sandbox.github.models_issues import Issue, IssueComment
from sandbox.github.wire import Call, api, invalid, not_found, nothing, page, reply
from sandbox.models import JsonObject

MOST = 65_536
"""Characters of a comment, at the most."""
_BOT = Account(id=41898282, login="github-actions[bot]", key="github-actions[bot]", kind="Bot")
"""Who writes with a job's token, with the number that it has on github.com."""


def _person(github: GitHub) -> JsonObject | None:
    found = github.account(github.settings.user)
    return shapes.user(github, found) if found else None


def _show_issue(call: Call, repo: Repo, issue: Issue) -> JsonObject:
    base = call.github.api_url(f"/repos/{repo.full_name}")
    url = f"{base}/issues/{issue.number}"
    return {
        "id": issue.id,
        "node_id": shapes.node_id("Issue", issue.id),
        "number": issue.number,
        "title": issue.title,
        "body": issue.body,
        "state": "open",
        "locked": False,
        "labels": [],
        "assignee": None,
        "milestone": None,
        "user": _person(call.github),
        "comments": len(call.github.store.find(IssueComment, issue_id=issue.id)),
        "url": url,
        "repository_url": base,
        "html_url": call.github.html_url(f"/{repo.full_name}/issues/{issue.number}"),
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "labels_url": f"{url}/labels{{/name}}",
        "closed_at": None,
        "created_at": github_stamp(issue.created_at),
        "updated_at": github_stamp(issue.created_at),
    }


def _show(call: Call, repo: Repo, issue: Issue, comment: IssueComment) -> JsonObject:
    base = call.github.api_url(f"/repos/{repo.full_name}/issues")
    html = call.github.html_url(f"/{repo.full_name}/issues/{issue.number}")
    return {
        "id": comment.id,
        "node_id": shapes.node_id("IssueComment", comment.id),
        "body": comment.body,
        "user": shapes.user(call.github, _BOT) if comment.by_bot else _person(call.github),
        "author_association": "NONE" if comment.by_bot else "OWNER",
        "url": f"{base}/comments/{comment.id}",
        "issue_url": f"{base}/{issue.number}",
        "html_url": f"{html}#issuecomment-{comment.id}",
        "created_at": github_stamp(comment.created_at),
        "updated_at": github_stamp(comment.updated_at),
    }


def _issue(call: Call) -> tuple[Repo, Issue]:
    repo = call.repo()
    found = call.github.store.first(Issue, repo_id=repo.id, number=call.number("issue_number"))
    if found is None:
        raise not_found()
    return repo, found


def _comment(call: Call) -> tuple[Repo, Issue, IssueComment]:
    repo = call.repo()
    comment = call.record(IssueComment, "comment_id", repo_id=repo.id)
    issue = call.github.store.get(Issue, comment.issue_id)
    if issue is None:
        raise not_found()
    return repo, issue, comment


def _body(call: Call) -> str:
    body = call.text("body")
    if not body.strip():
        raise invalid("IssueComment", "body", "Body cannot be blank")
    if len(body) > MOST:
        raise invalid("IssueComment", "body", f"body is too long (maximum is {MOST} characters)")
    return body


def create_issue(call: Call) -> Response:
    """POST .../issues."""
    repo = call.repo()
    number = len(call.github.store.find(Issue, repo_id=repo.id)) + 1
    issue = Issue(
        repo_id=repo.id,
        number=number,
        title=call.text("title"),
        body=call.text("body", ""),
        created_at=clock.stamp(),
    )
    return reply(_show_issue(call, repo, call.github.store.add(issue)), 201)


def show_issue(call: Call) -> Response:
    """GET .../issues/{issue_number}."""
    return reply(_show_issue(call, *_issue(call)))


def list_comments(call: Call) -> Response:
    """GET .../issues/{issue_number}/comments, oldest first."""
    repo, issue = _issue(call)
    found = call.github.store.find(IssueComment, issue_id=issue.id)
    return page(call, found, lambda comment: _show(call, repo, issue, comment))


def create_comment(call: Call) -> Response:
    """POST .../issues/{issue_number}/comments."""
    repo, issue = _issue(call)
    now = clock.stamp()
    by_bot = call.caller.kind in {"job", "installation"}
    comment = IssueComment(
        repo_id=repo.id, issue_id=issue.id, body=_body(call), by_bot=by_bot, created_at=now, updated_at=now
    )
    return reply(_show(call, repo, issue, call.github.store.add(comment)), 201)


def show_comment(call: Call) -> Response:
    """GET .../issues/comments/{comment_id}."""
    return reply(_show(call, *_comment(call)))


def change_comment(call: Call) -> Response:
    """PATCH .../issues/comments/{comment_id}: whoever wrote it."""
    repo, issue, comment = _comment(call)
    comment.body = _body(call)
    comment.updated_at = clock.stamp()
    call.github.store.save(comment)
    return reply(_show(call, repo, issue, comment))


def remove_comment(call: Call) -> Response:
    """DELETE .../issues/comments/{comment_id}."""
    _, _, comment = _comment(call)
    call.github.store.delete(comment)
    return nothing()


_ISSUES = "/repos/{owner}/{repo}/issues"
_ONE = f"{_ISSUES}/comments/{{comment_id}}"
# A pull request's comments may be written with either permission, and an issue's with the first alone: here there is no
# difference between the two.
_READ, _WRITE = (f"issues:{level} or pull_requests:{level}" for level in ("read", "write"))
ROUTES: list[BaseRoute] = [
    api("POST", _ISSUES, create_issue, needs="issues:write"),
    api("GET", _ONE, show_comment, needs=_READ),
    api("PATCH", _ONE, change_comment, needs=_WRITE),
    api("DELETE", _ONE, remove_comment, needs=_WRITE),
    api("GET", f"{_ISSUES}/{{issue_number}}", show_issue, needs="issues:read"),
    api("GET", f"{_ISSUES}/{{issue_number}}/comments", list_comments, needs=_READ),
    api("POST", f"{_ISSUES}/{{issue_number}}/comments", create_comment, needs=_WRITE),
]
