"""GitHub's resource types, each with inputs and the calls that have to come of them."""

import base64
from typing import Any

from tests.bootstrap.standins.forge_double import Call, ForgeDouble, Place
from tests.bootstrap.standins.sample import Sample

REPO = "/api/v3/repos/acme/app"
GROUPS = "/api/v3/orgs/acme/actions/runner-groups"
PERMISSIONS = f"{REPO}/actions/permissions"
ENVIRONMENT = f"{REPO}/environments/prod%2Feu"
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
            {"type": "required_reviewers", "prevent_self_review": there["prevent_self_review"]},
        ],
    }


SAMPLES = (
    Sample(
        type_name="github:index/actionsVariable:ActionsVariable",
        inputs={"repository": "app", "variableName": "HOST", "value": "unix:///var/run/docker.sock"},
        identity="app:HOST",
        made=((f"POST {REPO}/actions/variables", {"name": "HOST", "value": "unix:///var/run/docker.sock"}),),
        changed={"value": "tcp://docker:2376"},
        places={f"{REPO}/actions/variables": Place(under=f"{REPO}/actions/variables", key="name")},
    ),
    Sample(
        type_name="github:index/actionsSecret:ActionsSecret",
        inputs={"repository": "app", "secretName": "TOKEN", "valueEncrypted": "c2VhbGVk", "keyId": "01"},
        identity="app:TOKEN",
        made=((f"PUT {REPO}/actions/secrets/TOKEN", {"encrypted_value": "c2VhbGVk", "key_id": "01"}),),
        changed={"valueEncrypted": "b3RoZXI=", "keyId": "02"},
        answers={f"GET {REPO}/actions/secrets/TOKEN": secret_of_github},
    ),
    Sample(
        type_name="github:index/repositoryFile:RepositoryFile",
        inputs={
            "repository": "app",
            "file": ".github/workflows/build.yml",
            "branch": "main",
            "content": "on: push\n",
            "commitAuthor": "Ann",
            "commitEmail": "ann@example.com",
        },
        identity="app:.github/workflows/build.yml:main",
        made=(
            (
                f"PUT {FILE}",
                {
                    "message": "Add .github/workflows/build.yml",
                    "content": base64.b64encode(b"on: push\n").decode(),
                    "branch": "main",
                    "author": {"name": "Ann", "email": "ann@example.com"},
                    "committer": {"name": "Ann", "email": "ann@example.com"},
                },
            ),
        ),
        changed={"content": "on: [push]\n"},
        answers={
            f"GET {FILE}": contents_of_github,
            f"PUT {FILE}": commit,
        },
    ),
    Sample(
        type_name="github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions",
        inputs={
            "repository": "app",
            "allowedActions": "selected",
            "allowedActionsConfig": {
                "githubOwnedAllowed": True,
                "patternsAlloweds": ["acme/*"],
                "verifiedAllowed": False,
            },
            "shaPinningRequired": True,
        },
        identity="app",
        made=(
            (
                f"PUT {PERMISSIONS}",
                {"enabled": True, "allowed_actions": "selected", "sha_pinning_required": True},
            ),
            (
                f"PUT {PERMISSIONS}/selected-actions",
                {"github_owned_allowed": True, "patterns_allowed": ["acme/*"], "verified_allowed": False},
            ),
        ),
        changed={"shaPinningRequired": False},
        is_removed=False,
    ),
    Sample(
        type_name="github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions",
        inputs={
            "repository": "app",
            "defaultWorkflowPermissions": "write",
            "canApprovePullRequestReviews": True,
        },
        identity="app",
        made=(
            (
                f"PUT {PERMISSIONS}/workflow",
                {"default_workflow_permissions": "write", "can_approve_pull_request_reviews": True},
            ),
        ),
        changed={"canApprovePullRequestReviews": False},
        is_removed=False,
    ),
    Sample(
        type_name="github:index/actionsRunnerGroup:ActionsRunnerGroup",
        inputs={
            "name": "builders",
            "visibility": "selected",
            "selectedRepositoryIds": [2, 1],
            "restrictedToWorkflows": True,
            "selectedWorkflows": ["acme/app/.github/workflows/build.yml@refs/heads/main"],
        },
        identity="41",
        made=(
            (
                f"POST {GROUPS}",
                {
                    "name": "builders",
                    "visibility": "selected",
                    "selected_repository_ids": [2, 1],
                    "restricted_to_workflows": True,
                    "allows_public_repositories": False,
                    "selected_workflows": ["acme/app/.github/workflows/build.yml@refs/heads/main"],
                },
            ),
        ),
        changed={"name": "image-builders", "selectedRepositoryIds": [2]},
        answers={f"GET {GROUPS}/41/repositories": repositories_of_group},
    ),
    Sample(
        type_name="github:index/repositoryEnvironment:RepositoryEnvironment",
        inputs={
            "repository": "app",
            "environment": "prod/eu",
            "waitTimer": 30,
            "preventSelfReview": True,
            "deploymentBranchPolicy": {"protectedBranches": True, "customBranchPolicies": False},
        },
        identity="app:prod/eu",
        made=(
            (
                f"PUT {ENVIRONMENT}",
                {
                    "wait_timer": 30,
                    "can_admins_bypass": True,
                    "prevent_self_review": True,
                    "deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": False},
                },
            ),
        ),
        changed={"waitTimer": 60},
        answers={f"GET {ENVIRONMENT}": environment},
    ),
)
