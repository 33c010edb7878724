"""An organization of a test's own on the GitHub sandbox, asked and changed as people do behind Pulumi's back."""

import base64
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from nacl.public import PublicKey, SealedBox

TIMEOUT_S = 30


ACCOUNT = "CI_RUNNERS_ACCOUNT_GITHUB_ORGANIZATION"
ACCOUNT_TOKEN = "CI_RUNNERS_ACCOUNT_GITHUB_TOKEN_FILE"


def account() -> str:
    """The real organization that the environment names (docs/real-accounts.md). Empty: the sandbox is used."""
    return os.environ.get(ACCOUNT, "")


def address() -> str:
    """Where GitHub, or the sandbox, is."""
    return "https://github.com" if account() else os.environ["CI_RUNNERS_GITHUB_URL"]


def api() -> str:
    """Where its REST API is."""
    return "https://api.github.com" if account() else f"{address()}/api/v3"


def token() -> str:
    """The account's token, or the sandbox's own, which may do everything."""
    return (
        Path(os.environ[ACCOUNT_TOKEN if account() else "CI_RUNNERS_GITHUB_TOKEN_FILE"]).read_text().strip()
    )


@dataclass(frozen=True, kw_only=True)
class Organization:
    """One organization."""

    login: str = field(default_factory=lambda: account() or f"e2e-{secrets.token_hex(4)}")

    def call(self, method: str, path: str, body: Any = None, *, also: int = 0) -> Any:  # noqa: ANN401  any JSON
        """Make one call, which must succeed; None where it answers nothing, or with the status `also`."""
        answer = requests.request(
            method,
            f"{api()}{path}",
            json=body,
            headers={"Authorization": f"Bearer {token()}"},
            timeout=TIMEOUT_S,
        )
        assert answer.ok or answer.status_code == also, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.ok and answer.content else None

    def create(self) -> None:
        """Make the organization, unless it is a real one."""
        if account():
            return
        self.call("POST", "/admin/organizations", {"login": self.login, "admin": "sandbox"})

    def add(self, repository: str, *, visibility: str = "private") -> None:
        """Add a repository with a first commit."""
        body = {
            "name": repository,
            "visibility": visibility,
            "private": visibility != "public",
            "auto_init": True,
        }
        self.call("POST", f"/orgs/{self.login}/repos", body)

    def of(self, repository: str, path: str = "") -> Any:  # noqa: ANN401  any JSON
        """GET something of a repository; None where it is not there."""
        return self.call("GET", f"/repos/{self.login}/{repository}{path}", also=404)

    def own(self, path: str) -> Any:  # noqa: ANN401  any JSON
        """GET something of the organization; None where it is not there."""
        return self.call("GET", f"/orgs/{self.login}{path}", also=404)

    def values(self, repository: str, kind: str) -> dict[str, str | None]:
        """A repository's variables or secrets by name; of secrets no one is told the value."""
        found = self.of(repository, f"/actions/{kind}")[kind]
        return {each["name"]: each.get("value") for each in found}

    def overwrite_secret(self, repository: str, name: str, value: str) -> None:
        """Set a secret by hand."""
        key = self.of(repository, "/actions/secrets/public-key")
        box = SealedBox(PublicKey(base64.b64decode(key["key"])))
        body = {
            "encrypted_value": base64.b64encode(box.encrypt(value.encode())).decode(),
            "key_id": key["key_id"],
        }
        self.call("PUT", f"/repos/{self.login}/{repository}/actions/secrets/{name}", body)


def assert_environments(organization: Organization) -> None:
    production = organization.of("app", "/environments/production")
    assert production["can_admins_bypass"] is False
    assert [
        each["wait_timer"] for each in production["protection_rules"] if each["type"] == "wait_timer"
    ] == [5]
    policies = {
        name: organization.of("app", f"/environments/{name}/deployment-branch-policies")["branch_policies"]
        for name in ("production", "staging")
    }
    patterns = {name: {(each["type"], each["name"]) for each in found} for name, found in policies.items()}
    assert patterns == {
        "production": {("branch", "main"), ("branch", "release/*"), ("tag", "v*")},
        "staging": {("branch", "main")},
    }
    inside = organization.of("app", "/environments/production/variables")["variables"]
    assert {each["name"]: each["value"] for each in inside} == {"REGION": "eu"}
    kept = organization.of("app", "/environments/production/secrets")["secrets"]
    assert [each["name"] for each in kept] == ["KEY"]


def assert_permissions(organization: Organization) -> None:
    permissions = organization.of("app", "/actions/permissions")
    assert (permissions["allowed_actions"], permissions["sha_pinning_required"]) == ("selected", True)
    selected = organization.of("app", "/actions/permissions/selected-actions")
    assert "docker/build-push-action@*" in selected["patterns_allowed"]
    assert selected["verified_allowed"] is False
    workflow = organization.of("app", "/actions/permissions/workflow")
    assert workflow["default_workflow_permissions"] == "read"


def assert_group(organization: Organization) -> None:
    groups = {each["name"]: each for each in organization.own("/actions/runner-groups")["runner_groups"]}
    group = groups["image-builders"]
    assert (group["visibility"], group["allows_public_repositories"]) == ("selected", False)
    assert group["restricted_to_workflows"] is True
    assert group["selected_workflows"] == [
        f"{organization.login}/app/.github/workflows/build.yml@refs/heads/main"
    ]
    chosen = organization.own(f"/actions/runner-groups/{group['id']}/repositories")["repositories"]
    assert [each["name"] for each in chosen] == ["app"]


def shared_with(organization: Organization) -> set[str]:
    """The repositories that may use all of what is shared; it must be the same for each part."""
    groups = {
        each["name"]: each["id"] for each in organization.own("/actions/runner-groups")["runner_groups"]
    }
    places = [
        "/actions/variables/MIRROR",
        "/actions/variables/RUNS_ON",
        "/actions/secrets/REGISTRY_PASSWORD",
        f"/actions/runner-groups/{groups['shared-builders']}",
    ]
    found = [organization.own(f"{place}/repositories")["repositories"] for place in places]
    (names,) = {frozenset(each["name"] for each in repositories) for repositories in found}
    return set(names)


def commit(organization: Organization, repository: str, path: str, text: str) -> None:
    """Commit a new file by the API."""
    content = base64.b64encode(text.encode()).decode()
    body = {"message": f"Add {path}", "content": content, "branch": "main"}
    organization.call("PUT", f"/repos/{organization.login}/{repository}/contents/{path}", body)
