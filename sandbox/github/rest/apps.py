"""GitHub Apps: their installations, and the tokens that they get for these."""

from datetime import UTC, datetime, timedelta

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox import clock
from sandbox.github import shapes
from sandbox.github.access import LEVELS, installation_of
from sandbox.github.context import github_stamp, new_token
from sandbox.github.models import App, Installation, Repo, Token
from sandbox.github.wire import ApiError, Call, api, not_found, nothing, page, reply
from sandbox.models import JsonObject

_TOKEN_LIFE = timedelta(hours=1)


def _app(call: Call) -> App:
    if call.caller.app is None:
        raise ApiError(401, "A JSON web token could not be decoded")
    return call.caller.app


def _slug(app: App) -> str:
    return app.name.lower().replace(" ", "-")


def show_app(call: Call) -> Response:
    """GET /app."""
    app = _app(call)
    owner = call.github.account(call.github.settings.user)
    found = call.github.store.find(Installation, app_id=app.id)
    permissions: dict[str, str] = {}
    for installation in found:
        permissions |= installation.permissions
    return reply(
        {
            "id": app.id,
            "slug": _slug(app),
            "node_id": shapes.node_id("Integration", app.id),
            "client_id": app.client_id,
            "owner": shapes.user(call.github, owner) if owner else {},
            "name": app.name,
            "description": None,
            "external_url": call.github.html_url("/"),
            "html_url": call.github.html_url(f"/github-apps/{_slug(app)}"),
            "created_at": github_stamp(app.created_at),
            "updated_at": github_stamp(app.created_at),
            "permissions": permissions,
            "events": [],
            "installations_count": len(found),
        }
    )


def _shape(call: Call, installation: Installation) -> JsonObject:
    app = call.github.store.get(App, installation.app_id)
    account = call.github.account(installation.account)
    if app is None or account is None:
        raise not_found()
    base = call.github.api_url(f"/app/installations/{installation.id}")
    return {
        "id": installation.id,
        "account": shapes.user(call.github, account),
        "repository_selection": "all" if installation.repository_ids is None else "selected",
        "access_tokens_url": f"{base}/access_tokens",
        "repositories_url": call.github.api_url("/installation/repositories"),
        "html_url": call.github.html_url(f"/settings/installations/{installation.id}"),
        "app_id": app.id,
        "client_id": app.client_id,
        "target_id": account.id,
        "target_type": account.kind,
        "permissions": installation.permissions,
        "events": [],
        "created_at": github_stamp(installation.created_at),
        "updated_at": github_stamp(installation.created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "app_slug": _slug(app),
        "suspended_by": None,
        "suspended_at": None,
    }


def list_installations(call: Call) -> Response:
    """GET /app/installations."""
    found = call.github.store.find(Installation, app_id=_app(call).id)
    return page(call, found, lambda each: _shape(call, each))


def _installation(call: Call) -> Installation:
    _app(call)
    found = installation_of(call.github, call.caller, call.number("installation_id"))
    if found is None:
        raise not_found()
    return found


def show_installation(call: Call) -> Response:
    """GET /app/installations/{installation_id}."""
    return reply(_shape(call, _installation(call)))


def of_repo(call: Call) -> Response:
    """GET /repos/{owner}/{repo}/installation: the calling App's."""
    repo = call.github.find_repo(f"{call.part('owner')}/{call.part('repo')}")
    for each in call.github.store.find(Installation, app_id=_app(call).id):
        is_owner = repo is not None and each.account == repo.owner
        if repo and is_owner and (each.repository_ids is None or repo.id in each.repository_ids):
            return reply(_shape(call, each))
    raise not_found()


def of_org(call: Call) -> Response:
    """GET /orgs/{org}/installation: the calling App's."""
    found = call.github.store.first(Installation, app_id=_app(call).id, account=call.org().login)
    if found is None:
        raise not_found()
    return reply(_shape(call, found))


def create_token(call: Call) -> Response:
    """POST /app/installations/{installation_id}/access_tokens: for an hour, with all that the installation may, or less."""
    installation = _installation(call)
    ids = _narrowed_ids(call, installation)
    permissions = _narrowed_permissions(call, installation)
    expires = clock.stamp(datetime.now(UTC) + _TOKEN_LIFE)
    token = Token(
        token=new_token("ghs_"),
        kind="installation",
        account=installation.account,
        permissions={"metadata": "read", **permissions},
        repository_ids=ids,
        expires_at=expires,
    )
    call.github.store.add(token)
    body: JsonObject = {
        "token": token.token,
        "expires_at": github_stamp(expires),
        "permissions": token.permissions,
        "repository_selection": "all" if ids is None else "selected",
    }
    if ids is not None:
        found = [call.github.store.get(Repo, number) for number in ids]
        body["repositories"] = [shapes.full_repo(call.github, repo) for repo in found if repo]
    return reply(body, 201)


def _narrowed_ids(call: Call, installation: Installation) -> list[int] | None:
    names = [f"{installation.account}/{name}".lower() for name in call.texts("repositories")]
    wanted = call.wholes("repository_ids")
    found = {repo.key: repo.id for repo in call.github.store.find(Repo) if repo.key in names}
    wanted += found.values()
    if not wanted and not names:
        return installation.repository_ids
    within = installation.repository_ids
    if len(found) < len(set(names)) or (within is not None and not set(wanted) <= set(within)):
        raise ApiError(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    return wanted


def _narrowed_permissions(call: Call, installation: Installation) -> dict[str, str]:
    wanted = call.body.get("permissions")
    if not isinstance(wanted, dict):
        return installation.permissions
    for name, level in wanted.items():
        has = installation.permissions.get(name)
        if has not in LEVELS or level not in LEVELS or LEVELS.index(has) < LEVELS.index(level):
            raise ApiError(422, "The permissions requested are not granted to this installation.")
    return wanted


def list_repositories(call: Call) -> Response:
    """GET /installation/repositories: what an installation's token reaches."""
    if call.caller.kind != "installation":
        raise ApiError(403, "You must authenticate with an installation access token")
    found = [repo for repo in call.github.store.find(Repo) if call.caller.reaches(repo)]
    return page(call, found, lambda repo: shapes.full_repo(call.github, repo), "repositories")


def revoke(call: Call) -> Response:
    """DELETE /installation/token: the calling token is worth nothing from here."""
    found = call.github.store.first(Token, token=call.token, kind="installation")
    if found is None:
        raise ApiError(403, "You must authenticate with an installation access token")
    call.github.store.delete(found)
    return nothing()


ROUTES: list[BaseRoute] = [
    api("GET", "/app", show_app, needs="any"),
    api("GET", "/app/installations", list_installations, needs="any"),
    api("GET", "/app/installations/{installation_id}", show_installation, needs="any"),
    api("POST", "/app/installations/{installation_id}/access_tokens", create_token, needs="any"),
    api("GET", "/repos/{owner}/{repo}/installation", of_repo, needs="any"),
    api("GET", "/orgs/{org}/installation", of_org, needs="any"),
    api("GET", "/installation/repositories", list_repositories, needs="any"),
    api("DELETE", "/installation/token", revoke, needs="any"),
]
