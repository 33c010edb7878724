"""A station on GitLab, on each way to build: from settings alone to a green pipeline, and back to nothing."""

import os
import secrets
from pathlib import Path
from typing import Any

import pytest
from gitlab.v4.objects import Project

from bootstrap.station import connect, digest_in_registry, finished_pipeline
from tests.e2e.pulumi_cli import counts
from tests.e2e.stations import (
    DOCKERFILE,
    SECRET,
    VARIABLE,
    Station,
    push_file,
    shared_settings,
    station,
)

pytestmark = pytest.mark.e2e


def settings(name: str, way: str, project: Project) -> dict[str, Any]:
    return {
        **shared_settings(name, way),
        "gitlab": {"url": os.environ["CI_RUNNERS_SANDBOX_URL"]},
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
        "pipeline": {"image_name": f"{os.environ['CI_RUNNERS_REGISTRY']}/{name}/app"},
    }


def green(project: Project, commit: str) -> None:
    done = finished_pipeline(project, commit)
    traces = [project.jobs.get(job.id).trace() for job in done.jobs.list(get_all=True)]
    assert done.status == "success", traces


def live(one: Station, project: Project, folder: Path, root_token: str) -> None:
    url = project.http_url_to_repo.replace("://", f"://root:{root_token}@", 1)
    image = f"{os.environ['CI_RUNNERS_REGISTRY']}/{one.name}/app"

    one.up("first up")
    green(project, project.commits.list(ref_name="main", get_all=False)[0].id)
    commit = push_file(url, folder / "work", "greeting.txt", "hello again\n")
    green(project, commit)
    assert digest_in_registry(f"{image}:{commit}") == digest_in_registry(f"{image}:main")
    one.look_at_containers()
    (runner,) = project.runners.list(type="project_type", get_all=True)
    assert runner.online

    one.stays_as_it_is()
    project.variables.delete(VARIABLE)
    mended = counts(one.up("mended", "--refresh"))
    assert mended.pop("unchanged") > 0
    assert mended == {"created": 1}
    assert project.variables.get(SECRET).attributes["masked"]

    one.look_at_the_plan()
    (runner_token,) = one.secret_outputs("gitlab:index/userRunner:UserRunner", "token")
    assert runner_token.startswith("glrt-")
    assert one.that_tell(one.marker, runner_token, of_machine=root_token) == []
    one.pulumi("destroy", "destroy", "--yes", "--skip-preview")
    assert one.left() == []
    assert project.runners.list(type="project_type", get_all=True) == []
    assert project.variables.list(get_all=True) == []
    assert ".gitlab-ci.yml" not in [each["name"] for each in project.repository_tree(get_all=True)]


@pytest.mark.parametrize("way", ["dind", "dood", "buildkit", "kaniko"])
def test_a_station_comes_from_nothing_builds_stays_as_it_is_tells_no_secret_and_goes(
    tmp_path: Path, way: str
) -> None:
    name = f"gls-{way}-{secrets.token_hex(3)}"
    root_token = Path(os.environ["CI_RUNNERS_SANDBOX_TOKEN_FILE"]).read_text()
    address = os.environ["CI_RUNNERS_SANDBOX_URL"]
    forge = connect(address, root_token)
    project = forge.projects.get(forge.projects.create({"name": name, "path": name}).id)
    files = {"Dockerfile": DOCKERFILE, "greeting.txt": "hello\n"}
    actions = [{"action": "create", "file_path": path, "content": text} for path, text in files.items()]
    project.commits.create({"branch": "main", "commit_message": "The project", "actions": actions})

    with station(tmp_path, name) as one:
        one.configure(
            settings(name, way, project),
            {"gitlab:baseUrl": f"{address}/api/v4/"},
            {"gitlab:token": root_token, f"ci-runners:secrets.{SECRET}": one.marker},
        )
        live(one, project, tmp_path, root_token)
    project.delete()
