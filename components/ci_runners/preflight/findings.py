"""Going through the rules: what a host means for one way to build."""

from dataclasses import dataclass

from ci_runners.preflight.engine_rules import ENGINE_RULES
from ci_runners.preflight.facts import HostFacts
from ci_runners.preflight.kernel_rules import KERNEL_RULES, NAMESPACE_RULES, PLACE_RULES
from ci_runners.preflight.rules import Rule
from ci_runners.preflight.way import Way
from ci_runners.problems import Problem

RULES = (*ENGINE_RULES, *KERNEL_RULES, *NAMESPACE_RULES, *PLACE_RULES)


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a host means for a way to build."""

    errors: tuple[Problem, ...]
    """Why the way cannot work there."""

    warnings: tuple[Problem, ...]
    """Why it works worse than it could."""

    unchecked: tuple[str, ...]
    """Facts that rules of this way would have looked at, but that are not known."""


def preflight(facts: HostFacts, way: Way) -> Findings:
    """Go through the rules of one way, in their order."""
    errors: list[Problem] = []
    warnings: list[Problem] = []
    unchecked: list[str] = []
    for rule in RULES:
        if way.name not in rule.ways:
            continue
        unknown = [name for name in (rule.field, *rule.needs) if getattr(facts, name) is None]
        if unknown:
            unchecked += unknown
        elif rule.broken(facts, way):
            (errors if rule.is_error else warnings).append(_problem(rule, facts, way))
    return Findings(errors=tuple(errors), warnings=tuple(warnings), unchecked=tuple(dict.fromkeys(unchecked)))


def _problem(rule: Rule, facts: HostFacts, way: Way) -> Problem:
    value = getattr(facts, rule.field)
    return Problem(
        component=f"host {facts.docker_host!r}" if facts.docker_host else "host",
        field=rule.field,
        value=list(value) if isinstance(value, tuple) else value,
        expected=rule.expected.format(facts=facts, way=way),
        fix=rule.fix.format(facts=facts, way=way),
    )
