"""What only looks like a change, and what is none of the other things."""

from collections.abc import Collection, Iterator

from ci_runners.explain.finding import Finding, Topic
from ci_runners.explain.noise import ineffective, noise
from ci_runners.explain.order import Used
from ci_runners.explain.parts import Role, role
from ci_runners.explain.preview import NETWORK, Op, Preview, Step
from ci_runners.explain.stops import because
from ci_runners.explain.words import KINDS, changes


def appearance_findings(preview: Preview) -> Iterator[Finding]:
    """What Pulumi lists and nobody notices: helpers, noise, and what the provider does not do."""
    for step in preview.steps:
        sentence = _appearance(step)
        if sentence:
            yield Finding(topic=Topic.APPEARANCES, resource=step.name, urn=step.urn, sentence=sentence)


def _appearance(step: Step) -> str:
    if role(step) is Role.HELPER and step.op in {Op.REPLACE, Op.DELETE}:
        then = "made anew: it does its one thing, and ends" if step.op is Op.REPLACE else "removed"
        return f"Nothing runs in this container any more. It is {then}."
    if (nothing := noise(step)) is not None:
        if step.op is Op.UPDATE:
            return f"Nothing differs: {nothing}. It comes back at every `up`; say in the program what the engine says."
        return f"Nothing differs, and it is replaced all the same: {nothing}. Say in the program what the engine says."
    return ineffective(step) or ""


def other_findings(preview: Preview, used: Used, told: Collection[str]) -> Iterator[Finding]:
    """One for each resource that nothing has been said of yet; `told` are the others' URNs."""
    for step in preview.steps:
        if step.is_real and step.urn not in told:
            said = _other(step, preview, used)
            yield Finding(topic=Topic.OTHERS, resource=step.name, urn=step.urn, sentence=said)


def _other(step: Step, preview: Preview, used: Used) -> str:
    kind = KINDS.get(step.type, step.type)
    if step.gone:
        return f"This {kind} is no longer there: somebody has removed it. It is made anew."
    if step.op is Op.CREATE:
        return f"This {kind} is made."
    if step.op is Op.UPDATE:
        what = f": {changes(step)}" if step.changed else ""
        return f"This {kind} changes in place, without a stop{what}."
    if step.op is Op.IMPORT:
        return f"This {kind} is there already, and is taken over as it is."
    if step.op is Op.DELETE:
        return f"This {kind} {'stays, and Pulumi forgets it' if step.retained else 'is removed'}."
    every = " Whatever is in it is made anew too." if step.type == NETWORK else ""
    return f"This {kind} is made anew, {because(step, preview, used)}.{every}"
