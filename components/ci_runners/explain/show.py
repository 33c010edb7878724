"""An explanation as text for a terminal and as plain data for a program."""

import json
import textwrap
from collections.abc import Iterable, Iterator

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


def as_text(explanation: Explanation) -> str:
    """The whole explanation, for a person."""
    sections = [[f"{explanation.stack or 'Preview'}: {_verdict(explanation)}."]]
    if explanation.errors:
        sections.append(["Its reasons; what follows may not be all:", *_items(explanation.errors)])
    for topic, title in TITLES.items():
        found = explanation.about(topic)
        if found:
            lines = map(_line, found) if topic is Topic.STOPS else _together(found)
            sections.append([title, *_items(lines, numbered=topic is Topic.STOPS)])
        if topic is Topic.STOPS and explanation.seconds:
            sections[-1] += textwrap.wrap(
                _time(explanation), WIDTH, initial_indent="  ", subsequent_indent="  "
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


def _time(explanation: Explanation) -> str:
    more = explanation.start_seconds
    then = f", then up to {duration(more)} until the new one answers" if more else ""
    return f"Up to {duration(explanation.seconds)} in all, if what runs takes that long{then}."


def _verdict(explanation: Explanation) -> str:
    if explanation.errors:
        return "Pulumi would refuse this"
    return VERDICTS[explanation.severity] if explanation.findings else "nothing changes"


def _line(finding: Finding) -> str:
    return _said(finding.resource, finding.sentence, finding.cis)


def _said(resource: str, sentence: str, cis: str) -> str:
    return f"{resource}: {sentence}{f' (CIS {cis})' if cis else ''}"


def _together(findings: Iterable[Finding]) -> Iterator[str]:
    """What is said of several is said once."""
    names: dict[tuple[str, str], list[str]] = {}
    for each in findings:
        names.setdefault((each.sentence, each.cis), []).append(each.resource)
    for (sentence, cis), resources in names.items():
        yield _said(", ".join(dict.fromkeys(resources)), sentence, cis)


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
