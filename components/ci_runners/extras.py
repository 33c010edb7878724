"""The SDKs that only some components need, which are extras of the package, and the error where one is missing."""

from collections.abc import Iterator
from contextlib import contextmanager

EXTRAS = {"docker": "preflight", "pulumi_github": "github", "pulumi_gitlab": "gitlab"}
"""The extra that brings each module."""


class MissingExtra(ModuleNotFoundError):
    """Raised where something is used whose SDK is not installed; says which extra brings it, and how to get that."""

    def __init__(self, user: str, module: str) -> None:
        extra = EXTRAS[module]
        super().__init__(
            f"{user} needs the package {module.replace('_', '-')}, which is not installed. Fix: install the extra"
            f" `{extra}` of ci-runners: pip install 'ci-runners[{extra}]'",
            name=module,
        )


@contextmanager
def needed_by(user: str) -> Iterator[None]:
    """Raise `MissingExtra` where an import finds an extra's module missing; any other module's absence is raised as it is."""
    try:
        yield
    except ModuleNotFoundError as missing:
        if missing.name not in EXTRAS or isinstance(missing, MissingExtra):
            raise
        raise MissingExtra(user, missing.name) from None
