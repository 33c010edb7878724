"""The Grafana dashboard of a station, as JSON (Grafana docs, Dashboard JSON model).

`python -m ci_runners.render.dashboard` prints it.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ci_runners.render.metrics_texts import CERTIFICATE_METRIC

SCHEMA_VERSION = 39
"""Of Grafana 10.4 and later, which bring older ones up to date by themselves."""
WIDTH = 24
"""Columns of Grafana's grid."""
STAT_HEIGHT = 4
GRAPH_HEIGHT = 8
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
OF_STATION = 'station="$station"'


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One picture: what it shows, and by which queries."""

    title: str
    queries: dict[str, str]
    """Legend and PromQL."""
    description: str
    unit: str = "short"
    is_stat: bool = False
    """One number for now, or else a graph."""
    limits: tuple[tuple[str, float | None], ...] = ()
    """Colors, each with the value from which on it is shown; the first one has none."""


def _of(metric: str, more: str = "") -> str:
    return f"{metric}{{{OF_STATION}{more}}}"


def _rate(metric: str) -> str:
    return f"rate({_of(metric)}[$__rate_interval])"


def _quantile(part: float, histogram: str) -> str:
    return f"histogram_quantile({part}, sum by (le) ({_rate(f'{histogram}_bucket')}))"


PANELS = (
    Panel(
        title="Sources that answer",
        queries={"{{source}}": _of("up")},
        description="1 where the last scrape went well. At 0 the runner, the daemon or the cleanup does not serve.",
        is_stat=True,
        limits=(("red", None), ("green", 1)),
    ),
    Panel(
        title="Jobs running",
        queries={"running": f"sum({_of('gitlab_runner_jobs')})", "at most": _of("gitlab_runner_concurrent")},
        description="Jobs that the runner has now, and how many it may have at once.",
        is_stat=True,
    ),
    Panel(
        title="Certificates: days left",
        queries={"days": f"({_of(CERTIFICATE_METRIC)} - time()) / 86400"},
        description="When they have ended, no job reaches the daemon. As of the last pulumi up.",
        unit="d",
        is_stat=True,
        limits=(("red", None), ("yellow", 7), ("green", 30)),
    ),
    Panel(
        title="Since the last good cleanup",
        queries={"age": f"time() - {_of('ci_runners_cleanup_last_success_timestamp_seconds')}"},
        description="Grows without end when runs fail or are missed.",
        unit="s",
        is_stat=True,
    ),
    Panel(
        title="Errors of the last cleanup",
        queries={"errors": _of("ci_runners_cleanup_last_run_errors")},
        description="What they were is in the receipts: docker logs of the cleanup's container.",
        is_stat=True,
        limits=(("green", None), ("red", 1)),
    ),
    Panel(
        title="Disk in use",
        queries={"used": _of("ci_runners_cleanup_disk_used_ratio")},
        description="How full the file system of the daemon's data is.",
        unit="percentunit",
        is_stat=True,
        limits=(("green", None), ("yellow", 0.8), ("red", 0.9)),
    ),
    Panel(
        title="Jobs",
        queries={"{{state}} {{executor_stage}}": _of("gitlab_runner_jobs")},
        description="Jobs by what the runner does with them.",
    ),
    Panel(
        title="Jobs begun and failed",
        queries={
            "begun per second": f"sum({_rate('gitlab_runner_jobs_total')})",
            "failed: {{failure_reason}}": f"sum by (failure_reason) ({_rate('gitlab_runner_failed_jobs_total')})",
        },
        description="script_failure is the job's own; runner_system_failure is for whoever runs the station.",
        unit="ops",
    ),
    Panel(
        title="How long jobs take",
        queries={
            "half of them": _quantile(0.5, "gitlab_runner_job_duration_seconds"),
            "95 of 100": _quantile(0.95, "gitlab_runner_job_duration_seconds"),
        },
        description="Time from begin to end.",
        unit="s",
    ),
    Panel(
        title="How long jobs wait",
        queries={
            "half of them": _quantile(0.5, "gitlab_runner_job_queue_duration_seconds"),
            "95 of 100": _quantile(0.95, "gitlab_runner_job_queue_duration_seconds"),
        },
        description="Time in GitLab's queue: more runners, or a higher `concurrent`, make it shorter.",
        unit="s",
    ),
    Panel(
        title="Answers of GitLab",
        queries={
            "{{endpoint}} {{status}}": f"sum by (endpoint, status) ({_rate('gitlab_runner_api_request_statuses_total')})"
        },
        description="401 and 403 mean a wrong token, -1 no answer at all.",
        unit="reqps",
    ),
    Panel(
        title="Containers in the daemon",
        queries={"{{state}}": _of("engine_daemon_container_states_containers")},
        description="Of dockerd. Stopped ones that stay are for the cleanup.",
    ),
    Panel(
        title="Builds",
        queries={
            "dockerd's": f"sum({_rate('builder_builds_triggered_total')})",
            "dockerd's, failed": f"sum({_rate('builder_builds_failed_total')})",
            "buildkitd's": f"sum({_rate('buildkit_builds_total')})",
        },
        description="Builds begun per second.",
        unit="ops",
    ),
    Panel(
        title="Memory",
        queries={"{{source}}": _of("process_resident_memory_bytes")},
        description="Of the processes themselves, without those of jobs.",
        unit="bytes",
    ),
    Panel(
        title="CPUs",
        queries={"{{source}}": _rate("process_cpu_seconds_total")},
        description="Of the processes themselves, without those of jobs.",
    ),
    Panel(
        title="What the daemon holds",
        queries={
            "{{kind}}": _of("ci_runners_cleanup_held_bytes"),
            "budget": f"{_of('ci_runners_cleanup_budget_bytes')} > 0",
        },
        description="Images, build cache and the rest; the budget is that of images and build cache together.",
        unit="bytes",
    ),
    Panel(
        title="Freed by the cleanup in a day",
        queries={"{{kind}}": f"increase({_of('ci_runners_cleanup_freed_bytes_total')}[1d])"},
        description="Nothing for weeks, while the disk fills, means that it looks in the wrong place.",
        unit="bytes",
    ),
)


def render_dashboard() -> str:
    """Render the dashboard's JSON, to be imported into Grafana."""
    document = {
        "uid": "ci-runners",
        "title": "CI runners: a station",
        "tags": ["ci-runners"],
        "timezone": "browser",
        "schemaVersion": SCHEMA_VERSION,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [*_variables()]},
        "panels": [*_placed(PANELS)],
    }
    return json.dumps(document, indent=2) + "\n"


