"""One example on the real engine, from its preview to nothing left. tests/prove/test_examples.py has them all."""

import contextlib
from pathlib import Path

import docker
import pytest

from tests.e2e.accounts import gitlab_account, gitlab_project, new_name
from tests.e2e.stations import FILES
from tests.examples.lives import built, commit_pipeline, daemon_arguments, life, live, rendered

pytestmark = pytest.mark.e2e


def test_the_kaniko_example_comes_from_nothing_builds_stays_as_it_is_and_goes(tmp_path: Path) -> None:
    account, name = gitlab_account(), new_name("example")
    image = account.image(name)
    with (
        gitlab_project(account, name, FILES) as project,
        contextlib.closing(docker.from_env(timeout=180)) as engine,
        life(
            tmp_path,
            "gitlab-kaniko",
            {
                "gitlab:baseUrl": f"{account.url}/api/v4/",
                "gitlab_url": account.url,
                "project": project.path_with_namespace,
                "daemon": daemon_arguments("kaniko"),
                "runner": {"pull_policies": ["if-not-present"]},
            },
            {"gitlab:token": account.token},
            engines=[engine],
        ) as one,
    ):
        live(
            one, lambda: built(project, commit_pipeline(project, rendered("gitlab", "kaniko", image)), image)
        )
