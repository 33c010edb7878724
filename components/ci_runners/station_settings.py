"""From a stack's settings to a station's arguments: the settings, with the secrets that they do not hold."""

import dataclasses
from collections.abc import Mapping
from typing import Any, cast

import pulumi

from ci_runners.settings import Settings
from ci_runners.station_args import BuildStationArgs


@dataclasses.dataclass(frozen=True, kw_only=True)
class StationSecrets:
    """The secrets themselves. None is what the configuration does not have."""

    runner_token: pulumi.Output[str] | None = None
    gitlab_api_token: pulumi.Output[str] | None = None
    github_token: pulumi.Output[str] | None = None
    github_app_private_key: pulumi.Output[str] | None = None
    authority_key: pulumi.Output[str] | None = None
    values: Mapping[str, pulumi.Output[str]] = dataclasses.field(default_factory=dict)


def station_args(settings: Settings, secrets: StationSecrets) -> BuildStationArgs:
    """The station that settings describe."""
    said = _said(settings.station())
    del said["forge"]
    for way in ("dind", "buildkit"):
        if said[way]["certificates"].get("authority_certificate") is not None:
            said[way]["authority_key"] = secrets.authority_key
    if settings.github is not None:
        said["github"] = _github(settings, secrets)
    if settings.gitlab is not None:
        # Where stations share a stack's secrets, what one of them uses is there for the others too.
        token = None if settings.registers() else secrets.runner_token
        api_token = None if settings.drain is None else secrets.gitlab_api_token
        said["gitlab"] = _with(url=settings.gitlab.url, token=token, api_token=api_token)
    if settings.project is not None:
        variables = said["project"]["secret_variables"]
        said["project"]["secret_variables"] = [
            {**each, "value": secrets.values[each["key"]]} for each in variables
        ]
    if settings.repository is not None:
        said["repository"] = settings.repository.with_values(_said(settings.repository), secrets.values)
    return cast(BuildStationArgs, said)


def _github(settings: Settings, secrets: StationSecrets) -> dict[str, object]:
    github = settings.github
    if github is None or github.app is None:
        return _with(url=github and github.url, token=secrets.github_token)
    app = {**dataclasses.asdict(github.app), "private_key": secrets.github_app_private_key}
    return _with(url=github.url, app=app)


def _with(**given: object) -> dict[str, object]:
    """What there is of it."""
    return {key: value for key, value in given.items() if value is not None}


def _said(spec: Any) -> dict[str, Any]:  # noqa: ANN401  a dataclass
    """A spec as a component's arguments. To them a value that is not set is a key that is not there."""
    return dataclasses.asdict(
        spec,
        dict_factory=lambda pairs: {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in pairs
            if value is not None
        },
    )
