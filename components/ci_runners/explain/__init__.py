"""What a `pulumi preview` means for the people whose jobs run: pure functions over its JSON."""

from ci_runners.explain.explanation import Explanation, explain
from ci_runners.explain.finding import Finding, Severity, Topic
from ci_runners.explain.preview import Preview, Step, read_preview

__all__ = ["Explanation", "Finding", "Preview", "Severity", "Step", "Topic", "explain", "read_preview"]
