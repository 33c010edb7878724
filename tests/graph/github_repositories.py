"""Arguments of `GitHubRepository`, and a GitHub that answers when it is asked about the repositories."""

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from ci_runners.connections import buildkit_connection, dind_connection, host_connection
from ci_runners.projects.github import GitHubRepository
from ci_runners.projects.github_args import GitHubRepositoryArgs
from tests.graph.recorder import Registered

MARKER = "a-secret-that-nobody-has"
GET_REPOSITORY = "github:index/getRepository:getRepository"
GET_REST_API = "github:index/getRestApi:getRestApi"
DIND = dind_connection(host="dind", network="dind-net", client_volume="dind-client", tags=("dind",)).dump()
CONNECTIONS = [
    (DIND, ["self-hosted", "dind"], {"DOCKER_HOST": "tcp://dind:2376"}),
    (
        host_connection(
            socket="/run/docker.sock", group="998", jobs_volume="jobs", jobs_dir="/jobs", tags=("dood",)
        ).dump(),
        ["self-hosted", "dood"],
        {"DOCKER_HOST": "unix:///var/run/docker.sock"},
    ),
    (
        buildkit_connection(
            host="bk",
            network="net",
            client_volume="certs",
            socket="/run/docker.sock",
            group="998",
            cache_dir="/cache",
            tags=("buildkit", "amd64"),
        ).dump(),
        ["self-hosted", "buildkit", "amd64"],
        {"BUILDKIT_HOST": "tcp://bk:1234"},
    ),
]
LEAST: GitHubRepositoryArgs = {"repository": "app"}
MOST: GitHubRepositoryArgs = {
    "repository": "app",
    "connection": DIND,
    "variables": {"IMAGE": "registry.example.com/team/app"},
    "secrets": {"REGISTRY_PASSWORD": MARKER},
    "environments": {
        "staging": {},
        "production": {
            "wait_timer": 30,
            "reviewer_users": [3],
            "reviewer_teams": [7],
            "prevent_self_review": True,
            "branches": ["main", "release/*"],
            "tags": ["v*"],
            "variables": {"REGION": "eu"},
            "secrets": {"KEY": MARKER},
        },
        "protected": {"protected_branches": True},
    },
    "runner_group": {"name": "image-builders"},
    "workflow_file": {"content": "on: push\n", "commit_message": "Build images"},
}
ORGANIZATION: GitHubRepositoryArgs = {
    "organization": "acme",
    "repositories": ["app", "lib"],
    "connection": DIND,
    "variables": {"IMAGE": "registry.example.com/team/app"},
    "secrets": {"REGISTRY_PASSWORD": MARKER},
    "runner_group": {
        "name": "image-builders",
        "selected_workflows": ["acme/app/.github/workflows/build.yml@refs/heads/main"],
    },
}


class GitHub:
    """What GitHub answers about the repositories of `acme`, and what it was asked."""

    def __init__(self) -> None:
        self.visibility = "private"
        self.archived = False
        self.owner = "acme"
        self.run_forks: int | bool = False
        self.asked: list[str] = []

    def repository(self, args: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append(args["name"])
        if args["name"] == "missing":
            return {"id": "", "name": "missing"}
        return {
            "id": args["name"],
            "name": args["name"],
            "repoId": {"app": 1, "lib": 2}[args["name"]],
            "fullName": f"{self.owner}/{args['name']}",
            "visibility": self.visibility,
            "defaultBranch": "trunk",
            "htmlUrl": f"https://github.com/{self.owner}/{args['name']}",
            "archived": self.archived,
        }

    def rest_api(self, args: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append(args["endpoint"])
        if not isinstance(self.run_forks, bool):
            return {"code": self.run_forks, "body": "{}"}
        return {"code": 200, "body": json.dumps({"run_workflows_from_fork_pull_requests": self.run_forks})}


def repository(args: GitHubRepositoryArgs, **changes: object) -> Callable[[], None]:
    def program() -> None:
        GitHubRepository("app", cast(GitHubRepositoryArgs, {**args, **changes}))

    return program


def kinds(resources: list[Registered]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in resources:
        found.setdefault(each.type.rpartition(":")[2], []).append(each.name)
    return found


def without_secrets(value: Any) -> Any:  # noqa: ANN401  any JSON
    if isinstance(value, dict):
        return {
            key: without_secrets(inner)
            for key, inner in value.items()
            if not (key == "secret" and len(value) == 1)
        }
    return [without_secrets(each) for each in value] if isinstance(value, list) else value
