"""A station on GitHub, on each way to build that it has: from settings alone to a green run, and back to nothing."""

from pathlib import Path
from typing import Any

import pytest

from bootstrap.station import digest_in_registry
from tests.e2e.accounts import github_credential, github_image, github_repository, new_name
from tests.e2e.github_forge import account, address, api, token
from tests.e2e.github_jobs import Project, wait_for
from tests.e2e.pulumi_cli import counts
from tests.e2e.stations import FILES, SECRET, VARIABLE, Station, push_file, shared_settings, station

pytestmark = pytest.mark.e2e

WORKFLOW = ".github/workflows/build.yml"


RUNNERS = {"dind": 2, "dood": 1, "buildkit": 1}
"""Each way tries something else too: two runners, the engine's socket behind its proxy, an organization's runner group."""


def settings(name: str, way: str, project: Project) -> dict[str, Any]:
    shared = shared_settings(name, way)
    return {
        **shared,
        "dood": {**shared["dood"], "socket_proxy": True},
        "github": {},
        "github_runner": {"concurrent": RUNNERS[way]},
        "repository": {
            **({"runner_group": {"name": name}} if way == "buildkit" else {}),
            "repository": project.name,
            "variables": {VARIABLE: "hello"},
            "secrets": [SECRET],
            "environments": {"production": {"branches": ["main"], "secrets": [SECRET]}},
            "workflow_file": {"branch": "main"},
        },
        "workflow": {"image_name": github_image(project), "login": bool(account())},
    }


def green(project: Project, commit: str) -> None:
    """Wait for the commit's run, which must end well."""

    def runs() -> list[dict[str, Any]]:
        found = project.get("/actions/runs")["workflow_runs"]
        return [run for run in found if run["head_sha"] == commit]

    wait_for(lambda: [run["status"] for run in runs()] == ["completed"], "the run's end")
    (run,) = runs()
    logs = [project.get(f"/actions/runs/{run['id']}/jobs")]
    assert run["conclusion"] == "success", logs


def head(project: Project) -> str:
    return str(project.get("/branches/main")["commit"]["sha"])


def wait_until_idle(project: Project, count: int) -> None:
    """All runners wait for jobs: between two jobs a container starts anew."""

    def idle() -> bool:
        return [(each["status"], each["busy"]) for each in project.runners()] == [("online", False)] * count

    wait_for(idle, f"{count} idle runners")


def live(one: Station, project: Project, folder: Path, credential: str, runners: int) -> None:
    url = f"{address()}/{project.path}.git".replace("://", f"://x-access-token:{token()}@", 1)

    one.up("first up")
    green(project, head(project))
    commit = push_file(url, folder / "work", "greeting.txt", "hello again\n")
    green(project, commit)
    if not account():  # the registry of a real one asks for a login of its own
        image = github_image(project)
        assert digest_in_registry(f"{image}:{commit}") == digest_in_registry(f"{image}:main")
    wait_until_idle(project, runners)
    one.look_at_containers()

    one.stays_as_it_is(refreshes=2)
    project.organization.call("DELETE", f"/repos/{project.path}/actions/variables/{VARIABLE}")
    mended = counts(one.up("mended", "--refresh"))
    assert mended.pop("unchanged") > 0
    assert mended == {"created": 1}
    assert project.organization.values(project.name, "secrets") == {SECRET: None}

    one.look_at_the_plan()
    assert one.that_tell(one.marker, credential, of_machine=token()) == []
    one.pulumi("destroy", "destroy", "--yes", "--skip-preview")
    assert one.left() == []
    assert project.runners() == []
    assert project.organization.values(project.name, "variables") == {}
    assert project.organization.values(project.name, "secrets") == {}
    assert project.get(f"/contents/{WORKFLOW}") is None


@pytest.mark.parametrize("way", ["dind", "dood", "buildkit"])
def test_a_station_comes_from_nothing_builds_stays_as_it_is_tells_no_secret_and_goes(
    tmp_path: Path, way: str
) -> None:
    name = new_name(f"ghs-{way}")
    with github_repository(name, FILES) as project, station(tmp_path, name) as one:
        credential = github_credential(project)
        one.configure(
            settings(name, way, project),
            {"github:baseUrl": f"{api()}/", "github:owner": project.organization.login},
            {
                "github:token": token(),
                "ci-runners:github_token": credential,
                f"ci-runners:secrets.{SECRET}": one.marker,
            },
        )
        live(one, project, tmp_path, credential, RUNNERS[way])
