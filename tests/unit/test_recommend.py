"""The decision guide, over every combination of answers: there are few enough to try them all."""

import dataclasses
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import product
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_runners.connection import DaemonKind
from ci_runners.recommend import (
    Isolation,
    Needs,
    Platform,
    Recommendation,
    TeamSize,
    Trust,
    UserNamespaces,
    recommend,
)
from ci_runners.recommend.changes import MOVES, WITHOUT_A_WAY
from ci_runners.recommend.choices import CHOICES, REASONS, WORSE_FITS
from ci_runners.recommend.costs import COSTS
from ci_runners.recommend.rule import Reason, always
from ci_runners.recommend.ruled_out import RULED_OUT
from ci_runners.recommend.tables import TEAMS
from ci_runners.recommend.ways import LEAST_PRIVILEGED_FIRST, WAYS
from ci_runners.settings_reader import Reader

DIND, DOOD, BUILDKIT, KANIKO = DaemonKind.DIND, DaemonKind.DOOD, DaemonKind.BUILDKIT, DaemonKind.KANIKO
ANSWERS: dict[str, list[Any]] = {
    name: list(hint) if issubclass(hint, Enum) else [False, True]
    for name, hint in get_type_hints(Needs).items()
}
ALL = [recommend(Needs(**dict(zip(ANSWERS, answers, strict=True)))) for answers in product(*ANSWERS.values())]
NONE_FITS = [found for found in ALL if found.way is None]

SMALL_TEAM = Needs(
    trust=Trust.ONE_TEAM, isolation=Isolation.NONE, team_size=TeamSize.SMALL, privileged_allowed=True
)
UNPRIVILEGED_TEAM = dataclasses.replace(
    SMALL_TEAM, privileged_allowed=False, user_namespaces=UserNamespaces.AVAILABLE
)
GUIDE: dict[str, tuple[Needs, DaemonKind | None]] = {
    "a small trusted team on a VM": (SMALL_TEAM, DOOD),
    "a small trusted team on several VMs": (
        dataclasses.replace(SMALL_TEAM, platform=Platform.SEVERAL_HOSTS),
        DOOD,
    ),
    "pipelines must not see one another": (
        dataclasses.replace(SMALL_TEAM, isolation=Isolation.PIPELINES),
        DIND,
    ),
    "a large trusted team": (dataclasses.replace(SMALL_TEAM, team_size=TeamSize.LARGE), DIND),
    "nothing may be privileged": (UNPRIVILEGED_TEAM, BUILDKIT),
    "nothing may be privileged, the host not looked at": (
        dataclasses.replace(UNPRIVILEGED_TEAM, user_namespaces=UserNamespaces.UNKNOWN),
        BUILDKIT,
    ),
    "nothing may be privileged, no user namespaces": (
        dataclasses.replace(UNPRIVILEGED_TEAM, user_namespaces=UserNamespaces.MISSING),
        KANIKO,
    ),
    "untrusted code": (Needs(), KANIKO),
    "untrusted code that needs BuildKit": (Needs(buildkit_features=True), BUILDKIT),
    "untrusted code that needs an engine, with everything allowed": (
        Needs(privileged_allowed=True, docker_api=True),
        None,
    ),
    "several teams that need an engine, on one host": (
        Needs(trust=Trust.SEVERAL_TEAMS, privileged_allowed=True, docker_api=True),
        None,
    ),
    "several teams that need an engine, a host each": (
        Needs(
            trust=Trust.SEVERAL_TEAMS,
            platform=Platform.SEVERAL_HOSTS,
            privileged_allowed=True,
            docker_api=True,
        ),
        DIND,
    ),
    "a cluster, builds only": (
        dataclasses.replace(SMALL_TEAM, platform=Platform.KUBERNETES),
        BUILDKIT,
    ),
    "a cluster, jobs that need an engine": (
        dataclasses.replace(SMALL_TEAM, platform=Platform.KUBERNETES, docker_api=True),
        DIND,
    ),
}


def privilege(found: Recommendation) -> int:
    """How much a job gets on its host. No way, no job, no privilege."""
    return LEAST_PRIVILEGED_FIRST.index(found.way) if found.way else -1


def said(found: Recommendation) -> Iterator[Reason]:
    yield from (*found.reasons, *found.costs)
    for ways in (found.ruled_out, found.worse_fits):
        for reasons in ways.values():
            yield from reasons


