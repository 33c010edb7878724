"""What many jobs' statuses add up to, and what a waiting job does about it.

Both follow GitLab's own rules (its `Gitlab::Ci::Status::Composite` and the docs' "Pipeline and job statuses").
"""

from collections.abc import Sequence
from dataclasses import dataclass

ACTIVE = frozenset({"pending", "running", "canceling"})
FINISHED = frozenset({"success", "failed", "canceled", "skipped"})

_FORGIVEN = "forgiven"
_IGNORED = "ignored"


@dataclass(frozen=True, kw_only=True)
class JobState:
    """The two facts about a job that others look at."""

    status: str
    allow_failure: bool

    @property
    def weighed(self) -> str:
        """The status as it counts for others."""
        if self.allow_failure and self.status in {"failed", "canceled"}:
            return _FORGIVEN
        if self.allow_failure and self.status == "manual":
            return _IGNORED
        return self.status


def composite(jobs: Sequence[JobState]) -> str:
    """The one status that stands for all these jobs; `success` for none."""
    found = {job.weighed for job in jobs}
    fine = {_FORGIVEN, _IGNORED}
    only: list[tuple[set[str], str]] = [
        ({"success", "skipped"} | fine, "success"),
        ({"created"} | fine, "created"),
        ({"canceled", "success", "skipped"} | fine, "canceled"),
        ({"pending", "created", "skipped"} | fine, "pending"),
    ]
    if found and found <= {"skipped", _IGNORED}:
        return "skipped"
    for members, status in only:
        if found <= members:
            return status
    if found & {"running", "pending"}:
        return "running"
    for status in ("canceling", "manual"):
        if status in found:
            return status
    return "running" if "created" in found else "failed"


def next_status(*, when: str, before: Sequence[JobState], by_needs: bool) -> str | None:
    """What a `created` job becomes: `pending`, `manual`, `skipped`, or None to go on waiting.

    Args:
        when: the job's `when`.
        before: the jobs it waits for: those of earlier stages, or those it needs.
        by_needs: whether `before` comes from `needs`, where a skipped job is not good enough.
    """
    if by_needs and any(job.weighed in {"skipped", _IGNORED} for job in before):
        status = "skipped"
    elif by_needs and not all(job.weighed in FINISHED | {_FORGIVEN, "canceling"} for job in before):
        return None
    else:
        status = composite(before)
    if status not in FINISHED:
        return None
    good_enough = {
        "on_failure": {"failed"},
        "always": {"success", "failed", "skipped"},
    }.get(when, {"success"} if by_needs else {"success", "skipped"})
    if status not in good_enough:
        return "skipped"
    return "manual" if when == "manual" else "pending"
