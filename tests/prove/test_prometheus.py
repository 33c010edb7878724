"""A real Prometheus reads a station by its `scrape_config`, and answers every query of the dashboard after real jobs."""

import io
import json
import os
import re
import secrets
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
import yaml
from gitlab.v4.objects import ProjectJob

from bootstrap.stand_in_images import PROMETHEUS
from bootstrap.station import connect, finished_pipeline
from ci_runners.render.dashboard import PANELS
from tests.e2e.conftest import Station
from tests.e2e.pulumi_cli import PulumiCli
from tests.e2e.pushes import push

pytestmark = pytest.mark.e2e

PROGRAM = """
import json
from pathlib import Path

import pulumi

from ci_runners import DindDaemon, GitLabRunner
from ci_runners.upkeep.cleanup import CacheCleanup
from ci_runners.upkeep.metrics import StationMetrics

given = json.loads(Path("given.json").read_text())
name = given["name"]
daemon = DindDaemon(
    f"{name}-daemon",
    {
        "accept_privileged": True,
        "metrics": True,
        "daemon_json": {
            "registry_mirrors": [f"http://{given['registry']}"],
            "insecure_registries": [given["registry"]],
        },
    },
)
cleanup = CacheCleanup(f"{name}-cleanup", {"connection": daemon.connection, "max_size_gb": 20})
metrics = StationMetrics(
    f"{name}-metrics",
    {
        "connection": daemon.connection,
        "cleanup_state_volume": cleanup.state_volume,
        "certificate_expiry": daemon.certificate_expiry,
        "station": name,
        "runner_address": f"{name}-runner:9252",
        "daemon_address": f"{name}-daemon:9323",
    },
)
GitLabRunner(
    f"{name}-runner",
    {
        "url": given["url"],
        "token": given["token"],
        "connection": daemon.connection,
        "metrics_address": ":9252",
        "networks": [f"{name}-metrics"],
        "concurrent": 2,
    },
    pulumi.ResourceOptions(depends_on=[metrics]),
)
pulumi.export("scrape_config", metrics.scrape_config)
"""
PIPELINE = """
well:
  tags: [dind]
  script:
    - printf 'FROM debian:13.1-slim\\nRUN echo hello > /hello\\n' | docker build --tag made-here -
    - sleep 3
fails:
  tags: [dind]
  script: [exit 3]
"""
OF_BUILDKIT = "buildkit_"
"""Of the other daemon: what a station with DinD has not."""
DEADLINE = 60
"""Seconds for Prometheus to have read what there is, every second."""


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A station with metrics whose runner has run a job that went well and one that did not."""
    name = f"prom-{secrets.token_hex(3)}"
    url, registry = os.environ["CI_RUNNERS_SANDBOX_URL"], os.environ["CI_RUNNERS_REGISTRY"]
    root_token = Path(os.environ["CI_RUNNERS_SANDBOX_TOKEN_FILE"]).read_text()
    forge = connect(url, root_token)
    project = forge.projects.get(forge.projects.create({"name": name, "path": name}).id)
    registration = {"runner_type": "project_type", "project_id": project.id, "tag_list": ["dind"]}
    token = forge.user.runners.create(registration).token  # type: ignore[union-attr]
    cli = PulumiCli.on_machine(tmp_path, name=name, program=PROGRAM)
    given = {"name": name, "url": url, "token": token, "registry": registry}
    (cli.directory / "given.json").write_text(json.dumps(given))
    one = Station(cli=cli, engine=docker.from_env(timeout=120), name=name, token=token)
    try:
        cli.up()
        source = tmp_path / "source"
        source.mkdir()
        done = finished_pipeline(project, push(project, source, PIPELINE, root_token))
        jobs = {job.name: project.jobs.get(job.id) for job in done.jobs.list(get_all=True)}
        assert jobs["well"].status == "success", trace_of(jobs["well"])
        assert jobs["fails"].status == "failed"
        yield one
    finally:
        one.remove()
        one.engine.close()
        project.delete()


@pytest.fixture
def prometheus(station: Station) -> Iterator[str]:
    """The address of a Prometheus in the station's network that has read every source."""
    config = {"global": {"scrape_interval": "1s"}, **yaml.safe_load(station.cli.output("scrape_config"))}
    container = station.engine.containers.create(
        PROMETHEUS,
        name=f"{station.name}-prometheus",
        network=f"{station.name}-metrics",
        labels={"ci-runners.component": f"{station.name}-prometheus"},
    )
    try:
        container.put_archive("/etc", archive("prometheus/prometheus.yml", yaml.safe_dump(config)))
        container.start()
        container.reload()
        address = container.attrs["NetworkSettings"]["Networks"][f"{station.name}-metrics"]["IPAddress"]
        yield f"http://{address}:9090"
    finally:
        container.remove(force=True, v=True)


def trace_of(job: ProjectJob) -> str:
    """The end of a job's trace."""
    trace = job.trace()
    assert isinstance(trace, bytes)
    return trace.decode()[-3000:]


def archive(name: str, text: str) -> bytes:
    """A tar archive with one file that everybody may read."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(text.encode()), 0o644
        tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def asked(address: str, query: str) -> list[dict[str, Any]]:
    """What Prometheus answers; it must take the query."""
    answer = requests.get(f"{address}/api/v1/query", params={"query": query}, timeout=20).json()
    assert answer["status"] == "success", (query, answer)
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found


def until_read(address: str, station: str) -> dict[str, str]:
    """Wait until Prometheus has read every source well twice, for a rate; what `up` says of each."""
    query = f'min_over_time(up{{station="{station}"}}[5s]) and count_over_time(up{{station="{station}"}}[5s]) >= 3'
    give_up = time.monotonic() + DEADLINE
    found: dict[str, str] = {}
    while len(found) < 4 or set(found.values()) != {"1"}:
        assert time.monotonic() < give_up, found
        time.sleep(0.5)
        try:
            found = {each["metric"]["source"]: each["value"][1] for each in asked(address, query)}
        except requests.ConnectionError:
            continue
    return found


def test_every_query_of_the_dashboard_has_an_answer(station: Station, prometheus: str) -> None:
    assert until_read(prometheus, station.name).keys() == {"runner", "daemon", "cleanup", "certificates"}

    empty = []
    for panel in PANELS:
        for legend, query in panel.queries.items():
            filled = query.replace("$station", station.name).replace("$__rate_interval", "30s")
            answer = asked(prometheus, filled)
            if not answer and OF_BUILDKIT not in query:
                empty.append((panel.title, filled))
            for label in re.findall(r"\{\{(\w+)\}\}", legend):
                assert all(label in each["metric"] for each in answer), (legend, answer)
    assert empty == []

    jobs = asked(prometheus, f'gitlab_runner_failed_jobs_total{{station="{station.name}"}}')
    assert [(each["metric"]["failure_reason"], each["value"][1]) for each in jobs] == [
        ("script_failure", "1")
    ]
