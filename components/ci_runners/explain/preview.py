"""The JSON of `pulumi preview --json` (pulumi/pulumi, pkg/display/json.go: PreviewDigest), as plain values."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ci_runners.problems import InvalidInput, Problem

SECRET = "[secret]"  # noqa: S105  what Pulumi writes in a secret's place
UNKNOWN = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""What it writes for what is known later: a text, a boolean, a number, a list, an object (sdk/go/common/resource/plugin)."""
CONTAINER = "docker:index/container:Container"
VOLUME = "docker:index/volume:Volume"
NETWORK = "docker:index/network:Network"

_URN_MARKS = 3
"""Between stack, project, types and name."""
_SAYS_NOTHING = ("an unhandled error occurred: program exited", "preview failed")
_FIELD = re.compile(r"^[^.\[]+")


class Op(str, Enum):
    """What is done to a resource."""

    CREATE = "create"
    IMPORT = "import"
    """It is there already, and Pulumi's from now on."""
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


REFRESH = "refresh"
_OPS = {**{op.value: op for op in Op}, "import-replacement": Op.REPLACE}
"""What a refresh has read, what stays the same, and the steps inside a replacement are left out."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is done to one resource."""

    urn: str
    op: Op
    old: Mapping[str, Any] = field(default_factory=dict)
    """Its inputs as Pulumi knows them. Empty for a new one."""

    new: Mapping[str, Any] = field(default_factory=dict)
    """Its inputs from now on. Empty where it goes."""

    changed: tuple[str, ...] = ()
    """Its inputs that differ, to the provider."""

    kinds: tuple[str, ...] = ()
    """How they differ: add, delete or update, each with `-replace` where it forces one."""

    used: tuple[str, ...] = ()
    """URNs of what it was made from, which goes after it. Of a new one: what it is made from."""

    uses: tuple[str, ...] = ()
    """URNs of what it is made from, from now on."""

    retained: bool = False
    """Whether Pulumi forgets it and leaves it where it is."""

    protected: bool = False
    """Whether Pulumi refuses to delete it."""

    renewed: bool = False
    """Whether a word in the program that stands for a new one (`replacement_trigger`) has changed."""

    gone: bool = False
    """Of a new one: whether a refresh found that the old one is no longer there."""

    @property
    def type(self) -> str:
        """Its type, without those of the components around it."""
        return self.urn.split("::", 3)[2].split("$")[-1]

    @property
    def own_name(self) -> str:
        """Its name to Pulumi."""
        return self.urn.split("::", 3)[3]

    @property
    def name(self) -> str:
        """The name that the engine or the forge knows, else Pulumi's."""
        given = self.inputs.get("name")
        own = given if isinstance(given, str) and self.type.startswith("docker:") else ""
        return own or self.own_name

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What there is of it, or was."""
        return self.new or self.old

    @property
    def goes(self) -> bool:
        """Whether what there is of it ends here."""
        return self.op in {Op.DELETE, Op.REPLACE} and not self.retained

    @property
    def comes(self) -> bool:
        """Whether there is one of it afterwards that was not there before."""
        return self.op in {Op.CREATE, Op.REPLACE}

    @property
    def is_real(self) -> bool:
        """Whether it is more than a name in Pulumi's state: no component, no provider, no stack."""
        return not self.type.startswith(("pulumi:", "ci-runners:"))


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A whole preview."""

    stack: str
    steps: tuple[Step, ...]
    """What would be done, in Pulumi's order."""

    errors: tuple[str, ...] = ()
    """Why Pulumi would not do it; the steps are then not all."""

    consents: tuple[str, ...] = ()
    """The configuration's own words of consent (`dind.accept_privileged`) that are true."""


def read_preview(text: str) -> Preview:
    """Read what `pulumi preview --json` wrote. The CLI's own warnings may stand before it.

    Raises `InvalidInput` for anything else.
    """
    start = re.search(r"^\{", text, re.MULTILINE)
    try:
        plain, _ = json.JSONDecoder().raw_decode(text, start.start() if start else 0)
        return _preview(plain)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise InvalidInput([_problem(text)]) from None


