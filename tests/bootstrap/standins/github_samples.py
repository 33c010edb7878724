"""GitHub's resource types, each with inputs and the calls that have to come of them."""

import base64

from tests.bootstrap.standins.forge_double import Place
from tests.bootstrap.standins.github_answers import (
    ENVIRONMENT,
    FILE,
    GROUPS,
    ORGANIZATION,
    PERMISSIONS,
    POLICIES,
    REPO,
    commit,
    contents_of_github,
    environment,
    repositories_of,
    repositories_of_group,
    secret_of_github,
)
from tests.bootstrap.standins.sample import Sample

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
            "reviewers": [{"teams": [7], "users": [3, 5]}],
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
                    "reviewers": [
                        {"type": "Team", "id": 7},
                        {"type": "User", "id": 3},
                        {"type": "User", "id": 5},
                    ],
                },
            ),
        ),
        changed={"waitTimer": 60, "reviewers": [{"users": [5]}]},
        answers={f"GET {ENVIRONMENT}": environment},
    ),
    Sample(
        type_name="github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy",
        inputs={"repository": "app", "environment": "prod/eu", "branchPattern": "release/*"},
        identity="app:prod/eu:41",
        made=((f"POST {POLICIES}", {"name": "release/*", "type": "branch"}),),
        changed={"branchPattern": "main"},
    ),
    Sample(
        type_name="github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable",
        inputs={"repository": "app", "environment": "prod/eu", "variableName": "REGION", "value": "eu"},
        identity="app:prod/eu:REGION",
        made=((f"POST {ENVIRONMENT}/variables", {"name": "REGION", "value": "eu"}),),
        changed={"value": "us"},
        places={f"{ENVIRONMENT}/variables": Place(under=f"{ENVIRONMENT}/variables", key="name")},
    ),
    Sample(
        type_name="github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret",
        inputs={
            "repository": "app",
            "environment": "prod/eu",
            "secretName": "TOKEN",
            "valueEncrypted": "c2VhbGVk",
            "keyId": "01",
        },
        identity="app:prod/eu:TOKEN",
        made=((f"PUT {ENVIRONMENT}/secrets/TOKEN", {"encrypted_value": "c2VhbGVk", "key_id": "01"}),),
        changed={"valueEncrypted": "b3RoZXI=", "keyId": "02"},
        answers={f"GET {ENVIRONMENT}/secrets/TOKEN": secret_of_github},
    ),
    Sample(
        type_name="github:index/actionsOrganizationVariable:ActionsOrganizationVariable",
        inputs={
            "variableName": "MIRROR",
            "value": "mirror.example.com",
            "visibility": "selected",
            "selectedRepositoryIds": [2, 1],
        },
        identity="MIRROR",
        made=(
            (
                f"POST {ORGANIZATION}/variables",
                {
                    "name": "MIRROR",
                    "value": "mirror.example.com",
                    "visibility": "selected",
                    "selected_repository_ids": [2, 1],
                },
            ),
        ),
        changed={"value": "other.example.com", "selectedRepositoryIds": [2]},
        places={f"{ORGANIZATION}/variables": Place(under=f"{ORGANIZATION}/variables", key="name")},
        answers={
            f"GET {ORGANIZATION}/variables/MIRROR/repositories": repositories_of(
                f"{ORGANIZATION}/variables/MIRROR"
            )
        },
    ),
    Sample(
        type_name="github:index/actionsOrganizationSecret:ActionsOrganizationSecret",
        inputs={
            "secretName": "TOKEN",
            "visibility": "selected",
            "selectedRepositoryIds": [2, 1],
            "valueEncrypted": "c2VhbGVk",
            "keyId": "01",
        },
        identity="TOKEN",
        made=(
            (
                f"PUT {ORGANIZATION}/secrets/TOKEN",
                {
                    "visibility": "selected",
                    "selected_repository_ids": [2, 1],
                    "encrypted_value": "c2VhbGVk",
                    "key_id": "01",
                },
            ),
        ),
        changed={"selectedRepositoryIds": [2]},
        answers={
            f"GET {ORGANIZATION}/secrets/TOKEN": secret_of_github,
            f"GET {ORGANIZATION}/secrets/TOKEN/repositories": repositories_of(
                f"{ORGANIZATION}/secrets/TOKEN"
            ),
        },
    ),
)
