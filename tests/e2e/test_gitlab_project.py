"""A GitLab project from nothing to a green pipeline and back to nothing, through Pulumi's own CLI."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gitlab
import pytest

from bootstrap.station import digest_in_registry, finished_pipeline
from tests.e2e.gitlab_projects import Trial, traces_of, trial
from tests.e2e.pulumi_cli import counts
from tests.e2e.test_ways import labelled, of_jobs

pytestmark = pytest.mark.e2e

SECRETS = {"PASSWORD": "marker-of-a-password", "HIDDEN": "marker-of-a-hidden", "KEY": "marker of\na file"}
DIND = {
    "DOCKER_HOST": "tcp://docker:2376",
    "DOCKER_TLS_VERIFY": "1",
    "DOCKER_CERT_PATH": "/certs/client",
    "DOCKER_TLS_CERTDIR": "/certs",
}
SHOW = ['echo "plain=$PLAIN raw=$RAW"', 'echo "password=$PASSWORD hidden=$HIDDEN"', 'head -c 9 "$KEY"']
SETTINGS = {
    "shared_runners_enabled": False,
    "group_runners_enabled": False,
    "forking_access_level": "private",
    "public_jobs": False,
    "protect_merge_request_pipelines": False,
    "ci_pipeline_variables_minimum_override_role": "no_one_allowed",
    "ci_push_repository_for_job_token_allowed": False,
    "ci_separated_caches": True,
    "build_timeout": 1800,
}


def wanted() -> dict[str, Any]:
    return {
        "registration": {"tags": ["amd64"], "maximum_timeout": 3600},
        "variables": [
            {"key": "PLAIN", "value": "one for all"},
            {"key": "RAW", "value": "$PLAIN", "protected": True},
            {"key": "PLAIN", "value": "one for reviews", "environment_scope": "review/*"},
        ],
        "job_token_scope": {},
        "protected_branches": [{"branch": "main", "allow_force_push": False}],
        "schedules": [{"description": "cleanup"}],
        "settings": {
            "trust": "several-teams",
            "build_timeout": 1800,
            "registry_cleanup": {"keep_n": 5, "cadence": "1d"},
        },
    }


SECRET_VARIABLES: list[dict[str, Any]] = [
    {"key": "PASSWORD", "value": SECRETS["PASSWORD"]},
    {"key": "HIDDEN", "value": SECRETS["HIDDEN"], "hidden": True},
    {"key": "KEY", "value": SECRETS["KEY"], "masked": False, "variable_type": "file"},
]


@dataclass(frozen=True, kw_only=True)
class Life:
    """What a project's life showed."""

    shown: dict[str, str]
    """What `pulumi up` wrote, by step."""
    before: dict[str, Any]
    settled: dict[str, Any]
    """The project's settings as they were found, and as they are once they were set."""
    variables: dict[str, dict[str, Any]]
    runner: dict[str, Any]
    file: str
    schedules: list[str]
    tokens_limited: bool
    first: str
    """How the pipeline ended that the file's own commit started."""
    pushed: str
    digest: str
    traces: dict[str, str]
    mended: list[str]
    """The variables' keys after one was removed by hand and mended."""
    state: str
    token: str
    left: dict[str, Any]


def settings_of(one: Trial) -> dict[str, Any]:
    found = one.forge.projects.get(one.project.id).attributes
    return {name: found[name] for name in (*SETTINGS, "container_expiration_policy", "description", "name")}


def look(one: Trial) -> dict[str, Any]:
    """What the forge has of all that was declared."""
    variables = {
        f"{each.key}@{each.environment_scope}": each.attributes
        for each in one.project.variables.list(get_all=True)
    }
    (number,) = one.runner_numbers()
    return {
        "variables": variables,
        "runner": one.forge.runners.get(number).attributes,
        "file": one.project.files.get(".gitlab-ci.yml", ref="main").decode().decode(),
        "schedules": [each.cron for each in one.project.pipelineschedules.list(get_all=True)],
        "tokens_limited": one.project.job_token_scope.get().inbound_enabled,
    }


def live(one: Trial) -> dict[str, Any]:
    """Up from nothing, a push, a hand's mistake, and down."""
    seen: dict[str, Any] = {"before": settings_of(one)}
    shown: dict[str, str] = {}
    jobs = {"show": SHOW}
    one.declare(project=wanted(), secrets=SECRET_VARIABLES, jobs=jobs)
    shown["up"] = one.cli.up()
    seen |= look(one)
    head = one.project.commits.list(ref_name="main", get_all=False)[0].id
    seen["first"] = finished_pipeline(one.project, head).status
    shown["again"] = one.cli.up("--expect-no-changes")
    for time in range(5):
        shown[f"refreshed {time}"] = one.cli.up("--refresh", "--expect-no-changes")
    seen["settled"] = settings_of(one)

    commit = one.push({"greeting.txt": "hello again\n"})
    done = finished_pipeline(one.project, commit)
    seen |= {"pushed": done.status, "traces": traces_of(one.project, done.id)}
    seen["digest"] = digest_in_registry(f"{one.image}:{commit}")

    one.project.variables.delete("PASSWORD")
    shown["mended"] = one.cli.up("--refresh")
    seen["mended"] = sorted(each.key for each in one.project.variables.list(get_all=True))
    shown["at last"] = one.cli.up("--refresh", "--expect-no-changes")
    seen["state"], seen["token"] = json.dumps(one.cli.exported()), one.cli.output("token")

    shown["destroy"] = one.cli.run("destroy", "--yes", "--skip-preview")
    return {**seen, "shown": shown, "left": left(one)}


