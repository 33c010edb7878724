"""Settings: what is read, what is refused, and in which words. The refusals are a table: bad_settings.yaml."""

import copy
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from ci_runners.problems import InvalidInput, Problem
from ci_runners.render.config_toml import GitLabRunnerSpec, LogLevel, PullPolicy
from ci_runners.render.daemon_json import DaemonJson
from ci_runners.render.dind import DindSpec
from ci_runners.render.gitlab_ci import GitLabPipelineSpec
from ci_runners.render.station_spec import Builder
from ci_runners.settings import GitLabForge, Settings
from ci_runners.settings_secrets import Secret, Secrets

ROOT = Path(__file__).parents[2]
TOKEN = "glrt-made-up"
GOOD: dict[str, Any] = {
    "name": "ci",
    "builder": "dind",
    "gitlab": {"url": "https://gitlab.example.com"},
    "dind": {"accept_privileged": True},
    "pipeline": {"image_name": "registry.example.com/team/app"},
}
CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "bad_settings.yaml").read_text())


def load(given: object) -> Settings:
    return Settings.load(given, secrets())


def secrets(token: str = TOKEN, *, is_secret: bool = True) -> Secrets:
    return Secrets(runner_token=Secret(value=token, is_secret=is_secret) if token else None)


def changed(case: Mapping[str, Any]) -> object:
    """The good configuration, made bad as a case of the table says."""
    station: Any = copy.deepcopy(GOOD)
    for path, value in case.get("set", {}).items():
        *sections, key = path.split(".")
        inner = station
        for section in sections:
            inner = inner.setdefault(section, {})
        inner[key] = value
    for path in case.get("drop", []):
        *sections, key = path.split(".")
        inner = station
        for section in sections:
            inner = inner[section]
        del inner[key]
    return case.get("station", station)


def refusal(case: Mapping[str, Any]) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        Settings.load(
            changed(case), secrets(case.get("token", TOKEN), is_secret=not case.get("plain", False))
        )
    return caught.value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_what_is_wrong_is_named_with_its_key_and_its_fix_and_nothing_else_is(case: dict[str, Any]) -> None:
    problems = {problem.field: str(problem) for problem in refusal(case).problems}

    assert set(problems) == set(case["says"])
    assert {field: line for field, line in problems.items() if case["says"][field] not in line} == {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_refusal_shows_no_secret(case: dict[str, Any]) -> None:
    message = str(refusal(case))

    assert "of-a-secret" not in message
    assert TOKEN not in message


def test_the_table_is_long_enough_and_every_case_has_a_name_of_its_own() -> None:
    names = [case["case"] for case in CASES]

    assert len(names) >= 60
    assert len(set(names)) == len(names)


def test_the_message_counts_the_problems_and_says_that_nothing_was_done() -> None:
    case = next(case for case in CASES if case["case"] == "three mistakes in three places")

    first, *lines = str(refusal(case)).splitlines()

    assert first == "3 problems; nothing was created or changed:"
    assert len(lines) == 3


def test_what_is_not_said_has_the_components_own_defaults() -> None:
    assert load(GOOD) == Settings(
        name="ci",
        gitlab=GitLabForge(url="https://gitlab.example.com"),
        builder=Builder.DIND,
        dind=DindSpec(accept_privileged=True),
        runner=GitLabRunnerSpec(),
        pipeline=GitLabPipelineSpec(image_name="registry.example.com/team/app"),
    )


def test_every_kind_of_value_arrives_as_it_was_written() -> None:
    case = {
        "set": {
            "dind.cpus": 2,
            "dind.memory": 4096,
            "dind.tags": ["dind", "linux"],
            "dind.labels": {"team": "build"},
            "dind.daemon_json": {"mtu": 1400},
            "runner.log_level": "debug",
            "runner.pull_policies": ["always", "if-not-present"],
            "runner.feature_flags": {"FF_USE_FASTZIP": True},
        }
    }

    settings = load(changed(case))

    assert settings.dind == DindSpec(
        accept_privileged=True,
        cpus=2,
        memory=4096,
        tags=("dind", "linux"),
        labels={"team": "build"},
        daemon_json=DaemonJson(mtu=1400),
    )
    assert settings.runner == GitLabRunnerSpec(
        log_level=LogLevel.DEBUG,
        pull_policies=(PullPolicy.ALWAYS, PullPolicy.IF_NOT_PRESENT),
        feature_flags={"FF_USE_FASTZIP": True},
    )


@pytest.mark.parametrize(
    "allowed", [["docker:*"], ["**"], ["{docker,podman}:*"], ["docker:29.7.2-cli", "registry.example.com/**"]]
)
def test_a_runner_may_limit_its_images_to_patterns_that_hold_the_pipelines_own(allowed: list[str]) -> None:
    settings = load(changed({"set": {"runner.allowed_images": allowed}}))

    assert settings.runner.allowed_images == tuple(allowed)


def test_a_runners_default_image_is_always_allowed() -> None:
    """GitLab Runner adds it to the list itself (executors/docker)."""
    settings = load(changed({"set": {"runner.allowed_images": ["registry.example.com/**"]}}))

    assert settings.pipeline is not None
    assert settings.runner.job_image == settings.pipeline.job_image


def test_the_token_is_nowhere_in_the_settings() -> None:
    assert TOKEN not in repr(load(GOOD))


def test_the_committed_dev_environment_is_good() -> None:
    station = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]["ci-runners:station"]

    assert Settings.load(station, Secrets()).dind.accept_privileged


def test_the_committed_dev_environment_holds_no_secret_and_no_key_to_one() -> None:
    committed = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())

    assert {section: list(keys) for section, keys in committed.items()} == {
        "config": ["gitlab:baseUrl", "ci-runners:station"]
    }
    assert "'secure':" not in repr(committed)


def leaves(kind: type, path: str) -> dict[str, object]:
    """Every key that a person may set, with its type; of a list's or mapping's items only the list or mapping."""
    found: dict[str, object] = {}
    for name, hint in get_type_hints(kind).items():
        some = [
            part
            for part in (hint, *get_args(hint))
            if dataclasses.is_dataclass(part) and get_origin(hint) not in {dict, tuple}
        ]
        found |= leaves(some[0], f"{path}.{name}") if some else {f"{path}.{name}": hint}  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("path", leaves(Settings, "station"))
def test_a_value_of_no_type_is_refused_for_every_key_there_is(path: str) -> None:
    _, *sections = path.split(".")
    case = {"set": {".".join(sections): object()}}

    assert path in [problem.field for problem in refusal(case).problems]


PLAIN = some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text()
JSON = some.recursive(
    PLAIN, lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner), max_leaves=4
)
PATHS = some.sampled_from([path.removeprefix("station.") for path in leaves(Settings, "station")])


@given(
    changes=some.dictionaries(
        PATHS | some.sampled_from(["daemon", "runner", "gitlab", "x"]), JSON, max_size=4
    )
)
def test_whatever_json_there_is_it_is_read_or_refused(changes: dict[str, Any]) -> None:
    """Anything but InvalidInput would reach the person as a traceback."""
    whole = {path: value for path, value in changes.items() if "." not in path}
    parts = {path: value for path, value in changes.items() if path.split(".")[0] not in whole}

    problems: tuple[Problem, ...] = ()
    try:
        load(changed({"set": {**whole, **parts}}))
    except InvalidInput as refused:
        problems = refused.problems

    allowed = ("station", "ci-runners:runner_token", "ci-runners:git", "ci-runners:secrets.")
    assert [problem for problem in problems if not problem.field.startswith(allowed)] == []
