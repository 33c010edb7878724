import pytest

from sandbox.ci.status import JobState, composite, next_status


def states(*words: str) -> list[JobState]:
    """`failed!` is a job that may fail."""
    return [JobState(status=word.rstrip("!"), allow_failure=word.endswith("!")) for word in words]


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ((), "success"),
        (("success", "success"), "success"),
        (("success", "skipped"), "success"),
        (("skipped", "skipped"), "skipped"),
        (("success", "failed"), "failed"),
        (("success", "failed!"), "success"),
        (("created", "success"), "running"),
        (("created",), "created"),
        (("pending", "created"), "pending"),
        (("running", "failed"), "running"),
        (("success", "canceled"), "canceled"),
        (("canceling", "success"), "canceling"),
        (("success", "manual"), "manual"),
        (("success", "manual!"), "success"),
        (("failed", "skipped"), "failed"),
    ],
)
def test_many_jobs_add_up_to_one_status(jobs: tuple[str, ...], expected: str) -> None:
    assert composite(states(*jobs)) == expected


@pytest.mark.parametrize(
    ("when", "before", "by_needs", "expected"),
    [
        ("on_success", (), False, "pending"),
        ("on_success", ("success",), False, "pending"),
        ("on_success", ("running",), False, None),
        ("on_success", ("failed",), False, "skipped"),
        ("on_success", ("failed!",), False, "pending"),
        ("on_success", ("manual",), False, None),
        ("on_failure", ("failed",), False, "pending"),
        ("on_failure", ("success",), False, "skipped"),
        ("always", ("failed",), False, "pending"),
        ("always", ("canceled",), False, "skipped"),
        ("manual", ("success",), False, "manual"),
        ("manual", ("failed",), False, "skipped"),
        ("on_success", (), True, "pending"),
        ("on_success", ("skipped",), True, "skipped"),
        ("on_success", ("success", "running"), True, None),
        ("on_success", ("success", "failed!"), True, "pending"),
        ("on_success", ("manual!",), True, "skipped"),
    ],
)
def test_a_waiting_job_looks_at_those_before_it(
    *, when: str, before: tuple[str, ...], by_needs: bool, expected: str | None
) -> None:
    assert next_status(when=when, before=states(*before), by_needs=by_needs) == expected
