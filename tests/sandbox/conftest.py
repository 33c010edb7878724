from collections.abc import Iterator
from itertools import count

import gitlab
import pytest
from gitlab.v4.objects import Project

from tests.sandbox.harness import ROOT_TOKEN, FakeRunner, Json, MakeRunner, add_runner, running_sandbox

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One sandbox for all tests: each makes a project of its own."""
    with running_sandbox(
        tmp_path_factory.mktemp("sandbox") / "data", registry="registry.example:5000"
    ) as address:
        yield address


@pytest.fixture(scope="session")
def client(url: str) -> Iterator[gitlab.Gitlab]:
    with gitlab.Gitlab(url, private_token=ROOT_TOKEN) as connected:
        yield connected


@pytest.fixture
def project(client: gitlab.Gitlab) -> Project:
    made = client.projects.create({"name": f"project-{next(_NUMBERS)}"})
    assert isinstance(made, Project)
    return made


@pytest.fixture
def runner_of(client: gitlab.Gitlab, url: str) -> Iterator[MakeRunner]:
    """Makes runners for a project; their connections are closed at the end."""
    made: list[FakeRunner] = []

    def make(project: Project, *, graceful: bool = False, **settings: Json) -> FakeRunner:
        token = add_runner(client, project, **settings)["token"]
        made.append(FakeRunner(url, token, graceful=graceful))
        return made[-1]

    yield make
    for runner in made:
        runner.http.close()
