"""GitLab's rules for masked variables, held against the API: what is refused never gets there, what is taken stays."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_runners.render.ci_variables import Rule
from tests.e2e.gitlab_projects import ALONE, Trial, trial
from tests.unit.gitlab_values import BAD, GOOD

pytestmark = pytest.mark.e2e


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Trial]:
    """A project without a daemon and a runner."""
    name = f"glp-{secrets.token_hex(3)}"
    with trial(tmp_path, name=name, program=ALONE) as one:
        yield one


@pytest.mark.parametrize("command", ["preview", "up"])
@pytest.mark.case(number=29, component="GitLabProject", title="refused by name, nothing is sent")
def test_every_bad_masked_value_is_refused_by_name_and_nothing_is_sent(alone: Trial, command: str) -> None:
    neighbours = [
        {"key": "REGISTRY_USER", "value": "robot-of-the-registry"},
        {"key": "SECRET_ITSELF", "value": "good-enough"},
    ]
    bad = [{"key": f"BAD_{at}", "value": each.value, "raw": each.raw} for at, each in enumerate(BAD)]
    alone.declare(secrets=[*neighbours, *bad])

    done = alone.cli.attempt(command, *(["--yes", "--skip-preview"] if command == "up" else []))

    assert done.returncode != 0
    refused = [line for line in done.stdout.splitlines() if "secret_variables[" in line]
    for at, each in enumerate(BAD):
        said = [line for line in refused if f"secret_variables[{at + 2}].value" in line]
        assert [rule for rule in Rule if any(rule.value in line for line in said)] == sorted(
            each.rules, key=list(Rule).index
        )
    assert alone.project.variables.list(get_all=True) == []


def test_every_good_masked_value_is_taken_by_the_api_and_stays(alone: Trial) -> None:
    good = [{"key": f"GOOD_{at}", "value": value, "raw": raw} for at, (value, raw) in enumerate(GOOD)]
    alone.declare(secrets=good)

    alone.cli.up()

    there = {each.key: (each.value, each.raw) for each in alone.project.variables.list(get_all=True)}
    assert there == {each["key"]: (each["value"], each["raw"]) for each in good}
    assert all(each.masked for each in alone.project.variables.list(get_all=True))
    alone.cli.up("--refresh", "--expect-no-changes")