def _variables() -> Iterator[dict[str, Any]]:
    yield {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    yield {
        "name": "station",
        "label": "Station",
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": 'label_values(up{source!=""}, station)', "refId": "stations"},
        "refresh": 2,
        "sort": 1,
    }


def _placed(panels: Iterable[Panel]) -> Iterator[dict[str, Any]]:
    """The panels from left to right, the numbers in one line of their own."""
    stats = [panel for panel in panels if panel.is_stat]
    graphs = [panel for panel in panels if not panel.is_stat]
    width = WIDTH // len(stats)
    for index, panel in enumerate(stats):
        yield _panel(panel, index + 1, x=index * width, y=0, w=width, h=STAT_HEIGHT)
    half = WIDTH // 2
    for index, panel in enumerate(graphs):
        y = STAT_HEIGHT + index // 2 * GRAPH_HEIGHT
        yield _panel(panel, len(stats) + index + 1, x=index % 2 * half, y=y, w=half, h=GRAPH_HEIGHT)


def _panel(panel: Panel, number: int, **place: int) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit}
    if panel.limits:
        steps = [{"color": color, "value": value} for color, value in panel.limits]
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
    return {
        "id": number,
        "type": "stat" if panel.is_stat else "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + at), "datasource": DATASOURCE, "expr": query, "legendFormat": legend}
            for at, (legend, query) in enumerate(panel.queries.items())
        ],
    }


if __name__ == "__main__":
    sys.stdout.write(render_dashboard())