def chosen(found: Recommendation) -> DaemonKind:
    assert found.way is not None
    return found.way


def applied(needs: Needs, moves: Iterable[Any]) -> Recommendation:
    return recommend(dataclasses.replace(needs, **{move.field: move.answer for move in moves}))


@pytest.mark.parametrize(("needs", "way"), GUIDE.values(), ids=GUIDE.keys())
def test_the_guide_says_what_the_design_says(needs: Needs, way: DaemonKind | None) -> None:
    assert recommend(needs).way is way


def test_every_combination_has_a_way_or_a_reason_why_none_fits_and_what_would_have_to_change() -> None:
    assert len(ALL) == 864
    assert [found.needs for found in ALL if not found.reasons] == []
    assert [found.needs for found in ALL if bool(found.way) == bool(found.changes)] == []
    assert [found.needs for found in ALL if bool(found.way) != bool(found.costs)] == []


def test_the_same_answers_always_get_the_same_recommendation() -> None:
    assert [found for found in ALL if recommend(dataclasses.replace(found.needs)) != found] == []


def test_every_other_way_is_either_ruled_out_or_fits_worse_and_says_why() -> None:
    for found in ALL:
        others = [*found.ruled_out, *found.worse_fits]
        assert sorted(others) == sorted(set(DaemonKind) - {found.way}), found.needs
        assert all(found.ruled_out.values()), found.needs
        assert all(found.worse_fits.values()), found.needs


def test_every_way_is_recommended_to_somebody_and_no_way_to_somebody_else() -> None:
    assert {found.way for found in ALL} == {*DaemonKind, None}


def test_untrusted_code_never_gets_the_means_to_become_root_on_the_host() -> None:
    ways = {found.way for found in ALL if found.needs.trust is Trust.UNTRUSTED}

    assert ways == {BUILDKIT, KANIKO, None}


def test_without_the_permission_nobody_gets_a_privileged_container_or_the_engines_socket() -> None:
    ways = {found.way for found in ALL if not found.needs.privileged_allowed}

    assert ways == {BUILDKIT, KANIKO, None}


def test_the_hosts_engine_is_for_one_small_team_on_docker_hosts_that_keeps_nothing_apart() -> None:
    takers = [found.needs for found in ALL if found.way is DOOD]

    assert {needs.trust for needs in takers} == {Trust.ONE_TEAM}
    assert {needs.isolation for needs in takers} == {Isolation.NONE}
    assert {needs.team_size for needs in takers} == {TeamSize.SMALL}
    assert {needs.platform for needs in takers} == {Platform.DOCKER_HOST, Platform.SEVERAL_HOSTS}


def test_teams_that_must_not_see_one_another_share_no_host_with_a_privileged_daemon() -> None:
    platforms = {
        found.needs.platform
        for found in ALL
        if found.needs.trust is Trust.SEVERAL_TEAMS and found.way in {DIND, DOOD}
    }

    assert platforms == {Platform.SEVERAL_HOSTS}


def test_what_jobs_and_dockerfiles_need_the_way_can_do() -> None:
    for found in ALL:
        if found.needs.docker_api:
            assert found.way in {DIND, DOOD, None}
        if found.needs.buildkit_features:
            assert found.way is not KANIKO
        if found.needs.user_namespaces is UserNamespaces.MISSING:
            assert found.way is not BUILDKIT


@pytest.mark.parametrize(
    ("field", "more", "less"),
    [
        ("privileged_allowed", True, False),
        ("trust", Trust.ONE_TEAM, Trust.SEVERAL_TEAMS),
        ("trust", Trust.SEVERAL_TEAMS, Trust.UNTRUSTED),
        ("isolation", Isolation.NONE, Isolation.PIPELINES),
        ("platform", Platform.SEVERAL_HOSTS, Platform.DOCKER_HOST),
    ],
)
def test_a_permission_that_is_taken_away_never_leads_to_more_privilege(
    field: str, more: object, less: object
) -> None:
    before = [found for found in ALL if getattr(found.needs, field) == more]
    after = [recommend(dataclasses.replace(found.needs, **{field: less})) for found in before]  # type: ignore[arg-type]

    assert any(privilege(now) < privilege(then) for then, now in zip(before, after, strict=True))
    assert all(privilege(now) <= privilege(then) for then, now in zip(before, after, strict=True))


