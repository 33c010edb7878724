"""The records of issues."""

from dataclasses import dataclass
from typing import ClassVar

from sandbox.models import Record


@dataclass(kw_only=True)
class Issue(Record):
    """An issue. A pull request is one too, and the sandbox has no more of it."""

    INDEXED: ClassVar[tuple[str, ...]] = ("repo_id",)

    repo_id: int
    number: int
    title: str
    body: str = ""
    created_at: str = ""


@dataclass(kw_only=True)
class IssueComment(Record):
    """A comment on an issue."""

    INDEXED: ClassVar[tuple[str, ...]] = ("repo_id", "issue_id")

    repo_id: int
    issue_id: int
    body: str
    by_bot: bool = False
    """Whether a job or an App has written it, and not the one person."""
    created_at: str = ""
    updated_at: str = ""
