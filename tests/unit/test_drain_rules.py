"""What is refused of a drain's arguments, and the file and environment that are rendered from them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ci_runners.render.drain import (
    GIVE_UP_SECONDS,
    STOP_SECONDS,
    RunnerDrainSpec,
    api_token_problems,
    drain_environment,
    drain_problems,
    drain_rules,
    drain_url_problems,
    drain_wiring_problems,
    render_registration,
    runner_id_problems,
)

WIRING: dict[str, object] = {
    "url": "https://gitlab.example.com",
    "api_token": "glpat-a-token-that-nobody-has",
    "runner_id": "7",
    "runner_container": "ci-runner",
}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"image": "gitlab/gitlab-runner"}, "image"),
    ({"image": "gitlab/gitlab-runner:latest"}, "image"),
    ({"seconds": 0}, "seconds"),
    ({"seconds": 604_801}, "seconds"),
    ({"networks": ("a/b",)}, "networks[0]"),
    ({"networks": ("gitlab", "gitlab")}, "networks"),
    ({"extra_hosts": ("gitlab.example.com",)}, "extra_hosts[0]"),
    ({"labels": {"ci-runners.kind": "x"}}, "labels.ci-runners.kind"),
]
ACCEPTED: list[dict[str, Any]] = [
    {},
    {"seconds": 1},
    {"seconds": 604_800, "networks": ("gitlab",), "extra_hosts": ("gitlab.example.com:10.0.0.2",)},
]
WRONG_WIRING: list[tuple[str, object, str]] = [
    ("url", "gitlab.example.com", "an http:// or https:// URL"),
    ("url", "https://gitlab.example.com/api/v4", "GitLab's own address"),
    ("api_token", "", "without spaces"),
    ("api_token", "glpat-two words", "without spaces"),
    ("api_token", 'glpat-"', "quotes"),
    ("api_token", "$API_TOKEN", "a variable's name"),
    ("api_token", "glrt-of-a-runner", "a runner's authentication token, which may not pause a runner"),
    ("api_token", "glrtr-of-a-runner", "a runner's authentication token, which may not pause a runner"),
    ("api_token", "GR1348941abc", "a registration token"),
    ("api_token", "glcbt-64_abc", "a job's token"),
    ("api_token", "gldt-abc", "a deploy token"),
    ("runner_id", "seven", "a runner's number"),
    ("runner_id", "0", "a runner's number"),
    ("runner_id", "7/jobs", "a runner's number"),
    ("runner_container", "a b", "letters, digits"),
]
PLAIN = some.text(some.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"\\$'), min_size=1)


@pytest.mark.parametrize(("change", "field"), REFUSED)
def test_a_wrong_argument_is_named(change: dict[str, Any], field: str) -> None:
    assert [problem.field for problem in drain_problems("drain", RunnerDrainSpec(**change))] == [field]


@pytest.mark.parametrize("change", ACCEPTED)
def test_a_right_one_is_taken(change: dict[str, Any]) -> None:
    assert drain_problems("drain", RunnerDrainSpec(**change)) == []


def test_a_name_that_docker_refuses_is_named() -> None:
    assert [problem.field for problem in drain_problems("-", RunnerDrainSpec())] == ["name"]


@pytest.mark.parametrize(("field", "value", "expected"), WRONG_WIRING)
def test_wrong_wiring_is_named_before_anything_exists(field: str, value: object, expected: str) -> None:
    (problem,) = drain_wiring_problems("drain", {**WIRING, field: value})
    assert problem.field == field
    assert expected in problem.expected


def test_what_is_missing_is_named_all_at_once() -> None:
    assert [problem.field for problem in drain_wiring_problems("drain", {})] == list(WIRING)


def test_outputs_and_right_texts_are_taken() -> None:
    assert drain_wiring_problems("drain", WIRING) == []
    assert drain_wiring_problems("drain", dict.fromkeys(WIRING, object())) == []


@pytest.mark.parametrize("token", [value for field, value, _ in WRONG_WIRING if field == "api_token"])
def test_a_refused_token_is_never_shown(token: str) -> None:
    (problem,) = api_token_problems(drain_rules("drain"), token)
    assert "got a secret value" in str(problem)
    assert not token or token not in str(problem)


@given(PLAIN, some.integers(min_value=1), some.sampled_from(["", "/", "/gitlab", "/gitlab/"]))
def test_what_is_taken_is_three_lines_that_the_drain_reads_back(token: str, number: int, path: str) -> None:
    url, rules = f"https://gitlab.example.com{path}", drain_rules("drain")
    refused = [*drain_url_problems(rules, url), *runner_id_problems(rules, str(number))]
    assert refused == []
    if list(api_token_problems(rules, token)):
        return
    rendered = render_registration(url=url, runner_id=str(number), api_token=token)
    assert rendered.split("\n") == [f"{url.rstrip('/')}/api/v4", str(number), token, ""]


def test_the_environment_says_how_long_and_nothing_of_a_registration() -> None:
    rendered = drain_environment(RunnerDrainSpec(seconds=90), runner_container="ci-runner")
    assert rendered == [
        "DRAIN_SECONDS=90",
        "GIVE_UP_SECONDS=60",
        "REGISTRATION=/drain/registration",
        "RUNNER=ci-runner",
        "SCRATCH=/tmp",
        "STATE=/drain",
    ]


def test_a_drain_has_time_to_end_by_itself() -> None:
    slowest_request = 30
    assert GIVE_UP_SECONDS + 2 * slowest_request <= STOP_SECONDS
