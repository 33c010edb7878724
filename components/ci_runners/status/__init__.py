"""The health of what this package made on a Docker engine, in one look."""

from ci_runners.status.facts import ContainerFacts, EngineFacts
from ci_runners.status.probe import read_containers
from ci_runners.status.rows import Row, Severity, status_rows, worst
from ci_runners.status.show import as_json, status_table

__all__ = [
    "ContainerFacts",
    "EngineFacts",
    "Row",
    "Severity",
    "as_json",
    "read_containers",
    "status_rows",
    "status_table",
    "worst",
]
