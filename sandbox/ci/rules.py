"""Which jobs a pipeline gets: `rules`, `only` and `except`, and the workflow's rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.ci.config import JobSpec
from sandbox.ci.expand import values_of
from sandbox.ci.expressions import as_pattern, compile_expression
from sandbox.models import JsonObject

# The words of `only` and `except` that mean where a pipeline came from (GitLab docs, "only:refs / except:refs").
_SOURCES = {
    "api": "api",
    "pushes": "push",
    "schedules": "schedule",
    "triggers": "trigger",
    "web": "web",
    "merge_requests": "merge_request_event",
    "pipelines": "pipeline",
}


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What a pipeline is made for, with the variables that are known before any job exists."""

    ref: str
    tag: bool
    source: str
    predefined: Sequence[JsonObject] = ()
    """GitLab's own variables: the weakest."""
    given: Sequence[JsonObject] = ()
    """Variables of the instance, group, project and of this run: the strongest."""

    def values(self, file: Mapping[str, JsonObject]) -> dict[str, str]:
        """What every variable is worth, with these of the pipeline file."""
        own = [{"key": name, **body} for name, body in file.items()]
        return values_of([*self.predefined, *own, *self.given])


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A job that is in the pipeline, and how."""

    when: str
    allow_failure: bool
    variables: dict[str, JsonObject] = field(default_factory=dict)
    """What the rule adds to the job's own variables."""


def decide(job: JobSpec, circumstances: Circumstances) -> Decision | None:
    """How the job takes part, or None if it doesn't."""
    if job.rules is None:
        return _by_refs(job, circumstances)
    rule = first_rule(job.rules, circumstances.values(job.variables))
    when = "never" if rule is None else str(rule.get("when", job.when))
    if rule is None or when == "never":
        return None
    added = rule.get("variables")
    return Decision(
        when=when,
        allow_failure=bool(rule.get("allow_failure", job.allow_failure)),
        variables=added if isinstance(added, dict) else {},
    )


def first_rule(rules: Sequence[JsonObject], values: Mapping[str, str]) -> JsonObject | None:
    """The first rule whose `if` holds; a rule without one always does."""
    for rule in rules:
        if "if" not in rule or compile_expression(str(rule["if"]))(values):
            return rule
    return None


def _by_refs(job: JobSpec, circumstances: Circumstances) -> Decision | None:
    included = any(_names(name, circumstances) for name in job.only)
    excluded = any(_names(name, circumstances) for name in job.excluded)
    if not included or excluded or job.when == "never":
        return None
    # Outside of rules a manual job does not hold up the pipeline unless it says so.
    allow_failure = job.when == "manual" if job.allow_failure is None else job.allow_failure
    return Decision(when=job.when, allow_failure=allow_failure)


def _names(name: str, circumstances: Circumstances) -> bool:
    if name == "branches":
        return not circumstances.tag
    if name == "tags":
        return circumstances.tag
    if name in _SOURCES:
        return _SOURCES[name] == circumstances.source
    if name.startswith("/"):
        return bool(as_pattern(name).search(circumstances.ref))
    return name == circumstances.ref
