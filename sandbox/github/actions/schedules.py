"""When a workflow's schedules are due."""

from datetime import UTC, datetime

from sandbox import clock
from sandbox.ci.cron import parse_cron
from sandbox.github.actions.workflow_file import WorkflowSpec
from sandbox.github.context import GitHub
from sandbox.github.models import Workflow


def plan(github: GitHub, workflow: Workflow, spec: WorkflowSpec) -> None:
    """Notes when a workflow of the default branch is due next; one without schedules never is."""
    moments = [parse_cron(cron).next_after(datetime.now(UTC)) for cron in spec.crons]
    workflow.next_run_at = min((clock.stamp(moment) for moment in moments if moment), default=None)
    github.store.save(workflow)
