"""A station's metrics as Prometheus gets them, and what `status` says of the station."""

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
import yaml
from prometheus_client.parser import text_string_to_metric_families

from ci_runners.cli.exit_codes import NOT_WELL
from tests.e2e.conftest import Station, made_up_token, said
from tests.e2e.pulumi_cli import REPOSITORY, PulumiCli, counts

pytestmark = pytest.mark.e2e

PROGRAM = """
import json
from pathlib import Path

import pulumi
import pulumi_docker as docker

from ci_runners import DindDaemon, GitLabRunner
from ci_runners.upkeep.metrics import StationMetrics

given = json.loads(Path("given.json").read_text())
name = given["name"]
daemon = DindDaemon(
    f"{name}-daemon", {"accept_privileged": True, "metrics": True}
)
labels = [docker.VolumeLabelArgs(label="ci-runners.component", value=f"{name}-state")]
state = docker.Volume(f"{name}-state", name=f"{name}-state", labels=labels)
metrics = StationMetrics(
    f"{name}-metrics",
    {
        "connection": daemon.connection,
        "cleanup_state_volume": state.name,
        "certificate_expiry": daemon.certificate_expiry,
        "station": name,
        "runner_address": f"{name}-runner:9252",
        "daemon_address": f"{name}-daemon:9323",
        "publish_port": given["port"],
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
    },
    pulumi.ResourceOptions(depends_on=[metrics]),
)
pulumi.export("expiry", daemon.certificate_expiry)
pulumi.export("scrape_config", metrics.scrape_config)
"""
CLEANED = """# HELP ci_runners_cleanup_last_run_errors Errors of the last run.
# TYPE ci_runners_cleanup_last_run_errors gauge
ci_runners_cleanup_last_run_errors{component="dev-cleanup"} 0
"""


@pytest.fixture
def station(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Station]:
    """A station with metrics, not yet deployed; removed at the end, whatever happened."""
    name = f"met-{secrets.token_hex(3)}"
    cli = PulumiCli.on_machine(tmp_path, name=name, program=PROGRAM)
    given = {"name": name, "url": os.environ["CI_RUNNERS_SANDBOX_URL"], "token": made_up_token()}
    (cli.directory / "given.json").write_text(json.dumps({**given, "port": free_port()}))
    one = Station(cli=cli, engine=engine, name=name, token=given["token"])
    try:
        yield one
    finally:
        one.remove()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def scraped(station: Station) -> dict[str, str]:
    """What Prometheus gets of each source, by the configuration that the station gives it."""
    found = {}
    for job in yaml.safe_load(station.cli.output("scrape_config"))["scrape_configs"]:
        (static,) = job["static_configs"]
        answer = requests.get(f"http://{static['targets'][0]}{job['metrics_path']}", timeout=20)
        assert answer.status_code == 200, (job, answer.text)
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        found[static["labels"]["source"]] = answer.text
        assert static["labels"]["station"] == station.name
    return found


def status(*words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and findings of the command."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "components")}
    command = [sys.executable, "-m", "ci_runners", "status", *words, "--format", "json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_prometheus_finds_every_source_and_status_tells_a_station_that_is_well_from_one_that_is_not(
    station: Station,
) -> None:
    station.cli.up()
    server = station.engine.containers.get(f"{station.name}-metrics")
    volume = {f"{station.name}-state": {"bind": "/state", "mode": "rw"}}
    words = ["-c", 'umask 022; printf %s "$0" > /state/cleanup.prom', CLEANED]
    image = "docker:29.7.2-cli"
    station.engine.containers.run(image, words, entrypoint="sh", volumes=volume, remove=True)

    texts = scraped(station)
    names = {
        source: {family.name for family in text_string_to_metric_families(text)}
        for source, text in texts.items()
    }
    assert {"gitlab_runner_jobs", "gitlab_runner_concurrent"} <= names["runner"]
    assert {"engine_daemon_container_states_containers", "builder_builds_triggered"} <= names["daemon"]
    assert texts["cleanup"] == CLEANED
    assert names["certificates"] == {"ci_runners_certificate_expiry_timestamp_seconds"}

    published = server.attrs["HostConfig"]["PortBindings"]["8080/tcp"]
    assert [binding["HostIp"] for binding in published] == ["127.0.0.1"]
    (address, *_) = published
    for path in ("/debug/pprof/", "/debug/jobs/list", "/cleanup.log", "/metrics/cleanup/../cleanup.log"):
        refused = requests.get(f"http://127.0.0.1:{address['HostPort']}{path}", timeout=20)
        assert refused.status_code == 404, path
    kernel = dict(line.split(":", 1) for line in said(server, "cat", "/proc/1/status").splitlines())
    assert int(kernel["CapEff"], 16) == 0
    assert kernel["NoNewPrivs"].strip() == "1"
    assert kernel["Uid"].split() == ["65534"] * 4

    for _ in range(2):
        assert counts(station.cli.up("--refresh", "--expect-no-changes")).keys() == {"unchanged"}

    code, found = status(station.name)
    parts = {row["part"]: row for row in found["rows"]}
    assert {"dind", "certificates", "gitlab-runner", "metrics"} <= parts.keys()
    assert (code, {row["severity"] for row in parts.values()}) == (0, {"well"}), found
    assert parts["certificates"]["until"] == station.cli.output("expiry")

    station.runner().stop(timeout=0)
    code, found = status(station.name)
    wrong = [row["component"] for row in found["rows"] if row["severity"] == "error"]
    assert (code, wrong) == (NOT_WELL, [f"{station.name}-runner"])
