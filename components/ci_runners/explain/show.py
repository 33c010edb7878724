"""An explanation as text for a terminal and as plain data for a program."""

import json
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from ci_runners.explain.explanation import Explanation
from ci_runners.explain.finding import Finding, Severity, Topic
from ci_runners.explain.words import duration

WIDTH = 100
"""Columns of the text."""

TITLES = {
    Topic.STOPS: "What stops, in this order:",
    Topic.LOSSES: "What is lost:",
    Topic.PRIVILEGES: "What gains a privilege, or gives one up:",
    Topic.SECRETS: "Secrets that change:",
    Topic.CERTIFICATES: "Certificates that change:",
    Topic.FORGE: "What the forge is told:",
    Topic.OTHERS: "What else changes, with nothing stopped or lost by it:",
    Topic.APPEARANCES: "What only looks like a change:",
}
VERDICTS = {
    Severity.CALM: "nothing that runs stops, nothing is lost",
    Severity.STOPS: "something stops; choose the hour",
    Severity.LOSES: "something is lost for good; look twice",
    Severity.GAINS: "something gains a privilege; let someone else look too",
}


@dataclass(frozen=True, kw_only=True)
class Item:
    """What is said of one resource, or of several at once."""

    resources: tuple[str, ...]
    sentence: str
    cis: str
    """Of a privilege: the rule of the CIS Docker Benchmark 1.6."""

    @property
    def remark(self) -> str:
        """What stands behind the sentence."""
        return f" (CIS {self.cis})" if self.cis else ""


def as_text(explanation: Explanation) -> str:
    """The whole explanation, for a person."""
    sections = [[f"{explanation.stack or 'Preview'}: {verdict(explanation)}."]]
    if explanation.errors:
        sections.append(["Its reasons; what follows may not be all:", *_items(explanation.errors)])
    for topic, title in TITLES.items():
        found = items(explanation, topic)
        if found:
            sections.append([title, *_items(map(_line, found), numbered=topic is Topic.STOPS)])
        if topic is Topic.STOPS and explanation.seconds:
            sections[-1] += textwrap.wrap(
                whole_time(explanation), WIDTH, initial_indent="  ", subsequent_indent="  "
            )
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def as_json(explanation: Explanation) -> str:
    """The whole explanation as one JSON object."""
    plain = {
        "stack": explanation.stack,
        "severity": explanation.severity.name.lower(),
        "seconds": explanation.seconds,
        "start_seconds": explanation.start_seconds,
        "errors": list(explanation.errors),
        **{topic.value: [_plain(each) for each in explanation.about(topic)] for topic in Topic},
    }
    return json.dumps(plain, indent=2) + "\n"


def whole_time(explanation: Explanation) -> str:
    """How long what stops is away, at most."""
    more = explanation.start_seconds
    then = f", then up to {duration(more)} until the new one answers" if more else ""
    return f"Up to {duration(explanation.seconds)} in all, if what runs takes that long{then}."


def verdict(explanation: Explanation) -> str:
    """The whole explanation in a few words."""
    if explanation.errors:
        return "Pulumi would refuse this"
    return VERDICTS[explanation.severity] if explanation.findings else "nothing changes"


def items(explanation: Explanation, topic: Topic) -> list[Item]:
    """What there is to say about a topic. Stops come one by one, since they have an order; the same is said once."""
    names: dict[tuple[str, str, int], list[str]] = {}
    for number, each in enumerate(explanation.about(topic)):
        place = number if topic is Topic.STOPS else 0
        names.setdefault((each.sentence, each.cis, place), []).append(each.resource)
    return [
        Item(resources=tuple(dict.fromkeys(resources)), sentence=sentence, cis=cis)
        for (sentence, cis, _), resources in names.items()
    ]


def _line(item: Item) -> str:
    return f"{', '.join(item.resources)}: {item.sentence}{item.remark}"


def _plain(finding: Finding) -> dict[str, object]:
    plain: dict[str, object] = {
        "resource": finding.resource,
        "urn": finding.urn,
        "severity": finding.severity.name.lower(),
        "sentence": finding.sentence,
    }
    if finding.topic is Topic.STOPS:
        plain["seconds"] = finding.seconds
    if finding.cis:
        plain["cis"] = finding.cis
    return plain


def _items(items: Iterable[str], *, numbered: bool = False) -> list[str]:
    lines = []
    for number, item in enumerate(items, 1):
        mark = f"  {number}. " if numbered else "  - "
        lines += textwrap.wrap(
            item,
            WIDTH,
            initial_indent=mark,
            subsequent_indent=" " * len(mark),
            break_on_hyphens=False,
            break_long_words=False,
        )
    return lines
