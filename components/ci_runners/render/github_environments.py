"""GitHub's environments: what protects one, and what is wrong with that.

Rules: GitHub docs, Deployments and environments.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ci_runners.problems import Problem
from ci_runners.render.github_values import Level, name_problems
from ci_runners.validate import Rules

MOST_WAIT = 43_200
"""Minutes: 30 days (GitHub docs, Deployments and environments)."""
MOST_REVIEWERS = 6
"""Users and teams together (GitHub REST API, Create or update an environment)."""
MOST_ENVIRONMENT_NAME = 255

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True)
class EnvironmentSpec:
    """An environment that workflows deploy to, and what protects it."""

    wait_timer: int = 0
    reviewer_users: tuple[int, ...] = ()
    reviewer_teams: tuple[int, ...] = ()
    prevent_self_review: bool = False
    can_admins_bypass: bool = False
    protected_branches: bool = False
    branches: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


def environment_problems(environments: Mapping[str, EnvironmentSpec], rules: Rules) -> Iterator[Problem]:
    """What is wrong with a repository's environments."""
    seen: set[str] = set()
    for name, environment in environments.items():
        where = f"environments.{name}"
        if (
            not name.strip()
            or name != name.strip()
            or len(name) > MOST_ENVIRONMENT_NAME
            or _CONTROL.search(name)
        ):
            expected = f"a name of 1 to {MOST_ENVIRONMENT_NAME} characters on one line"
            yield rules.problem(where, name, expected, "write it like production")
        if name.lower() in seen:
            fix = "to GitHub the two are one environment: keep one"
            yield rules.problem(where, name, "a name that differs in more than upper and lower case", fix)
        seen.add(name.lower())
        yield from name_problems(rules, f"{where}.variables", environment.variables, Level.ENVIRONMENT)
        yield from name_problems(rules, f"{where}.secrets", environment.secrets, Level.ENVIRONMENT)
        yield from _protection_problems(environment, rules, where)


def _protection_problems(spec: EnvironmentSpec, rules: Rules, where: str) -> Iterator[Problem]:
    yield from rules.within(
        f"{where}.wait_timer", spec.wait_timer, 0, MOST_WAIT, "use minutes, up to 30 days"
    )
    reviewers = (*spec.reviewer_users, *spec.reviewer_teams)
    if len(reviewers) > MOST_REVIEWERS:
        expected = f"at most {MOST_REVIEWERS} users and teams together"
        yield rules.problem(f"{where}.reviewer_users", len(reviewers), expected, "name a team instead")
    for number in reviewers:
        yield from rules.at_least(f"{where}.reviewer_users", number, 1, "as the number of a user or team")
    if spec.prevent_self_review and not reviewers:
        fix = "name reviewer_users or reviewer_teams, or leave it out"
        yield rules.problem(
            f"{where}.prevent_self_review", value=True, expected="reviewers beside it", fix=fix
        )
    patterns = (*spec.branches, *spec.tags)
    if spec.protected_branches and patterns:
        fix = "keep the one or the other"
        yield rules.problem(
            f"{where}.protected_branches", value=True, expected="no branches or tags beside it", fix=fix
        )
    for kind, listed in (("branches", spec.branches), ("tags", spec.tags)):
        yield from rules.no_repeats(f"{where}.{kind}", listed)
        for at, pattern in enumerate(listed):
            if not pattern.strip() or pattern.startswith("refs/") or _CONTROL.search(pattern):
                expected = f"a pattern of names of {kind}"
                yield rules.problem(f"{where}.{kind}[{at}]", pattern, expected, "write it like release/*")
