"""Where GitHub keeps things, and its answers where they are not simply what was sent."""

from typing import Any

from tests.bootstrap.standins.forge_double import Answer, Call, ForgeDouble

REPO = "/api/v3/repos/acme/app"
GROUPS = "/api/v3/orgs/acme/actions/runner-groups"
PERMISSIONS = f"{REPO}/actions/permissions"
ENVIRONMENT = f"{REPO}/environments/prod%2Feu"
POLICIES = f"{ENVIRONMENT}/deployment-branch-policies"
ORGANIZATION = "/api/v3/orgs/acme/actions"
FILE = f"{REPO}/contents/.github/workflows/build.yml"


def contents_of_github(double: ForgeDouble, call: Call) -> tuple[int, Any]:
    there = double.objects.get(call.path)
    return (200, {"content": there["content"], "sha": "blob-1"}) if there else (404, {"message": "Not Found"})


def commit(double: ForgeDouble, call: Call) -> tuple[int, Any]:
    double.objects[call.path] = call.body
    return 201, {"content": {"sha": "blob-1"}, "commit": {"sha": "commit-1"}}


def secret_of_github(double: ForgeDouble, call: Call) -> tuple[int, Any]:
    there = double.objects.get(call.path)
    if there is None:
        return 404, {"message": "Not Found"}
    return 200, {
        "name": "TOKEN",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": f"2026-{there['key_id']}",
        **{name: there[name] for name in ("visibility",) if name in there},
    }


def repositories_of_group(double: ForgeDouble, _: Call) -> tuple[int, Any]:
    there = double.objects.get(f"{GROUPS}/41/repositories") or double.objects.get(f"{GROUPS}/41") or {}
    selected = there.get("selected_repository_ids", [])
    return 200, {"total_count": len(selected), "repositories": [{"id": each} for each in selected]}


def environment(double: ForgeDouble, call: Call) -> tuple[int, Any]:
    there = double.objects.get(call.path)
    if there is None:
        return 404, {"message": "Not Found"}
    return 200, {
        **{name: there[name] for name in ("can_admins_bypass", "deployment_branch_policy")},
        "protection_rules": [
            {"type": "wait_timer", "wait_timer": there["wait_timer"]},
            {
                "type": "required_reviewers",
                "prevent_self_review": there["prevent_self_review"],
                "reviewers": [
                    {"type": each["type"], "reviewer": {"id": each["id"]}} for each in there["reviewers"]
                ],
            },
        ],
    }


def repositories_of(path: str) -> Answer:
    """What a variable or a secret of an organization is shared with: set with the object."""

    def answer(double: ForgeDouble, _: Call) -> tuple[int, Any]:
        there = double.objects.get(path) or {}
        selected = there.get("selected_repository_ids", [])
        return 200, {"total_count": len(selected), "repositories": [{"id": each} for each in selected]}

    return answer
