"""What Actions may do in a repository or organization."""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.github.actions.policy import setting
from sandbox.github.models import Account, Repo
from sandbox.github.shapes import full_repo
from sandbox.github.wire import ApiError, Call, Handler, api, nothing, page, reply
from sandbox.models import JsonObject

_ALLOWED = ("all", "local_only", "selected")
_APPROVALS = ("first_time_contributors_new_to_github", "first_time_contributors", "all_external_contributors")
_FORKS = (
    "run_workflows_from_fork_pull_requests",
    "send_write_tokens_to_workflows",
    "send_secrets_and_variables",
    "require_approval_for_fork_pr_workflows",
)


def _holder(call: Call) -> Repo | Account:
    return call.org() if "org" in call.request.path_params else call.repo()


def _address(call: Call, holder: Repo | Account, tail: str) -> str:
    where = f"/repos/{holder.full_name}" if isinstance(holder, Repo) else f"/orgs/{holder.login}"
    return call.github.api_url(f"{where}/actions/permissions{tail}")


def _told(holder: Repo | Account, names: Sequence[str]) -> JsonObject:
    return {name: setting(holder, name) for name in names}


def _keep(call: Call, holder: Repo | Account, **changes: object) -> Response:
    holder.actions |= changes
    call.github.store.save(holder)
    return nothing()


def show(call: Call) -> Response:
    """GET .../actions/permissions."""
    holder = _holder(call)
    first = "enabled" if isinstance(holder, Repo) else "enabled_repositories"
    told = _told(holder, (first, "sha_pinning_required"))
    if told.get("enabled_repositories") == "selected":
        told["selected_repositories_url"] = _address(call, holder, "/repositories")
    if setting(holder, first) not in {False, "none"}:
        told["allowed_actions"] = setting(holder, "allowed_actions")
        if told["allowed_actions"] == "selected":
            told["selected_actions_url"] = _address(call, holder, "/selected-actions")
    return reply(told)


def change(call: Call) -> Response:
    """PUT .../actions/permissions."""
    holder = _holder(call)
    changes: JsonObject = {}
    if isinstance(holder, Repo):
        if "enabled" not in call.body:
            raise ApiError(422, 'Invalid request.\n\n"enabled" wasn\'t supplied.')
        changes["enabled"] = call.flag("enabled", default=True)
    else:
        changes["enabled_repositories"] = call.choice("enabled_repositories", ("all", "none", "selected"))
    if "allowed_actions" in call.body:
        changes["allowed_actions"] = call.choice("allowed_actions", _ALLOWED)
    if "sha_pinning_required" in call.body:
        changes["sha_pinning_required"] = call.flag("sha_pinning_required", default=False)
    return _keep(call, holder, **changes)


def _selected(holder: Repo | Account) -> Repo | Account:
    if setting(holder, "allowed_actions") != "selected":
        raise ApiError(409, "Conflict: allowed_actions is not selected")
    return holder


def show_selected(call: Call) -> Response:
    """GET .../actions/permissions/selected-actions."""
    names = ("github_owned_allowed", "verified_allowed", "patterns_allowed")
    return reply(_told(_selected(_holder(call)), names))


def change_selected(call: Call) -> Response:
    """PUT .../actions/permissions/selected-actions."""
    holder = _selected(_holder(call))
    changes: JsonObject = {
        name: call.flag(name, default=False)
        for name in ("github_owned_allowed", "verified_allowed")
        if name in call.body
    }
    if "patterns_allowed" in call.body:
        changes["patterns_allowed"] = call.texts("patterns_allowed")
    return _keep(call, holder, **changes)


def show_workflow(call: Call) -> Response:
    """GET .../actions/permissions/workflow."""
    names = ("default_workflow_permissions", "can_approve_pull_request_reviews")
    return reply(_told(_holder(call), names))


def change_workflow(call: Call) -> Response:
    """PUT .../actions/permissions/workflow."""
    holder = _holder(call)
    changes: JsonObject = {}
    if "default_workflow_permissions" in call.body:
        level = call.choice("default_workflow_permissions", ("read", "write"))
        changes["default_workflow_permissions"] = level
    if "can_approve_pull_request_reviews" in call.body:
        name = "can_approve_pull_request_reviews"
        changes[name] = call.flag(name, default=False)
    return _keep(call, holder, **changes)


def show_approval(call: Call) -> Response:
    """GET .../actions/permissions/fork-pr-contributor-approval."""
    return reply(_told(_holder(call), ("approval_policy",)))


def change_approval(call: Call) -> Response:
    """PUT .../actions/permissions/fork-pr-contributor-approval."""
    return _keep(call, _holder(call), approval_policy=call.choice("approval_policy", _APPROVALS))


def show_forks(call: Call) -> Response:
    """GET .../actions/permissions/fork-pr-workflows-private-repos."""
    return reply(_told(_private(_holder(call)), _FORKS))


def change_forks(call: Call) -> Response:
    """PUT .../actions/permissions/fork-pr-workflows-private-repos."""
    holder = _private(_holder(call))
    return _keep(
        call, holder, **{name: call.flag(name, default=False) for name in _FORKS if name in call.body}
    )


def _private(holder: Repo | Account) -> Repo | Account:
    if isinstance(holder, Repo) and not holder.private:
        raise ApiError(403, "Fork PR workflow settings are only for private repositories")
    return holder


def list_repositories(call: Call) -> Response:
    """GET /orgs/{org}/actions/permissions/repositories."""
    chosen = setting(call.org(), "repository_ids")
    found = [call.github.store.get(Repo, number) for number in (chosen if isinstance(chosen, list) else [])]
    return page(
        call, [repo for repo in found if repo], lambda repo: full_repo(call.github, repo), "repositories"
    )


def set_repositories(call: Call) -> Response:
    """PUT /orgs/{org}/actions/permissions/repositories."""
    return _keep(call, call.org(), repository_ids=call.wholes("selected_repository_ids"))


_CALLS: tuple[tuple[str, Handler, Handler], ...] = (
    ("", show, change),
    ("/selected-actions", show_selected, change_selected),
    ("/workflow", show_workflow, change_workflow),
    ("/fork-pr-contributor-approval", show_approval, change_approval),
    ("/fork-pr-workflows-private-repos", show_forks, change_forks),
)
_CHOSEN = "/orgs/{org}/actions/permissions/repositories"
ROUTES: list[BaseRoute] = [
    *(
        api(method, f"{where}/actions/permissions{tail}", handler, needs=f"{permission}:{level}")
        for tail, shown, changed in _CALLS
        for where, permission in (
            ("/repos/{owner}/{repo}", "administration"),
            ("/orgs/{org}", "organization_administration"),
        )
        for method, handler, level in (("GET", shown, "read"), ("PUT", changed, "write"))
    ),
    api("GET", _CHOSEN, list_repositories, needs="organization_administration:read"),
    api("PUT", _CHOSEN, set_repositories, needs="organization_administration:write"),
]