def _problem(text: str) -> Problem:
    fix = "give it what `pulumi preview --json` writes, without PULUMI_ENABLE_STREAMING_JSON_PREVIEW"
    shown = text.strip()[:60]
    return Problem(component="preview", field="text", value=shown, expected="a preview's JSON", fix=fix)


def holds(value: object, words: Collection[str]) -> bool:
    """Whether one of the words is a value, or lies somewhere in it."""
    if isinstance(value, Mapping):
        return any(holds(inner, words) for inner in value.values())
    if isinstance(value, list):
        return any(holds(inner, words) for inner in value)
    return isinstance(value, str) and value in words


def _preview(plain: Mapping[str, Any]) -> Preview:
    if not {"steps", "changeSummary", "diagnostics"} & set(plain):
        raise KeyError("steps")
    raw = plain.get("steps") or []
    refreshed = {each["urn"] for each in raw if each["op"] == REFRESH}
    urns = [each["urn"] for each in raw]
    errors = [
        line
        for each in plain.get("diagnostics") or []
        if each["severity"] == "error"
        for line in _lines(each["message"])
    ]
    return Preview(
        stack="/".join(reversed(urns[0].split("::")[:2])).replace("urn:pulumi:", "") if urns else "",
        steps=tuple(_step(each, refreshed) for each in raw if each["op"] in _OPS),
        errors=tuple(dict.fromkeys(errors)),
        consents=tuple(_consents(plain.get("config") or {})),
    )


def _lines(message: str) -> Iterator[str]:
    """An error of Pulumi's, an item of a list in it each; a resource by its name, and without what says nothing."""
    said = re.sub(r"<\{%[^%]*%\}>", "", message).strip().removeprefix("error: ")
    named = re.sub(r"['\"]?urn:pulumi:[^\s'\"]*::([^\s'\":]+)['\"]?", r"\1", said)
    head, traceback, rest = named.partition("Traceback (most recent call last):")
    if traceback:
        yield " ".join([head.strip(), rest.strip().splitlines()[-1].strip()])
        return
    for item in re.split(r"\n\s*- ", named):
        line = " ".join(item.split()).partition(", or use the command:")[0]
        if (
            line
            and not line.endswith("nothing was created or changed:")
            and not line.startswith(_SAYS_NOTHING)
        ):
            yield line


def _step(plain: Mapping[str, Any], refreshed: set[str]) -> Step:
    op = _OPS[plain["op"]]
    urn = plain["urn"]
    if urn.count("::") < _URN_MARKS:
        raise ValueError(urn)
    old, new = plain.get("oldState") or {}, plain.get("newState") or {}
    detailed = plain.get("detailedDiff") or {}
    changed = [
        *(plain.get("diffReasons") or ()),
        *(found[0] for path in detailed if (found := _FIELD.match(path))),
    ]
    return Step(
        urn=urn,
        op=op,
        old=_inputs(old),
        new=_inputs(new),
        changed=tuple(sorted({*changed})),
        kinds=tuple(each["kind"] for each in detailed.values()),
        used=tuple((old or new).get("dependencies") or ()),
        uses=tuple((new or old).get("dependencies") or ()),
        retained=bool(old.get("retainOnDelete")),
        protected=bool(old.get("protect")),
        renewed=old.get("replacementTrigger") != new.get("replacementTrigger"),
        gone=op is Op.CREATE and urn in refreshed,
    )


def _inputs(state: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain(value) for key, value in (state.get("inputs") or {}).items() if key != "__defaults"}


def _plain(value: object) -> object:
    """A value without Pulumi's own remarks in it."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items() if key != "__defaults"}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value


def _consents(config: Mapping[str, Any]) -> Iterator[str]:
    for key, value in config.items():
        try:
            said = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            continue
        if key.endswith(":station") and isinstance(said, Mapping):
            yield from _accepted(said, "")
        elif key.endswith(":stations") and isinstance(said, list):
            for each in said:
                if isinstance(each, Mapping):
                    yield from _accepted(each, f"{each.get('name')}.")


def _accepted(said: Mapping[str, Any], path: str) -> Iterator[str]:
    for key, value in said.items():
        if isinstance(value, Mapping):
            yield from _accepted(value, f"{path}{key}.")
        elif key.startswith("accept_") and value is True:
            yield f"{path}{key}"