def test_without_user_namespaces_more_privilege_comes_only_where_allowed_and_nothing_less_would_do() -> None:
    for before in ALL:
        after = recommend(dataclasses.replace(before.needs, user_namespaces=UserNamespaces.MISSING))
        if privilege(after) > privilege(before):
            assert after.needs.privileged_allowed
            assert {KANIKO, BUILDKIT} <= after.ruled_out.keys()


@given(st.sampled_from(NONE_FITS))
def test_the_changes_lead_to_the_way_they_name_and_no_fewer_would_do(found: Recommendation) -> None:
    for change in found.changes:
        assert applied(found.needs, change.moves).way is change.way
    fewest = min(
        sum(getattr(other.needs, name) != getattr(found.needs, name) for name in ANSWERS)
        for other in ALL
        if other.way
    )
    assert {len(change.moves) for change in found.changes} == {fewest}


def test_no_row_of_any_table_is_dead() -> None:
    used = {id(reason) for found in ALL for reason in said(found)}
    tables: list[tuple[Any, ...]] = [RULED_OUT, CHOICES, REASONS, COSTS, WORSE_FITS, WITHOUT_A_WAY]
    taken = {(chosen(found), way) for found in ALL for way in found.worse_fits}
    moved = {move for found in NONE_FITS for change in found.changes for move in change.moves}

    assert [row.reason for table in tables for row in table if id(row.reason) not in used] == []
    assert [(row.chosen, row.way) for row in WORSE_FITS if (row.chosen, row.way) not in taken] == []
    assert [move for move in MOVES if move not in moved] == []


def test_what_holds_for_some_teams_is_not_said_to_all() -> None:
    for row in (*REASONS, *COSTS):
        told = {row.reason in (*found.reasons, *found.costs) for found in ALL if found.way is row.way}
        assert told == ({True} if row.when is always else {True, False}), row.reason
    for why in WITHOUT_A_WAY:
        assert {why.reason in found.reasons for found in NONE_FITS} == {True, False}, why.reason


def test_every_reason_to_rule_a_way_out_is_for_somebody_the_only_one() -> None:
    alone = {id(reasons[0]) for found in ALL for reasons in found.ruled_out.values() if len(reasons) == 1}

    assert [rule.reason for rule in RULED_OUT if id(rule.reason) not in alone] == []


def test_everything_said_is_a_full_sentence() -> None:
    sentences = {reason.sentence for found in ALL for reason in said(found)}
    sentences |= {move.advice for move in MOVES}

    assert [text for text in sentences if not text.endswith(".") or len(text.split()) < 6] == []


def test_what_the_table_of_ways_promises_is_what_the_rules_go_by() -> None:
    everything_allowed = SMALL_TEAM
    untrusted = recommend(dataclasses.replace(everything_allowed, trust=Trust.UNTRUSTED))
    with_engine = recommend(dataclasses.replace(everything_allowed, docker_api=True))

    assert set(WAYS) == set(DaemonKind) == set(LEAST_PRIVILEGED_FIRST)
    assert {way for way in WAYS if WAYS[way].root_on_host} == set(untrusted.ruled_out)
    assert {way for way in WAYS if not WAYS[way].docker_api} == set(with_engine.ruled_out)


@pytest.mark.parametrize("field", ["trust", "isolation", "team_size", "privileged_allowed"])
def test_the_answer_that_counts_when_none_is_given_is_the_cautious_one(field: str) -> None:
    default = getattr(Needs(), field)

    for found in ALL:
        cautious = recommend(dataclasses.replace(found.needs, **{field: default}))
        assert privilege(cautious) <= privilege(found), found.needs


@given(st.fixed_dictionaries({}, optional={name: st.sampled_from(ANSWERS[name]) for name in ANSWERS}))
def test_answers_can_be_read_from_plain_settings(answers: dict[str, Any]) -> None:
    plain = {name: getattr(answer, "value", answer) for name, answer in answers.items()}
    reader = Reader(project="ci-runners", root=Needs, root_path="needs")

    assert reader.section(Needs, plain, "needs") == Needs(**answers)
    assert reader.problems == []


def test_no_answer_is_a_word_that_yaml_reads_as_something_else() -> None:
    values = {answer.value for answers in ANSWERS.values() for answer in answers if isinstance(answer, Enum)}

    assert values.isdisjoint({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})


def test_the_typical_teams_show_every_way_and_none() -> None:
    assert {recommend(needs).way for needs in TEAMS.values()} == {*DaemonKind, None}
