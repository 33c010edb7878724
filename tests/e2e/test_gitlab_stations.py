"""A station on GitLab, on each way to build: from settings alone to a green pipeline, and back to nothing."""

from pathlib import Path
from typing import Any

import pytest
from gitlab.exceptions import GitlabGetError
from gitlab.v4.objects import Project

from bootstrap.station import finished_pipeline
from tests.e2e.accounts import GitLabAccount, gitlab_account, gitlab_project, new_name
from tests.e2e.pulumi_cli import counts
from tests.e2e.stations import FILES, SECRET, VARIABLE, Station, push_file, shared_settings, station

pytestmark = pytest.mark.e2e


def settings(name: str, way: str, project: Project, account: GitLabAccount) -> dict[str, Any]:
    return {
        **shared_settings(name, way),
        "gitlab": {"url": account.url},
        "project": {
            "project": project.path_with_namespace,
            "registration": {},
            "connection_variables": True,
            "variables": [{"key": VARIABLE, "value": "hello"}],
            "secret_variables": [{"key": SECRET}],
            "protected_branches": [{"branch": "main"}],
            "pipeline_file": {"branch": "main"},
        },
        "runner": {"pull_policies": ["if-not-present"]},
        "pipeline": {"image_name": account.image(name)},
    }


def green(project: Project, commit: str) -> None:
    done = finished_pipeline(project, commit)
    traces = [project.jobs.get(job.id).trace() for job in done.jobs.list(get_all=True)]
    assert done.status == "success", traces


def live(one: Station, project: Project, folder: Path, account: GitLabAccount) -> None:
    url = project.http_url_to_repo.replace("://", f"://oauth2:{account.token}@", 1)

    one.up("first up")
    green(project, project.commits.list(ref_name="main", get_all=False)[0].id)
    commit = push_file(url, folder / "work", "greeting.txt", "hello again\n")
    green(project, commit)
    assert account.digest(project, one.name, commit) == account.digest(project, one.name, "main")
    one.look_at_containers()
    (runner,) = project.runners.list(type="project_type", get_all=True)
    assert runner.online

    one.stays_as_it_is(refreshes=2)
    project.variables.delete(VARIABLE)
    mended = counts(one.up("mended", "--refresh"))
    assert mended.pop("unchanged") > 0
    assert mended == {"created": 1}
    assert project.variables.get(SECRET).attributes["masked"]

    one.look_at_the_plan()
    (runner_token,) = one.secret_outputs("gitlab:index/userRunner:UserRunner", "token")
    assert runner_token.startswith("glrt-")
    assert one.that_tell(one.marker, runner_token, of_machine=account.token) == []
    one.pulumi("destroy", "destroy", "--yes", "--skip-preview")
    assert one.left() == []
    assert project.runners.list(type="project_type", get_all=True) == []
    assert project.variables.list(get_all=True) == []
    with pytest.raises(GitlabGetError):
        project.files.get(".gitlab-ci.yml", ref="main")


@pytest.mark.parametrize("way", ["dind", "dood", "buildkit", "kaniko"])
def test_a_station_comes_from_nothing_builds_stays_as_it_is_tells_no_secret_and_goes(
    tmp_path: Path, way: str
) -> None:
    account, name = gitlab_account(), new_name(f"gls-{way}")
    with gitlab_project(account, name, FILES) as project, station(tmp_path, name) as one:
        one.configure(
            settings(name, way, project, account),
            {"gitlab:baseUrl": f"{account.url}/api/v4/"},
            {"gitlab:token": account.token, f"ci-runners:secrets.{SECRET}": one.marker},
        )
        live(one, project, tmp_path, account)
