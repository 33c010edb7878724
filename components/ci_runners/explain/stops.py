"""What stops, for how long at most, and why."""

from collections.abc import Iterator

from ci_runners.explain.finding import Finding, Severity, Topic
from ci_runners.explain.noise import noise
from ci_runners.explain.order import Used, grace, stopping, users
from ci_runners.explain.parts import Role, role
from ci_runners.explain.preview import Op, Preview, Step
from ci_runners.explain.words import KINDS, changes, duration


def stop_findings(preview: Preview, used: Used) -> Iterator[Finding]:
    """One finding for each container that stops, in the order in which they do."""
    stopped = stopping(preview, used)
    for step in stopped:
        seconds = grace(step)
        sentence, severity = _stops(step, seconds, users(step, stopped, used))
        anew = "made anew" if step.op is Op.REPLACE else "gone"
        yield Finding(
            topic=Topic.STOPS,
            resource=step.name,
            urn=step.urn,
            sentence=f"{sentence} Then it is {anew}, {because(step, preview, used)}.",
            severity=severity,
            seconds=seconds,
        )


def _stops(step: Step, seconds: int | None, before: list[Step]) -> tuple[str, Severity]:
    """What happens when it stops, after what stops before it."""
    what = role(step) or Role.OTHER
    if seconds is None:
        said = f"The {what.value} is killed: it has no destroy_grace_seconds, and what runs in it is lost."
        return said, Severity.LOSES
    time = duration(seconds)
    if what is Role.DAEMON and not any(role(user) is Role.RUNNER for user in before):
        said = (
            f"The daemon stops, and no runner drains before it: what runs in it gets {time}, and then fails."
        )
        return said, Severity.LOSES
    said = {
        Role.DRAIN: f"The runner is paused at its forge, and its jobs get up to {time} to end.",
        Role.RUNNER: f"The runner takes no new job; those that run get up to {time} to end.",
        Role.REGISTRAR: f"The registrar registers no more runners, and gets {time} to tidy up.",
        Role.DAEMON: f"The daemon stops once its runner has, and what still runs in it gets {time}.",
        Role.PROXY: f"The proxy stops, and its last requests get {time}; jobs reach no engine meanwhile.",
        Role.CLEANUP: f"The cleanup stops; a run of it gets up to {time} to end, and the next one makes up for it.",
        Role.METRICS: f"Metrics are not served meanwhile; it stops within {time}.",
        Role.MIRROR: f"The mirror stops within {time}; images come from Docker Hub itself meanwhile.",
    }.get(what, f"The {what.value} stops; its process gets up to {time} to end.")
    return said, Severity.STOPS


def because(step: Step, preview: Preview, used: Used) -> str:
    """Why it is deleted or replaced."""
    if step.op is Op.DELETE:
        return "because the program no longer has it"
    if (nothing := noise(step)) is not None:
        return f"for nothing: {nothing}"
    if step.renewed:
        return "because its word for a new one has changed"
    if step.changed:
        return f"because of {changes(step)}"
    going = [other for other in preview.steps if other.goes and other.urn in used[step.urn]]
    first = [other for other in going if not any(each.urn in used[other.urn] for each in going)]
    causes = [other for other in going if _goes_by_itself(other)] or first
    if not causes:
        return "because Pulumi was told so"
    cause = min(causes, key=lambda other: (role(other) is Role.HELPER, other.type, other.name))
    return f"because it uses the {KINDS.get(cause.type, 'resource')} {cause.name}, which goes"


def _goes_by_itself(step: Step) -> bool:
    """Whether a resource that goes does not go because another one does."""
    return bool(step.op is Op.DELETE or step.changed or step.renewed)
