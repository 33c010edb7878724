import pytest

from sandbox.ci.config import parse_config
from sandbox.ci.expand import entry, values_of
from sandbox.ci.rules import Circumstances, Decision, decide


def decided(
    job: str, *, ref: str = "main", tag: bool = False, source: str = "push", **given: str
) -> Decision | None:
    spec = parse_config(f"a: {{script: [x], {job}}}").jobs[0]
    predefined = [entry("CI_COMMIT_BRANCH", ref), entry("CI_PIPELINE_SOURCE", source)]
    circumstances = Circumstances(
        ref=ref,
        tag=tag,
        source=source,
        predefined=predefined,
        given=[entry(key, value) for key, value in given.items()],
    )
    return decide(spec, circumstances)


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        ("when: on_success", ("on_success", False)),
        ("when: manual", ("manual", True)),
        ("when: manual, allow_failure: false", ("manual", False)),
        ("when: never", None),
        ("rules: [{when: always}]", ("always", False)),
        ("rules: [{when: manual}]", ("manual", False)),
        ("rules: [{when: manual, allow_failure: true}]", ("manual", True)),
        ("when: manual, rules: [{if: $CI_COMMIT_BRANCH}]", ("manual", False)),
        ('rules: [{if: $CI_COMMIT_BRANCH == "main"}]', ("on_success", False)),
        ('rules: [{if: $CI_COMMIT_BRANCH == "other"}]', None),
        ('rules: [{if: $CI_COMMIT_BRANCH == "main", when: never}, {when: always}]', None),
        ("rules: []", None),
        # The variable of the file loses to the one that was given, and wins over GitLab's own.
        ('variables: {SET: file}, rules: [{if: $SET == "given"}]', ("on_success", False)),
        ('variables: {OWN: file}, rules: [{if: $OWN == "file"}]', ("on_success", False)),
        ('variables: {OWN: "is-$CI_COMMIT_BRANCH"}, rules: [{if: $OWN == "is-main"}]', ("on_success", False)),
        ("only: [main]", ("on_success", False)),
        ("only: [/^ma/]", ("on_success", False)),
        ("only: [tags]", None),
        ("only: [schedules]", None),
        ("only: {refs: [pushes]}", ("on_success", False)),
        ("except: [main]", None),
        ("only: [branches], except: [/^release/]", ("on_success", False)),
    ],
)
def test_a_job_takes_part_as_its_rules_say(job: str, expected: tuple[str, bool] | None) -> None:
    decision = decided(job, SET="given")
    assert (decision and (decision.when, decision.allow_failure)) == expected


def test_a_rule_adds_variables() -> None:
    decision = decided("rules: [{if: $CI_COMMIT_BRANCH, variables: {MODE: full}}]")
    assert decision is not None
    assert decision.variables == {"MODE": {"value": "full", "raw": False}}


def test_a_job_without_rules_runs_for_branches_and_tags() -> None:
    assert decided("when: on_success", ref="v1", tag=True) is not None
    assert decided("only: [branches]", ref="v1", tag=True) is None


def test_references_are_replaced_but_not_in_raw_values_nor_in_circles() -> None:
    entries = [
        entry("A", "1"),
        entry("A", "2"),
        entry("B", "$A-${A}-$NONE"),
        entry("RAW", "$A", raw=True),
        entry("SELF", "x$SELF"),
        entry("LOOP", "$POOL"),
        entry("POOL", "$LOOP"),
    ]
    values = values_of(entries)
    assert (values["B"], values["RAW"], values["SELF"]) == ("2-2-$NONE", "$A", "x$SELF")
    assert values["LOOP"] == "$LOOP"
