"""Users and organizations, and what the server says of itself."""

import re

from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.github import shapes
from sandbox.github.context import GitHub, github_stamp
from sandbox.github.models import Account
from sandbox.github.settings import IMITATED_VERSION
from sandbox.github.wire import ApiError, Call, api, invalid, not_found, reply
from sandbox.models import JsonObject

_LOGIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}")


def _public_user(github: GitHub, account: Account) -> JsonObject:
    nobody_said = ("company", "blog", "location", "email", "hireable", "bio")
    return {
        **shapes.user(github, account),
        "name": account.name,
        **dict.fromkeys(nobody_said),
        **dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0),
        "created_at": github_stamp(account.created_at),
        "updated_at": github_stamp(account.created_at),
    }


def _full_organization(github: GitHub, account: Account) -> JsonObject:
    return {
        **shapes.organization(github, account),
        "name": account.name,
        "has_organization_projects": False,
        "has_repository_projects": False,
        **dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0),
        "html_url": github.html_url(f"/{account.login}"),
        "type": account.kind,
        "created_at": github_stamp(account.created_at),
        "updated_at": github_stamp(account.created_at),
        "archived_at": None,
    }


def show_self(call: Call) -> Response:
    """GET /user: whose token it is. There is one person; installations and jobs are nobody."""
    account = call.github.account(call.github.settings.user)
    if account is None or call.caller.kind not in {"root", "fine-grained"}:
        raise ApiError(403, f"Resource not accessible by {call.caller.title}")
    return reply(_public_user(call.github, account))


def show_user(call: Call) -> Response:
    """GET /users/{username}."""
    account = call.github.account(call.part("username"))
    if account is None:
        raise not_found()
    return reply(_public_user(call.github, account))


def show_org(call: Call) -> Response:
    """GET /orgs/{org}."""
    return reply(_full_organization(call.github, call.org()))


def create_user(call: Call) -> Response:
    """POST /admin/users."""
    return reply(shapes.user(call.github, _create(call, "User")), 201)


def create_org(call: Call) -> Response:
    """POST /admin/organizations."""
    admin = call.github.account(call.text("admin"))
    if admin is None:
        raise invalid("Organization", "admin", "admin does not exist")
    return reply(shapes.organization(call.github, _create(call, "Organization")), 201)


def _create(call: Call, kind: str) -> Account:
    login = call.text("login")
    if not _LOGIN.fullmatch(login):
        raise invalid(kind, "login", "login may have 39 letters, digits and single hyphens between them")
    if call.github.account(login) is not None:
        raise invalid(kind, "login", "login is already taken")
    return call.github.add_account(login, kind, call.text("profile_name", ""))


def meta(_call: Call) -> Response:
    """GET /meta."""
    return reply({"verifiable_password_authentication": False, "installed_version": IMITATED_VERSION})


ROUTES: list[BaseRoute] = [
    api("GET", "/meta", meta, needs="nobody"),
    api("GET", "/user", show_self, needs="any"),
    api("GET", "/users/{username}", show_user, needs="nobody"),
    api("GET", "/orgs/{org}", show_org, needs="nobody"),
    api("POST", "/admin/users", create_user, needs="root"),
    api("POST", "/admin/organizations", create_org, needs="root"),
]
