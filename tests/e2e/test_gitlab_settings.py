"""A project's settings: taken over and set, and put back when somebody changes them by hand."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.gitlab_projects import ALONE, Trial, trial
from tests.e2e.pulumi_cli import counts

pytestmark = pytest.mark.e2e


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Trial]:
    """A project without a daemon and a runner."""
    name = f"gls-{secrets.token_hex(3)}"
    with trial(tmp_path, name=name, program=ALONE) as one:
        yield one


def settings() -> dict[str, Any]:
    return {"settings": {"trust": "several-teams"}}


def found(one: Trial) -> dict[str, Any]:
    return dict(one.forge.projects.get(one.project.id).attributes)


def test_a_preview_shows_that_the_project_is_taken_over_and_changes_nothing(alone: Trial) -> None:
    before = found(alone)
    alone.declare(project=settings())

    shown = alone.cli.run("preview")

    assert "1 to import" in shown
    assert counts(shown)["to update"] == 1
    assert found(alone) == before


def test_the_first_up_sets_what_was_declared_and_leaves_the_rest(alone: Trial) -> None:
    alone.project.description = "As it was"
    alone.project.save()
    before = found(alone)
    alone.declare(project=settings())

    alone.cli.up()

    changed = {name: value for name, value in found(alone).items() if before[name] != value}
    assert changed == {
        "shared_runners_enabled": False,
        "group_runners_enabled": False,
        "forking_access_level": "private",
        "public_jobs": False,
        "protect_merge_request_pipelines": False,
        "ci_pipeline_variables_minimum_override_role": "no_one_allowed",
    }
    alone.cli.up("--refresh", "--expect-no-changes")


def test_a_setting_that_was_changed_by_hand_is_put_back_and_no_other(alone: Trial) -> None:
    alone.declare(project=settings())
    alone.cli.up()
    alone.project.shared_runners_enabled = True
    alone.project.description = "Written by hand"
    alone.project.save()

    changed = counts(alone.cli.up("--refresh"))

    assert changed.pop("unchanged") > 0
    assert changed == {"updated": 1}
    assert (found(alone)["shared_runners_enabled"], found(alone)["description"]) == (False, "Written by hand")
    alone.cli.up("--refresh", "--expect-no-changes")


def test_a_project_whose_settings_are_no_longer_declared_keeps_them(alone: Trial) -> None:
    alone.declare(project=settings())
    alone.cli.up()
    before = found(alone)

    alone.declare()
    alone.cli.up()

    assert before["shared_runners_enabled"] is False
    assert found(alone) == before
