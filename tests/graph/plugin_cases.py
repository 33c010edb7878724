"""For every place of a component's arguments that may be an output: arguments that use it, and what shows that they do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ci_runners.connections import dind_connection
from tests.unit.authority import AUTHORITY, KEY

Value = Any
Arguments = Callable[[Value], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One place."""

    value: str
    arguments: Arguments
    """The arguments with a value, marked or not, in that place."""
    shows: str = ""
    """What of the value the children then hold. Default: the whole."""


def connection(host: str) -> str:
    """A connection of a DinD daemon of that host name."""
    return dind_connection(host=host, network=host, client_volume="certs", tags=(host,)).dump()


CONNECTION = connection("dind")
MARKED = connection("marked")
GITLAB = "https://marked.example.com"
GITHUB = "https://marked.example.com/acme/app"
TEXT = "marked-by-the-test"
OWN_AUTHORITY = {"authorityCertificate": AUTHORITY}
RUNNER = {"url": "https://gitlab.example.com", "token": "glrt-made-up", "connection": CONNECTION}
GITHUB_RUNNER = {
    "url": "https://github.com/acme/app",
    "token": "github_pat_made-up",
    "connection": CONNECTION,
}
APP = {"clientId": "Iv1.made-up", "installationId": "42", "privateKey": KEY}
DRAIN = {
    "url": "https://gitlab.example.com",
    "apiToken": "glpat-made-up",
    "runnerId": "7",
    "runnerContainer": "runner",
}
STATION: dict[str, Any] = {
    "builder": "buildkit",
    "gitlab": {"url": "https://gitlab.example.com", "token": "glrt-made-up"},
    "pipeline": {"imageName": "registry.example.com/team/app"},
}
GITHUB_STATION: dict[str, Any] = {
    "builder": "buildkit",
    "github": {"url": "https://github.com/acme/app", "token": "github_pat_made-up"},
}
PROJECT = {"project": "team/app"}

LEAST: Mapping[str, Mapping[str, Any]] = {
    "BuildStation": STATION,
    "BuildkitDaemon": {},
    "CacheCleanup": {"connection": CONNECTION},
    "DindDaemon": {"acceptPrivileged": True},
    "GitHubRepository": {"repository": "app"},
    "GitHubRunner": GITHUB_RUNNER,
    "GitLabProject": PROJECT,
    "GitLabRunner": RUNNER,
    "HostDaemon": {"acceptHostRoot": True},
    "Kaniko": {},
    "RegistryMirror": {},
    "RunnerDrain": DRAIN,
    "StationMetrics": {"connection": CONNECTION, "daemonAddress": "dind:9323"},
}
"""The least that each component takes."""
LEAST_WITH: Mapping[str, Mapping[str, Any]] = {
    "BuildStation.github": {"builder": "buildkit"},
    "BuildStation.github.app": {"builder": "buildkit", "github": {"url": "https://github.com/acme/app"}},
    "GitHubRunner.app": {"url": "https://github.com/acme/app", "connection": CONNECTION},
}
"""Where that has what rules the place out."""


def _station_project(**project: Value) -> dict[str, Any]:
    return {**STATION, "project": {**PROJECT, **project}}


def _github_station(**github: Value) -> dict[str, Any]:
    return {"builder": "buildkit", "github": {"url": "https://github.com/acme/app", **github}}


def _repository(**given: Value) -> dict[str, Any]:
    return {**GITHUB_STATION, "repository": {"repository": "app", **given}}


def _drained(api_token: Value) -> dict[str, Any]:
    return {
        **STATION,
        "gitlab": {"url": "https://gitlab.example.com", "apiToken": api_token},
        "project": {**PROJECT, "registration": {}},
        "drain": {},
    }


def _app(**given: Value) -> dict[str, Any]:
    return {
        "url": "https://github.com/acme/app",
        "connection": CONNECTION,
        "app": {**APP, **given},
    }


def _in_environment(kind: str, value: Value) -> dict[str, Any]:
    return {"environments": {"production": {kind: {"NAME": value}}}}


def _metrics(**given: Value) -> dict[str, Any]:
    return {**LEAST["StationMetrics"], **given}


