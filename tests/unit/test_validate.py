"""The small rules: what each lets pass and what it refuses."""

import pytest

from ci_runners.problems import InvalidInput, refuse
from ci_runners.validate import Rules

RULES = Rules(component="Thing 'a'")
DIGEST = "sha256:" + "0" * 64
GOOD: dict[str, list[str]] = {
    "url": ["https://gitlab.example.com", "http://10.0.0.1:8929/gitlab", "https://[::1]:8443"],
    "registry_host": ["registry", "registry.example.com:5000", "10.0.0.1", "10.0.0.1:65535"],
    "address": ["10.0.0.2", "::1", "fd00::5"],
    "address_pool": ["10.223.0.0/16", "192.168.0.0/20"],
    "extra_host": ["gitlab:10.0.0.2", "a.b:::1", "host:host-gateway"],
    "host_name": ["a", "a-b.example.com", "x" * 63],
    "docker_name": ["ab", "a_b.c-d", "0a"],
    "size": ["20GB", "10m", "1b"],
    "image": [
        "docker:29",
        "registry:5000/a/b:1.2",
        f"docker@{DIGEST}",
        f"docker:29@{DIGEST}",
        "localhost/a:1",
    ],
    "listen_address": [":9252", "localhost:9252", "0.0.0.0:1", "[::1]:65535"],
}
BAD: dict[str, list[str]] = {
    "url": [
        "",
        "gitlab",
        "ssh://gitlab",
        "https://",
        "https://a b",
        "https://a:99999",
        "https://u:p@gitlab",
        "https://[",
    ],
    "registry_host": [
        "",
        "https://registry",
        "registry/",
        "registry:",
        "registry:0",
        "registry:65536",
        "registry:²",
    ],
    "address": ["", "10.0.0", "10.0.0.256", "gitlab"],
    "address_pool": ["", "10.223.0.0", "10.223.0.0/24", "10.223.0.1/16", "8.0.0.0/8", "fd00::/16"],
    "extra_host": ["", "gitlab", "gitlab:", ":10.0.0.2", "gitlab:gitlab", "a b:10.0.0.2"],
    "host_name": ["", "-a", "a_b", "a..b", "x" * 64, "10.0.0.2", "a\n"],
    "docker_name": ["", "a", "-ab", "a b", "a/b", "é1"],
    "size": ["", "20", "0GB", "1.5GB", "GB", "20 GB"],
    "image": [
        "",
        "docker",
        "docker:latest",
        "Docker:1",
        "docker:é",
        "docker@sha256:00",
        "a b:1",
        "/docker:1",
        "docker:",
    ],
    "listen_address": ["", "9252", ":0", ":65536", "http://:9252", "::1:9252", ":²"],
}


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(rule, value) for rule, values in table.items() for value in values]


@pytest.mark.parametrize(("rule", "value"), cases(GOOD))
def test_a_good_value_passes(rule: str, value: str) -> None:
    assert list(getattr(RULES, rule)("field", value)) == []


@pytest.mark.parametrize(("rule", "value"), cases(BAD))
def test_a_bad_value_is_named_with_a_fix(rule: str, value: str) -> None:
    (problem,) = getattr(RULES, rule)("field", value)

    assert (problem.component, problem.field) == ("Thing 'a'", "field")
    assert problem.expected
    assert problem.fix


@pytest.mark.parametrize(("value", "wrong"), [(None, False), (1, False), (2, False), (0, True), (-1, True)])
def test_a_number_is_not_below_the_least(value: int | None, wrong: bool) -> None:  # noqa: FBT001
    assert bool(list(RULES.at_least("field", value, 1, "jobs"))) is wrong


@pytest.mark.parametrize(("value", "wrong"), [(None, False), (2, False), (4, False), (1, True), (5, True)])
def test_a_number_is_within_its_range(value: int | None, wrong: bool) -> None:  # noqa: FBT001
    assert bool(list(RULES.within("field", value, 2, 4, "choose one"))) is wrong


def test_an_item_is_named_by_its_place() -> None:
    found = [problem.field for problem in RULES.each("dns", ["10.0.0.1", "x", "y"], "address")]

    assert found == ["dns[1]", "dns[2]"]


def test_a_repeated_item_is_named_once() -> None:
    found = [problem.value for problem in RULES.no_repeats("dns", ("a", "b", "a", "a"))]

    assert found == ["a"]


def test_a_message_has_the_component_the_field_the_value_and_the_fix() -> None:
    problems = [RULES.problem("memory", 1, "2 MiB", "raise it"), RULES.problem("cpus", 0, "1", "raise it")]

    with pytest.raises(InvalidInput) as caught:
        refuse(problems)

    assert str(caught.value).splitlines() == [
        "2 problems; nothing was created or changed:",
        "  - Thing 'a': memory: got 1, expected 2 MiB. Fix: raise it",
        "  - Thing 'a': cpus: got 0, expected 1. Fix: raise it",
    ]
