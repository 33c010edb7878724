"""A station with everything that day two asks for, by settings alone, at the sandbox's GitLab."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gitlab.v4.objects import Project

from tests.e2e.accounts import GitLabAccount, gitlab_account, gitlab_project, new_name
from tests.e2e.stations import FILES, Station, station
from tests.e2e.test_gitlab_stations import green, settings

pytestmark = pytest.mark.e2e

UPKEEP = {"cleanup": {"max_size_gb": 50}, "drain": {}, "metrics": {}}
PATHS = ("runner", "daemon", "cleanup", "certificates")
"""What `StationMetrics` serves under /metrics/."""
READ = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}"]


@pytest.fixture
def account() -> GitLabAccount:
    return gitlab_account()


@pytest.fixture
def name() -> str:
    return new_name("whole")


@pytest.fixture
def project(account: GitLabAccount, name: str) -> Iterator[Project]:
    with gitlab_project(account, name, FILES) as made:
        yield made


@pytest.fixture
def whole(tmp_path: Path, account: GitLabAccount, name: str, project: Project) -> Iterator[Station]:
    """The station, configured and not yet up."""
    with station(tmp_path, name) as one:
        given = settings(name, "dind", project, account) | UPKEEP
        given["project"].pop("secret_variables")
        tokens = {"gitlab:token": account.token, "ci-runners:gitlab_api_token": account.token}
        one.configure(given, {"gitlab:baseUrl": f"{account.url}/api/v4/"}, tokens)
        yield one


def test_cleanup_drain_and_metrics_stand_beside_a_station_and_go_with_it(
    whole: Station, name: str, project: Project
) -> None:
    whole.up("first up")
    green(project, project.commits.list(ref_name="main", get_all=False)[0].id)
    whole.stays_as_it_is(refreshes=5)

    states = {each: whole.engine.containers.get(each).attrs["State"] for each in whole.containers()}
    asked_of_itself = {each: state["Health"]["Status"] for each, state in states.items() if "Health" in state}
    assert set(asked_of_itself.values()) == {"healthy"}
    assert {f"{name}-{part}" for part in ("cleanup", "drain", "metrics", "runner", "dind")} <= set(states)

    assert f"{name}-metrics" in whole.cli.output("scrape_config")
    metrics = whole.engine.containers.get(f"{name}-metrics")
    for path in PATHS:
        answer = metrics.exec_run([*READ, f"http://localhost:8080/metrics/{path}"])
        assert answer.output == b"200", path

    whole.pulumi("destroy", "destroy", "--yes", "--skip-preview")
    assert whole.left() == []