SECRET_VARIABLE = {"key": "PASSWORD"}

CASES: Mapping[str, Case] = {
    "BuildStation.buildkit.authorityKey": Case(
        value=KEY,
        arguments=lambda value: {
            **STATION,
            "buildkit": {"certificates": OWN_AUTHORITY, "authorityKey": value},
        },
    ),
    "BuildStation.dind.authorityKey": Case(
        value=KEY,
        arguments=lambda value: {
            **STATION,
            "builder": "dind",
            "dind": {"acceptPrivileged": True, "certificates": OWN_AUTHORITY, "authorityKey": value},
        },
    ),
    "BuildStation.github.app.clientId": Case(
        value=TEXT, arguments=lambda value: _github_station(app={**APP, "clientId": value})
    ),
    "BuildStation.github.app.installationId": Case(
        value="271828", arguments=lambda value: _github_station(app={**APP, "installationId": value})
    ),
    "BuildStation.github.app.privateKey": Case(
        value=KEY,
        arguments=lambda value: _github_station(app={**APP, "privateKey": value}),
        shows="PRIVATE KEY",
    ),
    "BuildStation.github.token": Case(value=TEXT, arguments=lambda value: _github_station(token=value)),
    "BuildStation.github.url": Case(
        value=GITHUB,
        arguments=lambda value: _github_station(url=value, token="made-up"),
        shows="https://marked.example.com",
    ),
    "BuildStation.gitlab.apiToken": Case(value=TEXT, arguments=_drained),
    "BuildStation.gitlab.token": Case(
        value=TEXT, arguments=lambda value: {**STATION, "gitlab": {**STATION["gitlab"], "token": value}}
    ),
    "BuildStation.gitlab.url": Case(
        value=GITLAB, arguments=lambda value: {**STATION, "gitlab": {**STATION["gitlab"], "url": value}}
    ),
    "BuildStation.project.secretValues.NAME": Case(
        value=TEXT,
        arguments=lambda value: _station_project(
            secretVariables=[SECRET_VARIABLE], secretValues={"PASSWORD": value}
        ),
    ),
    "BuildStation.project.secretVariables.[0].value": Case(
        value=TEXT,
        arguments=lambda value: _station_project(secretVariables=[{**SECRET_VARIABLE, "value": value}]),
    ),
    "BuildStation.repository.environments.NAME.secrets.NAME": Case(
        value=TEXT, arguments=lambda value: _repository(**_in_environment("secrets", value))
    ),
    "BuildStation.repository.environments.NAME.variables.NAME": Case(
        value=TEXT, arguments=lambda value: _repository(**_in_environment("variables", value))
    ),
    "BuildStation.repository.secrets.NAME": Case(
        value=TEXT, arguments=lambda value: _repository(secrets={"PASSWORD": value})
    ),
    "BuildStation.repository.variables.NAME": Case(
        value=TEXT, arguments=lambda value: _repository(variables={"IMAGE": value})
    ),
    "BuildkitDaemon.authorityKey": Case(
        value=KEY, arguments=lambda value: {"certificates": OWN_AUTHORITY, "authorityKey": value}
    ),
    "CacheCleanup.connection": Case(
        value=MARKED, arguments=lambda value: {"connection": value}, shows="tcp://marked:2376"
    ),
    "DindDaemon.authorityKey": Case(
        value=KEY,
        arguments=lambda value: {
            "acceptPrivileged": True,
            "certificates": OWN_AUTHORITY,
            "authorityKey": value,
        },
    ),
    "GitHubRepository.connection": Case(
        value=MARKED, arguments=lambda value: {"repository": "app", "connection": value}, shows="marked"
    ),
    "GitHubRepository.environments.NAME.secrets.NAME": Case(
        value=TEXT, arguments=lambda value: {"repository": "app", **_in_environment("secrets", value)}
    ),
    "GitHubRepository.environments.NAME.variables.NAME": Case(
        value=TEXT, arguments=lambda value: {"repository": "app", **_in_environment("variables", value)}
    ),
    "GitHubRepository.secrets.NAME": Case(
        value=TEXT, arguments=lambda value: {"repository": "app", "secrets": {"PASSWORD": value}}
    ),
    "GitHubRepository.variables.NAME": Case(
        value=TEXT, arguments=lambda value: {"repository": "app", "variables": {"IMAGE": value}}
    ),
    "GitHubRepository.workflowFile.content": Case(
        value=TEXT, arguments=lambda value: {"repository": "app", "workflowFile": {"content": value}}
    ),
    "GitHubRunner.app.clientId": Case(value=TEXT, arguments=lambda value: _app(clientId=value)),
    "GitHubRunner.app.installationId": Case(
        value="271828", arguments=lambda value: _app(installationId=value)
    ),
    "GitHubRunner.app.privateKey": Case(
        value=KEY, arguments=lambda value: _app(privateKey=value), shows="PRIVATE KEY"
    ),
    "GitHubRunner.connection": Case(
        value=MARKED,
        arguments=lambda value: {**GITHUB_RUNNER, "connection": value},
        shows="tcp://marked:2376",
    ),
    "GitHubRunner.runnerGroup": Case(
        value=TEXT,
        arguments=lambda value: {**GITHUB_RUNNER, "url": "https://github.com/acme", "runnerGroup": value},
    ),
    "GitHubRunner.token": Case(value=TEXT, arguments=lambda value: {**GITHUB_RUNNER, "token": value}),
    "GitHubRunner.url": Case(
        value=GITHUB,
        arguments=lambda value: {**GITHUB_RUNNER, "url": value},
        shows="https://marked.example.com",
    ),
    "GitLabProject.connection": Case(
        value=MARKED,
        arguments=lambda value: {**PROJECT, "connection": value, "registration": {}},
        shows="marked",
    ),
    "GitLabProject.pipelineFile.content": Case(
        value=TEXT, arguments=lambda value: {**PROJECT, "pipelineFile": {"content": value}}
    ),
    "GitLabProject.secretValues.NAME": Case(
        value=TEXT,
        arguments=lambda value: {
            **PROJECT,
            "secretVariables": [SECRET_VARIABLE],
            "secretValues": {"PASSWORD": value},
        },
    ),
    "GitLabProject.secretVariables.[0].value": Case(
        value=TEXT,
        arguments=lambda value: {**PROJECT, "secretVariables": [{**SECRET_VARIABLE, "value": value}]},
    ),
    "GitLabRunner.connection": Case(
        value=MARKED, arguments=lambda value: {**RUNNER, "connection": value}, shows="tcp://marked:2376"
    ),
    "GitLabRunner.token": Case(value=TEXT, arguments=lambda value: {**RUNNER, "token": value}),
    "GitLabRunner.url": Case(value=GITLAB, arguments=lambda value: {**RUNNER, "url": value}),
    "RegistryMirror.password": Case(
        value=TEXT, arguments=lambda value: {"username": "reader", "password": value}
    ),
    "RunnerDrain.apiToken": Case(value=TEXT, arguments=lambda value: {**DRAIN, "apiToken": value}),
    "RunnerDrain.runnerContainer": Case(
        value=TEXT, arguments=lambda value: {**DRAIN, "runnerContainer": value}
    ),
    "RunnerDrain.runnerId": Case(value="271828", arguments=lambda value: {**DRAIN, "runnerId": value}),
    "RunnerDrain.url": Case(value=GITLAB, arguments=lambda value: {**DRAIN, "url": value}),
    "StationMetrics.certificateExpiry": Case(
        value="2031-02-03T04:05:06Z",
        arguments=lambda value: _metrics(certificateExpiry=value),
        shows="1927857906",
    ),
    "StationMetrics.cleanupStateVolume": Case(
        value=TEXT, arguments=lambda value: _metrics(cleanupStateVolume=value)
    ),
    "StationMetrics.connection": Case(
        value=MARKED, arguments=lambda value: _metrics(connection=value), shows="marked"
    ),
    "StationMetrics.daemonMetricsVolume": Case(
        value=TEXT,
        arguments=lambda value: {"connection": CONNECTION, "daemonMetricsVolume": value},
    ),
}
"""By the place's key."""
