"""The host preflight: what a Docker host can do, and whether a way to build can work there."""

from ci_runners.preflight.facts import HostFacts
from ci_runners.preflight.findings import Findings, preflight
from ci_runners.preflight.kernel_rules import NAMESPACE_RULES
from ci_runners.preflight.probe import read_facts
from ci_runners.preflight.table import facts_table, ways_table
from ci_runners.preflight.way import Way

__all__ = [
    "NAMESPACE_RULES",
    "Findings",
    "HostFacts",
    "Way",
    "facts_table",
    "preflight",
    "read_facts",
    "ways_table",
]
