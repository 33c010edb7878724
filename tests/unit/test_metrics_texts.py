"""The texts of a station's metrics: for Caddy, for Prometheus and for Grafana."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from syrupy.assertion import SnapshotAssertion

from ci_runners.render.dashboard import PANELS, WIDTH, render_dashboard
from ci_runners.render.metrics import Sources, StationMetricsSpec
from ci_runners.render.metrics_texts import (
    CERTIFICATE_METRIC,
    metrics_ready_test,
    metrics_script,
    render_certificate_metrics,
    render_metrics_caddyfile,
    render_scrape_config,
)

ROOT = Path(__file__).parents[2]
RECORDED = Path(__file__).parent / "exposition"
"""What real programs served after a job that went well and one that failed; tests/prove/test_prometheus.py makes the
same again."""
MOST = StationMetricsSpec(
    station="dev", runner_address="dev-runner:9252", daemon_address="dev-dind:9323", publish_port=9464
)
ALL = Sources(cleanup=True, certificates=True)
SOCKET = Sources(daemon_socket=True)
END = "2027-01-02T03:04:05Z"
EXPRESSION_WORDS = {
    "by",
    "sum",
    "rate",
    "increase",
    "histogram_quantile",
    "time",
    "le",
    "failure_reason",
    "endpoint",
    "status",
}


def caddyfile(spec: StationMetricsSpec, sources: Sources, end: str = END) -> str:
    return render_metrics_caddyfile(spec, sources, certificate_expiry=end)


@pytest.mark.parametrize(
    ("spec", "sources"),
    [(MOST, ALL), (StationMetricsSpec(), SOCKET)],
    ids=["everything by an address", "a socket alone"],
)
def test_the_caddyfile_leads_to_what_is_given(
    snapshot: SnapshotAssertion, spec: StationMetricsSpec, sources: Sources
) -> None:
    assert caddyfile(spec, sources) == snapshot


def test_nothing_but_the_metrics_of_a_process_is_reached() -> None:
    text = caddyfile(MOST, ALL)
    handled = re.findall(r"handle (\S+) \{\n(.*?)\n\t\t\}", text, re.DOTALL)
    proxied = {path: body.split("\n") for path, body in handled if "reverse_proxy" in body}

    assert proxied.keys() == {"/metrics/runner", "/metrics/daemon"}
    assert all(lines[0].strip() == "rewrite * /metrics?" for lines in proxied.values())
    assert "*" not in "".join(path for path, _ in handled if path != "@read")


def test_a_scrape_config_has_a_job_for_each_source_with_the_stations_label() -> None:
    found = yaml.safe_load(render_scrape_config("dev-metrics", MOST, ALL))

    jobs = found["scrape_configs"]
    assert [job["job_name"] for job in jobs] == [
        f"dev-metrics-{source}" for source in ("runner", "daemon", "cleanup", "certificates")
    ]
    for job in jobs:
        (static,) = job["static_configs"]
        assert static["targets"] == ["127.0.0.1:9464"]
        assert static["labels"]["station"] == "dev"
        assert job["metrics_path"] == f"/metrics/{static['labels']['source']}"


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_the_end_of_the_certificates_is_a_moment_that_prometheus_reads(moment: datetime) -> None:
    end = moment.replace(tzinfo=UTC, microsecond=0)
    (family,) = text_string_to_metric_families(render_certificate_metrics(end.isoformat()))

    assert (family.name, family.type) == (CERTIFICATE_METRIC, "gauge")
    assert [sample.value for sample in family.samples] == [end.timestamp()]


def test_without_certificates_there_is_no_metric_of_them() -> None:
    assert render_certificate_metrics("") == ""
    assert "\t\t\trespond 200\n" in caddyfile(MOST, ALL, "")


def test_the_shell_gives_way_to_caddy_and_hands_it_the_whole_file() -> None:
    first, *text, last = metrics_script(caddyfile(MOST, ALL)).splitlines()

    assert first == "exec caddy run --adapter caddyfile --config - <<'END'"
    assert "\n".join([*text, ""]) == caddyfile(MOST, ALL)
    assert last == "END"
    assert "END" not in text


def test_the_health_check_asks_a_path_that_the_server_has() -> None:
    path = re.sub(r"^http://[^/]*", "", metrics_ready_test()[-1])

    assert f"handle {path} {{" in caddyfile(MOST, ALL)


def served() -> set[str]:
    """Every sample's name in what was recorded, and what Prometheus itself says of a target."""
    found = {"up"}
    for file in RECORDED.glob("*.txt"):
        for family in text_string_to_metric_families(file.read_text()):
            found |= {sample.name for sample in family.samples}
    return found


def queries() -> list[str]:
    return [query for panel in PANELS for query in panel.queries.values()]


def test_what_was_recorded_is_of_every_source() -> None:
    assert {file.stem for file in RECORDED.glob("*.txt")} == {
        "buildkit",
        "certificates",
        "cleanup",
        "dockerd",
        "gitlab-runner",
    }


@pytest.mark.parametrize("query", queries())
def test_a_panel_asks_for_metrics_of_its_station_that_are_served(query: str) -> None:
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", query)
    metrics = set(re.findall(r"[a-z_][a-z0-9_]*", bare)) - EXPRESSION_WORDS

    assert metrics
    assert metrics <= served()
    assert all(f'{metric}{{station="$station"' in query for metric in metrics)


def test_the_file_in_the_repository_is_what_is_rendered() -> None:
    assert (ROOT / "dashboards" / "ci-runners.json").read_text() == render_dashboard(), (
        "run: python -m ci_runners.render.dashboard > dashboards/ci-runners.json"
    )


def test_panels_have_numbers_of_their_own_and_do_not_cover_one_another() -> None:
    panels = json.loads(render_dashboard())["panels"]

    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert place["x"] + place["w"] <= WIDTH
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels) == len(PANELS)
    assert len({panel.title for panel in PANELS}) == len(PANELS)


def test_a_graph_has_a_legend_for_each_of_its_queries() -> None:
    for panel in json.loads(render_dashboard())["panels"]:
        legends = [target["legendFormat"] for target in panel["targets"]]
        assert all(legends)
        assert [target["refId"] for target in panel["targets"]] == sorted(
            {target["refId"] for target in panel["targets"]}
        )
