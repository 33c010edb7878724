"""Arguments for `GitLabProject`, the least and nearly all, and programs with it."""

from collections.abc import Callable
from typing import Any

import pulumi

from ci_runners.connections import dind_connection, host_connection, kaniko_connection
from ci_runners.projects.gitlab import GitLabProject
from ci_runners.projects.gitlab_args import GitLabProjectArgs
from ci_runners.recommend import Trust
from ci_runners.render.gitlab_project import GitLabRunnerAccess
from tests.graph.recorder import Graph, Registered

CONNECTION = dind_connection(
    host="dind", network="dind-net", client_volume="dind-client", tags=("dind",)
).dump()
DOOD = host_connection(
    socket="/run/docker.sock", group="998", jobs_volume="jobs", jobs_dir="/data/jobs", tags=("dood",)
).dump()
KANIKO = kaniko_connection(
    socket="/run/docker.sock",
    group="998",
    cache_dir="/data/jobs",
    environment={"KANIKO_FLAGS": "--cache=true"},
    tags=("kaniko",),
).dump()
MARKER = "a-marker-of-a-secret"
LEAST: GitLabProjectArgs = {"project": "team/app"}
MOST: GitLabProjectArgs = {
    "project": "team/app",
    "connection": CONNECTION,
    "registration": {
        "description": "builds images",
        "tags": ["amd64"],
        "access_level": GitLabRunnerAccess.REF_PROTECTED,
        "maximum_timeout": 3600,
        "rotate": "2026-11",
    },
    "enabled_projects": ["team/lib", "43"],
    "variables": [
        {"key": "REGISTRY", "value": "registry.example.com", "description": "where images go"},
        {"key": "STAGE", "value": "review", "environment_scope": "review/*"},
    ],
    "secret_variables": [
        {"key": "REGISTRY_PASSWORD", "value": MARKER, "hidden": True},
        {
            "key": "SIGNING_KEY",
            "value": f"two lines\n{MARKER}",
            "masked": False,
            "variable_type": "file",
        },
    ],
    "job_token_scope": {"projects": ["team/lib"], "groups": ["team/images"]},
    "protected_branches": [{"branch": "main", "push_access_level": "no one"}, {"branch": "release/*"}],
    "pipeline_file": {"content": "build:\n  script: [make]\n"},
    "schedules": [{"description": "cleanup", "variables": {"CLEANUP": "true"}}],
    "settings": {
        "trust": Trust.ONE_TEAM,
        "build_timeout": 1800,
        "registry_cleanup": {"keep_n": 5},
    },
}


def graph_of_gitlab() -> Graph:
    """A GitLab that has every project and group that it is asked for."""
    graph = Graph()
    graph.functions = {
        "gitlab:index/getProject:getProject": lambda asked: {
            "id": asked.get("id") or str(40 + len(asked["pathWithNamespace"])),
            "name": "app",
            "defaultBranch": "main",
            "webUrl": "https://gitlab.example.com/team/app",
        },
        "gitlab:index/getGroup:getGroup": lambda _: {
            "id": "9",
            "groupId": 9,
            "name": "team",
            "webUrl": "https://gitlab.example.com/groups/team",
        },
    }
    return graph


def declared(args: GitLabProjectArgs) -> Callable[[], None]:
    def program() -> None:
        project = GitLabProject("forge", args)
        pulumi.export("token", project.runner_token)
        pulumi.export("runner", project.runner_id)
        pulumi.export("page", project.web_url)
        pulumi.export("project", project.project_id)
        pulumi.export("group", project.group_id)

    return program


def kinds(resources: list[Registered]) -> dict[str, str]:
    return {resource.name: resource.type.split(":")[-1] for resource in resources}


def variables(resources: list[Registered]) -> dict[str, Any]:
    return {
        resource.inputs["key"]: resource.inputs["value"]
        for resource in resources
        if resource.type.endswith("Variable") and "-schedule-" not in resource.name
    }
