"""A whole preview, explained."""

from dataclasses import dataclass

from ci_runners.explain.finding import Finding, Severity, Topic
from ci_runners.explain.forge import forge_findings, secret_findings
from ci_runners.explain.keeps import certificate_findings, volume_findings
from ci_runners.explain.order import all_used, longest, start, stopping
from ci_runners.explain.others import appearance_findings, other_findings
from ci_runners.explain.preview import Preview
from ci_runners.explain.privileges import privilege_findings
from ci_runners.explain.stops import stop_findings


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Everything that a preview means."""

    stack: str
    findings: tuple[Finding, ...]
    """By topic; stops in the order in which they happen."""

    seconds: int
    """From the first stop to the end of the last one, at most."""

    start_seconds: int
    """From then until what is made anew answers, at most. It is waited for where it has a health check."""

    errors: tuple[str, ...]
    """Why Pulumi would not do it."""

    @property
    def severity(self) -> Severity:
        """That of the gravest finding."""
        return max((finding.severity for finding in self.findings), default=Severity.CALM)

    def about(self, topic: Topic) -> list[Finding]:
        """The findings of one topic."""
        return [finding for finding in self.findings if finding.topic is topic]


def explain(preview: Preview) -> Explanation:
    """Say what a preview means: something of every resource that it names."""
    used = all_used(preview)
    stopped = stopping(preview, used)
    stops = list(stop_findings(preview, used))
    found = [
        *volume_findings(preview),
        *privilege_findings(preview),
        *secret_findings(preview),
        *certificate_findings(preview),
        *forge_findings(preview),
        *appearance_findings(preview),
    ]
    found += other_findings(preview, used, {finding.urn for finding in (*stops, *found)})
    topics = list(Topic)
    # Pulumi's own order differs from one preview to the next, where resources do not use one another.
    found.sort(
        key=lambda finding: (topics.index(finding.topic), finding.resource, finding.cis, finding.sentence)
    )
    return Explanation(
        stack=preview.stack,
        findings=(*stops, *found),
        seconds=longest(stopped, used),
        start_seconds=start(stopped),
        errors=preview.errors,
    )
