"""GitLab's rules for CI/CD variables, each named by its error."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_runners.problems import Problem
from ci_runners.render.ci_variables import (
    PlainVariable,
    Rule,
    SecretVariable,
    connection_variables,
    repeated_problems,
    value_problems,
    variable_problems,
)
from ci_runners.validate import Rules
from tests.unit.gitlab_values import BAD, GOOD, Bad

RULES = Rules(component="GitLabProject 'forge'")
NAMES = ["REGISTRY_USER", "SECRET_ITSELF"]
GITLABS_OWN = {False: r"[a-zA-Z0-9_+=/@:.~-]{8,}", True: r"[^ \t\r\n\f\v]{8,}"}
"""The patterns of GitLab's own check, by whether the variable is raw (app/models/concerns/ci/maskable.rb)."""


def broken(value: str, **said: Any) -> list[Problem]:  # noqa: ANN401  any field's value
    variable = SecretVariable(key="SECRET_ITSELF", **said)
    return list(value_problems(RULES, "secret_variables[0]", variable, value, names=NAMES))


def wrong(key: str = "KEY", **said: Any) -> list[tuple[str, str]]:  # noqa: ANN401  any field's value
    variable = PlainVariable(key=key, value="x", **said)
    found = variable_problems(RULES, "variables[0]", variable)
    return [(problem.field.rpartition(".")[2], problem.expected) for problem in found]


def test_there_are_at_least_25_bad_values_and_one_for_each_rule_of_a_value() -> None:
    assert len(BAD) >= 25
    assert {rule for bad in BAD for rule in bad.rules} == {
        Rule.LONG_VALUE,
        Rule.SINGLE_LINE,
        Rule.NO_SPACES,
        Rule.LENGTH,
        Rule.ALPHABET,
        Rule.NOT_A_NAME,
    }


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: ascii(bad.value)[:30])
def test_a_value_that_cannot_be_masked_is_refused_by_the_rules_that_it_breaks(bad: Bad) -> None:
    assert [problem.expected for problem in broken(bad.value, raw=bad.raw)] == [
        rule.value for rule in bad.rules
    ]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: ascii(bad.value)[:30])
def test_no_error_shows_the_secret(bad: Bad) -> None:
    said = "\n".join(map(str, broken(bad.value, raw=bad.raw)))
    assert "got a secret value" in said
    assert len(bad.value) < 7 or bad.value not in said


@pytest.mark.parametrize(("value", "raw"), GOOD, ids=lambda value: ascii(value)[:30])
def test_a_value_that_can_be_masked_is_taken(value: str, *, raw: bool) -> None:
    assert broken(value, raw=raw) == []


@given(value=st.text(max_size=20), raw=st.booleans())
def test_what_is_taken_passes_gitlabs_own_check(value: str, *, raw: bool) -> None:
    if not broken(value, raw=raw):
        assert re.fullmatch(GITLABS_OWN[raw], value)


@given(
    st.one_of(
        st.tuples(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8), st.just(True)),
        st.tuples(st.text("azAZ09_+=/@:.~-", min_size=8), st.just(False)),
    )
)
def test_what_gitlabs_own_check_takes_is_taken(case: tuple[str, bool]) -> None:
    value, raw = case
    assert re.fullmatch(GITLABS_OWN[raw], value)
    # Names of variables are checked apart from the pattern, by GitLab too.
    assert [each for each in broken(value, raw=raw) if each.expected != Rule.NOT_A_NAME.value] == []


@pytest.mark.parametrize("value", ["short", "with spaces", "two\nlines", "CI_JOB_TOKEN", ""])
def test_what_is_not_masked_may_be_any_text(value: str) -> None:
    assert broken(value, masked=False) == []


def test_a_plain_value_is_shown_unless_it_is_masked() -> None:
    long = "x" * 10_001
    shown = PlainVariable(key="KEY", value=long)
    masked = PlainVariable(key="KEY", value=long, masked=True)
    (open_problem,) = value_problems(RULES, "variables[0]", shown, long, names=[])
    (kept_problem,) = value_problems(RULES, "variables[0]", masked, long, names=[])
    assert (open_problem.secret, kept_problem.secret) == (False, True)


@pytest.mark.parametrize(
    "key", ["A", "DOCKER_HOST", "_private", "lower_case", "GITLAB_TOKEN", "CI_IMAGE", "K" * 255]
)
def test_a_good_key_is_taken(key: str) -> None:
    assert wrong(key) == []


@pytest.mark.parametrize("key", ["", "A-B", "A B", "1ST", "A.B", "$A", "Ä", "A\n"])
def test_a_key_that_no_shell_can_name_is_refused(key: str) -> None:
    assert wrong(key) == [("key", Rule.NAME.value)]


def test_a_long_key_is_refused() -> None:
    assert wrong("K" * 256) == [("key", Rule.LONG_NAME.value)]


@pytest.mark.parametrize(
    "key",
    [
        "CI",
        "CI_COMMIT_SHA",
        "CI_REGISTRY_PASSWORD",
        "CI_JOB_TOKEN",
        "CI_SERVER",
        "GITLAB_USER_ID",
        "KUBECONFIG",
    ],
)
def test_gitlabs_own_variables_are_not_overridden(key: str) -> None:
    assert wrong(key) == [("key", Rule.PREDEFINED.value)]


@pytest.mark.parametrize("key", ["CI_DEBUG_TRACE", "CI_DEBUG_SERVICES"])
def test_a_variable_that_shows_every_secret_is_refused(key: str) -> None:
    assert wrong(key) == [("key", Rule.DEBUGGING.value)]


def test_hidden_needs_masked() -> None:
    assert wrong(hidden=True) == [("hidden", Rule.HIDDEN.value)]
    assert wrong(hidden=True, masked=True) == []


@pytest.mark.parametrize(
    ("scope", "good"),
    [("*", True), ("review/*", True), ("production", True), ("a b", True), ("", False), ("prod!", False)],
)
def test_an_environment_scope_has_gitlabs_characters(scope: str, *, good: bool) -> None:
    assert wrong(environment_scope=scope) == ([] if good else [("environment_scope", Rule.SCOPE.value)])


def test_a_key_is_there_once_for_each_environment_scope() -> None:
    named = [
        ("variables[0]", PlainVariable(key="A", value="x")),
        ("variables[1]", PlainVariable(key="A", value="x", environment_scope="prod")),
        ("secret_variables[0]", SecretVariable(key="A")),
    ]
    (problem,) = repeated_problems(RULES, named)
    assert (problem.field, problem.expected) == ("secret_variables[0].key", Rule.ONCE.value)


def test_what_a_connection_implies_is_left_as_it_is() -> None:
    (variable,) = connection_variables({"DOCKER_HOST": "tcp://docker:2376"})
    assert (variable.key, variable.value, variable.raw) == ("DOCKER_HOST", "tcp://docker:2376", True)
    assert (variable.masked, variable.protected) == (False, False)