def has_file(one: Trial, name: str) -> bool:
    try:
        one.project.files.get(name, ref="main")
    except gitlab.GitlabGetError:
        return False
    return True


def left(one: Trial) -> dict[str, Any]:
    """What is there after `pulumi destroy`."""
    return {
        "engine": {**labelled(one.engine, one.name), **of_jobs(one.engine, one.project)},
        "runners": one.runner_numbers(),
        "variables": one.project.variables.list(get_all=True),
        "schedules": one.project.pipelineschedules.list(get_all=True),
        "files": [name for name in (".gitlab-ci.yml", "Dockerfile", "greeting.txt") if has_file(one, name)],
        "protected": [each.name for each in one.project.protectedbranches.list(get_all=True)],
        "settings": settings_of(one),
    }


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    name = f"glp-{secrets.token_hex(3)}"
    with trial(tmp_path_factory.mktemp(name), name=name) as one:
        yield Life(**live(one))


def test_a_project_goes_from_nothing_to_a_green_pipeline_and_a_pushed_image(life: Life) -> None:
    assert (life.first, life.pushed) == ("success", "success")
    assert life.digest.startswith("sha256:")


def test_the_runner_is_registered_as_declared(life: Life) -> None:
    assert life.runner["tag_list"] == ["dind", "amd64"]
    assert (life.runner["run_untagged"], life.runner["locked"], life.runner["paused"]) == (False, True, False)
    assert (life.runner["runner_type"], life.runner["maximum_timeout"]) == ("project_type", 3600)


def test_the_variables_are_the_connections_and_those_declared(life: Life) -> None:
    values = {name: each["value"] for name, each in life.variables.items()}
    assert values == {
        **{f"{key}@*": value for key, value in DIND.items()},
        "PLAIN@*": "one for all",
        "PLAIN@review/*": "one for reviews",
        "RAW@*": "$PLAIN",
        "PASSWORD@*": SECRETS["PASSWORD"],
        "HIDDEN@*": None,
        "KEY@*": SECRETS["KEY"],
    }
    flags = {
        name: (each["masked"], each["hidden"], each["protected"], each["raw"], each["variable_type"])
        for name, each in life.variables.items()
    }
    assert flags["DOCKER_HOST@*"] == (False, False, False, True, "env_var")
    assert flags["PASSWORD@*"] == (True, False, True, True, "env_var")
    assert flags["HIDDEN@*"] == (True, True, True, True, "env_var")
    assert flags["KEY@*"] == (False, False, True, True, "file")
    assert flags["RAW@*"] == (False, False, True, True, "env_var")


def test_a_job_gets_the_variables_and_its_log_does_not_show_what_is_masked(life: Life) -> None:
    said = life.traces["show"]
    assert "plain=one for all raw=$PLAIN" in said
    assert "password=[MASKED] hidden=[MASKED]" in said
    assert "marker of" in said
    for trace in life.traces.values():
        assert SECRETS["PASSWORD"] not in trace
        assert SECRETS["HIDDEN"] not in trace


def test_the_pipeline_is_in_the_repository_and_runs_by_the_clock(life: Life) -> None:
    assert "docker build" in life.file
    assert life.schedules == ["0 3 * * 0"]
    assert life.tokens_limited


def test_a_second_up_and_five_refreshes_change_nothing(life: Life) -> None:
    steps = [step for step in life.shown if step.startswith(("again", "refreshed", "at last"))]
    assert len(steps) == 7
    for step in steps:
        assert set(counts(life.shown[step])) == {"unchanged"}, step


def test_the_first_up_takes_the_project_over_and_sets_what_was_declared(life: Life) -> None:
    assert "1 imported" in life.shown["up"]
    assert "1 updated" in life.shown["up"]
    assert {name: life.settled[name] for name in SETTINGS} == SETTINGS
    assert life.settled["container_expiration_policy"]["keep_n"] == 5
    assert (life.settled["name"], life.settled["description"]) == (
        life.before["name"],
        life.before["description"],
    )


def test_a_variable_that_was_removed_by_hand_comes_back_and_nothing_else_changes(life: Life) -> None:
    changed = counts(life.shown["mended"])
    assert changed.pop("unchanged") > 0
    assert changed == {"created": 1}
    assert life.mended == sorted(name.partition("@")[0] for name in life.variables)


def test_no_secret_is_in_the_state_or_in_what_pulumi_writes(life: Life) -> None:
    assert life.token.startswith("glrt-")
    for secret in (*SECRETS.values(), life.token):
        for text in (life.state, *life.shown.values()):
            assert secret not in text
            assert json.dumps(secret)[1:-1] not in text


def test_destroy_removes_everything_but_the_project_its_protection_and_its_settings(life: Life) -> None:
    kept = {name: life.left.pop(name) for name in ("files", "protected", "settings")}
    assert life.left == {"engine": {}, "runners": [], "variables": [], "schedules": []}
    assert kept["files"] == ["Dockerfile", "greeting.txt"]
    assert kept["protected"] == ["main"]
    assert kept["settings"] == life.settled
