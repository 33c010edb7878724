"""What is lost with the volumes that go, and what becomes of certificates."""

from collections.abc import Iterator

from ci_runners.explain.finding import Finding, Severity, Topic
from ci_runners.explain.noise import noise
from ci_runners.explain.parts import Role, certificates, component, lost, made_again, role
from ci_runners.explain.preview import VOLUME, Op, Preview, Step
from ci_runners.explain.words import change

MAKER = "-certificates"
"""How the container that makes a daemon's certificates is called, after the daemon's name."""


def volume_findings(preview: Preview) -> Iterator[Finding]:
    """What becomes of each volume that Pulumi deletes, or only forgets."""
    for step in preview.steps:
        if step.type != VOLUME or step.op not in {Op.DELETE, Op.REPLACE}:
            continue
        if step.retained:
            sentence = f"It stays on the engine with {lost_or_held(step)}: Pulumi only forgets it (retain_on_delete)."
            yield _finding(Topic.APPEARANCES, step, sentence)
        elif step.protected:
            sentence = f"Pulumi refuses to delete it: it holds {lost_or_held(step)}, and is protected."
            yield _finding(Topic.APPEARANCES, step, sentence)
        elif not certificates(step):
            yield _gone(step)


def lost_or_held(step: Step) -> str:
    """What a volume holds."""
    return certificates(step) or made_again(step) or lost(step)


def _gone(step: Step) -> Finding:
    again = made_again(step)
    if again:
        return _finding(Topic.OTHERS, step, f"The volume goes, and with it {again}.")
    reason = f" And that for nothing: {nothing}." if (nothing := noise(step)) else ""
    anew = " It is made anew, empty." if step.op is Op.REPLACE else ""
    sentence = f"The volume goes, and with it {lost(step)}.{anew}{reason}"
    return _finding(Topic.LOSSES, step, sentence, Severity.LOSES)


def certificate_findings(preview: Preview) -> Iterator[Finding]:
    """What is signed anew, and what no longer is trusted."""
    daemons = {component(step) for step in preview.steps if role(step) is Role.DAEMON and step.comes}
    makers = {component(step) for step in preview.steps if _is_maker(step)}
    authorities = {component(step) for step in preview.steps if step.goes and step.name.endswith("-ca")}
    for step in preview.steps:
        held, name = certificates(step), component(step)
        if held and step.goes:
            then = "nothing needs them any more"
            if step.op is Op.REPLACE:
                then = "they are made anew"
                if name not in daemons | makers:
                    then = "but the daemon goes on with the old ones until it is made anew itself"
            yield _finding(Topic.CERTIFICATES, step, f"The volume goes, and with it {held}: {then}.")
        elif _is_maker(step) and step.comes:
            yield _finding(Topic.CERTIFICATES, step, _made(step, renewed=name in authorities))


def _made(step: Step, *, renewed: bool) -> str:
    """What a certificate maker does (render/scripts/certificates.sh)."""
    if step.op is Op.CREATE:
        return "It makes the daemon's authority and certificates, or keeps those that are there and good."
    if renewed or ("envs" in step.changed and "ROTATED" in change(step, "envs")):
        return "All keys and certificates are made anew, an authority made here too: who holds an old one is shut out."
    if "uploads" in step.changed:
        return "Another authority signs all certificates, with new keys: who holds an old one is shut out."
    return "It signs anew what other names ask for, or what has little time left, with the same keys; the rest stays."


def _is_maker(step: Step) -> bool:
    return role(step) is Role.HELPER and step.name.endswith(MAKER) and step.op is not Op.DELETE


def _finding(topic: Topic, step: Step, sentence: str, severity: Severity = Severity.CALM) -> Finding:
    return Finding(topic=topic, resource=step.name, urn=step.urn, sentence=sentence, severity=severity)
