"""What a stack's configuration says of a repository at GitHub: with the values of variables, without those of secrets."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ci_runners.render.github_environments import EnvironmentSpec
from ci_runners.render.github_repository import (
    GitHubRepositorySpec,
    PermissionsSpec,
    RunnerGroupSpec,
    WorkflowFileSpec,
)

Value = TypeVar("Value")


@dataclass(frozen=True, kw_only=True)
class EnvironmentSettings:
    """An environment. What a field means is said on `RepositoryEnvironmentArgs`."""

    wait_timer: int = 0
    reviewer_users: tuple[int, ...] = ()
    reviewer_teams: tuple[int, ...] = ()
    prevent_self_review: bool = False
    can_admins_bypass: bool = False
    protected_branches: bool = False
    branches: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    """Names: their values are secrets of the configuration."""


@dataclass(frozen=True, kw_only=True)
class RepositorySettings:
    """A repository. What a field means is said on `GitHubRepositoryArgs`."""

    repository: str | None = None
    organization: str | None = None
    repositories: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    """Names: their values are secrets of the configuration."""
    environments: dict[str, EnvironmentSettings] = field(default_factory=dict)
    runner_group: RunnerGroupSpec | None = None
    permissions: PermissionsSpec | None = None
    workflow_file: WorkflowFileSpec | None = None
    accept_fork_pull_requests: bool = False

    def spec(self) -> GitHubRepositorySpec:
        """The same as the component's rules know it: of variables only the names."""
        environments = {
            name: EnvironmentSpec(**{**_fields(each), "variables": tuple(each.variables)})
            for name, each in self.environments.items()
        }
        return GitHubRepositorySpec(
            **{**_fields(self), "variables": tuple(self.variables), "environments": environments}
        )

    def secret_names(self) -> Iterator[str]:
        """The secrets whose values have to be in the configuration."""
        yield from self.secrets
        for each in self.environments.values():
            yield from each.secrets

    def with_values(self, said: dict[str, Any], values: Mapping[str, Value]) -> dict[str, Any]:
        """The component's arguments, `said`, with the secrets' values."""
        environments = {
            name: {
                **said["environments"][name],
                "secrets": {secret: values[secret] for secret in each.secrets},
            }
            for name, each in self.environments.items()
        }
        return {
            **said,
            "secrets": {secret: values[secret] for secret in self.secrets},
            "environments": environments,
        }


def _fields(given: Any) -> dict[str, Any]:  # noqa: ANN401  any of the dataclasses above
    return {each.name: getattr(given, each.name) for each in dataclasses.fields(given)}
