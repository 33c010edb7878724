"""What wires a station to its forge: which forge it is, and what of it may be an output."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ci_runners.connection import DaemonKind
from ci_runners.problems import Problem
from ci_runners.render import github_repository, github_runner_rules, gitlab_later_rules
from ci_runners.render.certificates import authority_key_problems, without_key
from ci_runners.render.drain import api_token_problems
from ci_runners.render.github_values import given_problems
from ci_runners.render.station_forges import under
from ci_runners.render.station_spec import ForgeKind, StationSpec, project_name, runner_name, way_of
from ci_runners.render.wiring_rules import token_problems, url_problems
from ci_runners.validate import Rules

_DAEMONS = (DaemonKind.DIND.value, DaemonKind.BUILDKIT.value)
"""The sections whose daemons have certificates."""

KNOWN_LATER = "rendered by the station"
"""Stands for what is known only once there is a daemon."""


def plain_station(args: Mapping[str, Any]) -> dict[str, object]:
    """The arguments as the spec has them: without what may be an output."""
    forges = {forge.value for forge in ForgeKind}
    plain: dict[str, object] = {key: value for key, value in args.items() if key not in forges}
    plain["forge"] = ForgeKind.GITHUB if args.get("github") is not None else ForgeKind.GITLAB
    for section, reduced in (
        ("project", gitlab_later_rules.plain_args),
        ("repository", github_repository.plain_args),
    ):
        given = args.get(section)
        if isinstance(given, Mapping):
            plain[section] = reduced(given)
    for way in _DAEMONS:
        given = args.get(way)
        if isinstance(given, Mapping):
            plain[way] = without_key(given)
    return plain


def wiring_problems(name: str, spec: StationSpec, args: Mapping[str, Any]) -> Iterator[Problem]:
    """What can be said of the forge before anything exists.

    What is plain text is checked; an output is checked once its value is known.
    """
    rules = Rules(component=f"BuildStation {name!r}")
    yield from _authority_keys(spec, args, rules)
    given = [forge.value for forge in ForgeKind if args.get(forge.value) is not None]
    if len(given) != 1:
        fix = "give gitlab with its url, or github"
        yield rules.problem("gitlab", given or None, "exactly one of gitlab and github", fix)
        return
    forge = args[given[0]]
    if not isinstance(forge, Mapping):
        yield rules.problem(given[0], type(forge).__name__, "a mapping", "write its keys below it")
    elif spec.forge is ForgeKind.GITLAB:
        yield from _gitlab(name, spec, forge, args, rules)
    else:
        yield from _github(name, spec, forge, args, rules)


def _authority_keys(spec: StationSpec, args: Mapping[str, Any], rules: Rules) -> Iterator[Problem]:
    """Of the chosen daemon alone: the other sections are not used."""
    way = way_of(spec)
    if way is not None and way.value in _DAEMONS:
        asked, given = getattr(spec, way.value).certificates, args.get(way.value)
        key = given.get("authority_key") if isinstance(given, Mapping) else None
        yield from under(way.value, rules.component, authority_key_problems(rules, asked, key))


def _gitlab(
    name: str, spec: StationSpec, forge: Mapping[str, Any], args: Mapping[str, Any], rules: Rules
) -> Iterator[Problem]:
    checks: dict[str, Callable[[str], Iterable[Problem]]] = {
        "url": lambda value: url_problems(name, value),
        "token": lambda value: token_problems(name, value),
        "api_token": lambda value: api_token_problems(rules, value),
    }
    yield from _unknown("gitlab", forge, list(checks), rules)
    for field, check in checks.items():
        value = forge.get(field)
        if isinstance(value, str):
            yield from under("gitlab", rules.component, check(value))
    if forge.get("url") is None:
        yield rules.problem("gitlab.url", None, "a value", "give it: it has no default")
    registers = spec.project is not None and spec.project.registration is not None
    if forge.get("token") is None and not registers:
        fix = "give it, or let the station register a runner: project.registration"
        yield rules.problem("gitlab.token", None, "a runner's authentication token", fix)
    elif forge.get("token") is not None and registers:
        expected = "none beside project.registration, which makes the token"
        found = rules.problem("gitlab.token", forge["token"], expected, "leave one of the two out")
        yield dataclasses.replace(found, secret=True)
    if spec.drain is not None and forge.get("api_token") is None:
        fix = "make an access token with the scope manage_runner, and pass it; or leave drain out"
        yield rules.problem("gitlab.api_token", None, "a token with which the drain pauses the runner", fix)
    if spec.project is not None:
        wired = _with_content(args["project"], "pipeline_file")
        later = gitlab_later_rules.later_problems(project_name(name), spec.project, wired)
        yield from under("project", rules.component, later)


def _github(
    name: str, spec: StationSpec, forge: Mapping[str, Any], args: Mapping[str, Any], rules: Rules
) -> Iterator[Problem]:
    yield from _unknown("github", forge, ["url", "token", "app"], rules)
    wired = {"connection": object(), **forge}
    if spec.repository is not None:
        wired.setdefault("url", object())
        found = given_problems(project_name(name), _with_content(args["repository"], "workflow_file"))
        yield from under("repository", rules.component, found)
    yield from under("github", rules.component, github_runner_rules.wiring_problems(runner_name(name), wired))


def _unknown(section: str, forge: Mapping[str, Any], known: list[str], rules: Rules) -> Iterator[Problem]:
    for key, value in forge.items():
        if key not in known:
            fix = f"use one of {', '.join(known)}"
            yield rules.problem(f"{section}.{key}", type(value).__name__, "no such argument", fix)


def _with_content(given: Mapping[str, Any], file: str) -> dict[str, Any]:
    section = given.get(file)
    if not isinstance(section, Mapping):
        return dict(given)
    return {**given, file: {"content": KNOWN_LATER, **section}}
