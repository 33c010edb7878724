"""The `permissions` of a workflow or job: what its token may do (GitHub docs, "Workflow syntax: permissions")."""

from typing import Any

_SCOPES = (
    "actions",
    "artifact-metadata",
    "attestations",
    "checks",
    "contents",
    "deployments",
    "discussions",
    "id-token",
    "issues",
    "models",
    "packages",
    "pages",
    "pull-requests",
    "security-events",
    "statuses",
)
_LEVELS = ("read", "write", "none")
_ALL = {"read-all": "read", "write-all": "write"}


def read_permissions(given: Any, problems: list[str], where: str = "permissions") -> dict[str, str] | None:  # noqa: ANN401 - YAML
    """By name as an App has it (`pull_requests`); what is not named is none. None if nothing is said at all."""
    if given is None:
        return None
    if isinstance(given, str) and given in _ALL:
        return everything(_ALL[given])
    if not isinstance(given, dict):
        problems.append(f"{where}: expected a mapping, read-all or write-all")
        return None
    for scope, level in given.items():
        if scope not in _SCOPES:
            problems.append(f"{where}.{scope} is not understood")
        elif level not in _LEVELS or (scope == "id-token" and level == "read"):
            problems.append(f"{where}.{scope}: {level!r} is not a level")
    return {scope.replace("-", "_"): level for scope, level in given.items() if level != "none"}


def everything(level: str) -> dict[str, str]:
    """All scopes at one level."""
    return {scope.replace("-", "_"): level for scope in _SCOPES if level == "write" or scope != "id-token"}


def by_default(setting: str) -> dict[str, str]:
    """What a token may do where the workflow says nothing, by the repository's setting, read or write."""
    return everything("write") if setting == "write" else {"contents": "read", "packages": "read"}
