"""What is told to the forge, and which secrets change, there and on the engine."""

from collections.abc import Iterator, Mapping

from ci_runners.explain.finding import Finding, Topic
from ci_runners.explain.parts import Role, role
from ci_runners.explain.preview import SECRET, UNKNOWN, Op, Preview, Step, holds
from ci_runners.explain.words import argument, changes, listed

REGISTRATION = "gitlab:index/userRunner:UserRunner"
_FORGES = ("gitlab:", "github:")
_FILES = ("gitlab:index/repositoryFile:RepositoryFile", "github:index/repositoryFile:RepositoryFile")
_NAMES = (
    "key",
    "variableName",
    "secretName",
    "filePath",
    "file",
    "branch",
    "environment",
    "description",
    "name",
)
"""Fields that say which one of its type something is, the telling ones first."""
_CONFIG_WRITER = "-config-writer"
_WRITERS = {
    _CONFIG_WRITER: (
        "The runner's configuration is written anew. It holds the runner's token, so Pulumi hides what differs in it:"
        " that may be the token, or any other line."
    ),
    "-credential-writer": "The credential that registers runners is another one; the runners' jobs go on.",
    "-certificates": "The authority that signs the daemon's certificates is another one, or its key is.",
    "-writer": "The token that pauses the runner at its forge is another one.",
}
"""By the last words of a container's name: what it means when the secret file that it holds differs."""
_TOKENS = {
    Op.CREATE: "A runner is registered, and has a token of its own.",
    Op.REPLACE: (
        "The runner is registered anew, with a new token. The old one is taken back once the runner has the new one."
    ),
    Op.DELETE: "The runner's registration ends, and its token with it: jobs with its tags wait for another runner.",
}
_DONE = {
    Op.CREATE: "is added",
    Op.IMPORT: "is there already, and is taken over",
    Op.UPDATE: "changes",
    Op.REPLACE: "is made anew",
    Op.DELETE: "is removed",
}


def secret_findings(preview: Preview) -> Iterator[Finding]:
    """Every secret that is another one afterwards, comes or goes."""
    registered = any(step.type == REGISTRATION and step.comes for step in preview.steps)
    for step in preview.steps:
        sentence = _token(step) or _written(step, registered=registered) or _value(step)
        if sentence:
            yield Finding(topic=Topic.SECRETS, resource=step.name, urn=step.urn, sentence=sentence)


def forge_findings(preview: Preview) -> Iterator[Finding]:
    """Everything that is told to the forge, but for the values of secrets and for what a runner's token is."""
    for step in preview.steps:
        if not step.type.startswith(_FORGES) or _token(step):
            continue
        secret = _secret_fields(step)
        if secret and (step.op is not Op.UPDATE or not {*step.changed} - {*secret}):
            continue
        yield Finding(topic=Topic.FORGE, resource=step.name, urn=step.urn, sentence=_told(step))


def _told(step: Step) -> str:
    title = _title(step)
    if step.op is Op.DELETE and step.retained:
        return f"{title} stays at the forge: Pulumi only forgets it (retain_on_delete)."
    if step.type in _FILES and (step.op is Op.DELETE or "content" in (step.changed or ("content",))):
        if step.op is Op.DELETE:
            return f"{title} is removed by a commit: pushes start no pipeline from it any more."
        if holds(step.new.get("content"), UNKNOWN) and step.op is Op.UPDATE:
            return f"{title} is committed if its text differs, which is known only at `up`; a commit starts a pipeline."
        return f"{title} is committed as rendered anew, and the commit starts a pipeline."
    what = f": {changes(step)}" if step.op in {Op.UPDATE, Op.REPLACE} and step.changed else ""
    return f"{title} {_DONE[step.op]}{what}."


def _token(step: Step) -> str:
    """What becomes of a runner's token. Empty: nothing."""
    return _TOKENS.get(step.op, "") if step.type == REGISTRATION else ""


def _written(step: Step, *, registered: bool) -> str:
    """What becomes of a secret file that a container writes. Empty: nothing."""
    if role(step) is not Role.HELPER or step.op is not Op.REPLACE or "uploads" not in step.changed:
        return ""
    if not holds([step.old.get("uploads"), step.new.get("uploads")], {SECRET}):
        return ""
    if step.name.endswith(_CONFIG_WRITER) and registered:
        return "The runner's configuration is written anew, with the new token; its jobs go on."
    written = next((said for part, said in _WRITERS.items() if step.name.endswith(part)), "")
    return written or "The secret file that it writes is another one."


def _value(step: Step) -> str:
    """What becomes of a secret value. Empty: nothing."""
    fields = _secret_fields(step)
    if not fields or role(step) is Role.HELPER:
        return ""
    title = _title(step)
    if step.op is Op.UPDATE or (step.op is Op.REPLACE and step.changed):
        verb = "differs" if len(fields) == 1 else "differ"
        return f"{title}: the secret {listed(map(argument, fields))} {verb}; what starts from now on finds the new one."
    return f"{title} {_DONE[step.op]}, with its secret value."


def _secret_fields(step: Step) -> list[str]:
    """The secret inputs that differ; all of them where something comes or goes as a whole."""
    known: Mapping[str, object] = {**step.old, **step.new}
    fields = step.changed if step.op is Op.UPDATE or step.changed else tuple(known)
    if not step.type.startswith(_FORGES) and step.op in {Op.CREATE, Op.DELETE}:
        return []
    return [field for field in fields if holds([step.old.get(field), step.new.get(field)], {SECRET})]


def _title(step: Step) -> str:
    """Something at the forge, as a person calls it: the project variable GREETING."""
    kind = (
        "registration"
        if step.type == REGISTRATION
        else argument(step.type.split(":")[-1]).replace("_", " ").lower()
    )
    given = [step.inputs.get(field) for field in _NAMES]
    named = next((value for value in given if isinstance(value, str) and value), step.name)
    return f"The {kind} {named}"
