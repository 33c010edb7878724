"""The life of every system's example on the real engine.

The first preview is the one beside the example, `up` passes the policy pack, a job builds, a second `up` and one with a
refresh change nothing, and after `destroy` nothing is left. Those of sharing are in test_shared_examples.py.
"""

import contextlib
import io
import itertools
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import yaml

from bootstrap.station import digest_in_registry
from ci_runners.connection import SOCKET
from tests.e2e.accounts import (
    github_credential,
    github_image,
    github_repository,
    new_name,
)
from tests.e2e.act_runs import ON_HOSTED, act, hosted_machine, working_copy
from tests.e2e.buildkitd import Buildkitd
from tests.e2e.cleanups import Cleanup
from tests.e2e.conftest import said
from tests.e2e.github_forge import address, api, commit, token
from tests.e2e.github_jobs import wait_for
from tests.e2e.stations import FILES
from tests.e2e.test_dind_service import DIND_SERVICES
from tests.e2e.test_github_stations import WORKFLOW, green, head
from tests.examples.lives import (
    REGISTRY,
    begins,
    built,
    daemon_arguments,
    ends,
    life,
    live,
    rendered,
    socket,
)
from tests.examples.site import MIRRORS, PULLED, Site, forget_images, site_in

pytestmark = pytest.mark.e2e

ON_HOST = "FROM debian:13.1-slim\nRUN echo built > /built\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_in(tmp_path) as one:
        yield one


@pytest.mark.parametrize("way", ["dind", "dood", "buildkit", "kaniko"])
def test_an_example_for_gitlab_builds_in_its_way(site: Site, way: str) -> None:
    values = {"daemon": daemon_arguments(way), "runner": PULLED}
    with site.life(f"gitlab-{way}", values) as one:
        live(one, lambda: site.build(way))


def test_the_dood_pipeline_has_no_services_and_builds_on_a_runner_by_hand(site: Site) -> None:
    mounted = {"volumes": [f"{socket()}:{SOCKET}"]}

    def job() -> None:
        (trace,) = built(site.project, site.head(), site.image).values()
        pipeline = site.project.files.get(file_path=".gitlab-ci.yml", ref="main").decode().decode()
        assert "services" not in yaml.safe_load(pipeline)["build"]
        variables = {each.key: each.value for each in site.project.variables.list(get_all=True)}
        assert variables["DOCKER_HOST"] == f"unix://{SOCKET}"
        assert "docker push" in trace

    with (
        site.runner_by_hand("dood", mounted),
        site.life("gitlab-dood-pipeline", {"daemon": daemon_arguments("dood")}) as one,
    ):
        live(one, job)


def test_the_dind_service_builds_over_tls_on_a_runner_by_hand(site: Site) -> None:
    def job() -> None:
        (trace,) = built(site.project, site.head(), site.image).values()
        assert (
            "tcp://docker:2376"
            in site.project.files.get(file_path=".gitlab-ci.yml", ref="main").decode().decode()
        )
        assert "docker:29.7.2-dind" in trace

    with (
        site.runner_by_hand("dind-service", DIND_SERVICES),
        site.life("gitlab-dind-service", {"mirrors": MIRRORS, "insecure": [REGISTRY]}) as one,
    ):
        live(one, job)
        assert one.made == set()


def test_the_way_that_the_answers_lead_to_builds(site: Site) -> None:
    values = {
        "station": {
            "registries": {"mirrors": MIRRORS, "insecure": [REGISTRY]},
            "buildkit": {"socket": socket(), "memory": 4096, "cpus": 2.0},
        },
        "runner": PULLED,
    }
    with site.life("gitlab-auto", values) as one:

        def job() -> None:
            built(site.project, site.head(), site.image)
            assert one.run("stack", "output", "builder").strip() == "buildkit"

        live(one, job)


def test_four_ways_build_the_same_one_after_another(site: Site) -> None:
    ways = ["dood", "dind", "buildkit", "kaniko"]
    values = {"daemons": {way: daemon_arguments(way) for way in ways}, "runner": PULLED}

    def job() -> None:
        commit_id = site.head()
        built(site.project, commit_id, *(f"{site.image}/{way}" for way in ways))
        (pipeline,) = site.project.pipelines.list(sha=commit_id, get_all=True)
        jobs = {each.name: each for each in pipeline.jobs.list(get_all=True)}
        assert sorted(jobs) == sorted(ways)
        assert all(each.duration > 0 for each in jobs.values())
        for before, after in itertools.pairwise(ways):
            assert jobs[before].finished_at <= jobs[after].started_at

    with site.life("compare-ways", values) as one:
        live(one, job)


def test_what_nobody_used_for_a_week_is_cleaned_from_the_daemon(site: Site) -> None:
    with site.life("cache-cleanup", {"daemon": daemon_arguments("dind")}) as one:

        def job() -> None:
            cleanup = Cleanup(engine=site.engine, name="ci-cleanup", daemon="ci-dind")
            cleanup.in_daemon(
                f"printf 'FROM debian:13.1-slim\\nRUN echo built > /built\\n' | docker build --tag {site.image}:1 -"
            )
            image = cleanup.in_daemon(f"docker image inspect --format '{{{{.Id}}}}' {site.image}:1")
            cleanup.do("check")
            cleanup.age(image)
            assert cleanup.receipt("run")["removed"]["images"] == 1
            assert image not in cleanup.in_daemon("docker image ls --no-trunc --quiet --all")

        live(one, job)


def test_a_build_pulls_its_base_image_through_the_mirror(site: Site) -> None:
    values = {
        "mirror": {"remote_url": f"http://{REGISTRY}"},
        "daemon": {"socket": socket(), "insecure_registries": [REGISTRY]},
    }
    with site.life("registry-mirror", values) as one:

        def job() -> None:
            daemon = Buildkitd(cli=one.cli, engine=site.engine, name="ci-buildkit")
            daemon.build("echo through the mirror", tag=site.name)
            assert daemon.digest(site.name).startswith("sha256:")
            assert b"/v2/library/debian/manifests/" in site.engine.containers.get("ci-mirror").logs()

        live(one, job)


def test_a_container_with_the_socket_sees_what_is_built(site: Site) -> None:
    tag = f"{site.image}:1"

    def job() -> None:
        site.engine.images.build(fileobj=io.BytesIO(ON_HOST.encode()), tag=tag, rm=True)
        reporter = site.engine.containers.get("ci-reporter")
        wait_for(lambda: b"image tag sha256:" in reporter.logs(), "the event of the built image")
        assert said(reporter, "id", "-u").strip() == "65534"

    with site.life("dood-container", {"socket": socket()}) as one:
        live(one, job)


@pytest.mark.parametrize("way", ["dind", "dood", "buildkit"])
def test_an_example_for_github_builds_in_its_way(tmp_path: Path, way: str) -> None:
    name = new_name("example")
    with (
        github_repository(name, FILES) as project,
        contextlib.closing(docker.from_env(timeout=180)) as engine,
    ):
        image = github_image(project)

        def job() -> None:
            workflow = rendered("github", way, image, "--no-login")
            commit(project.organization, name, WORKFLOW, workflow)
            green(project, head(project))
            assert digest_in_registry(f"{image}:{head(project)}").startswith("sha256:")
            if way == "dood":
                # The job's user is not root: what lets it in is the socket's group.
                command = engine.containers.get("ci-runner-1").attrs["Config"]["Cmd"]
                assert command[-1] == str(Path(socket()).stat().st_gid)

        values = {
            "github_url": f"{address()}/{project.path}",
            "daemon": daemon_arguments(way),
        }
        secrets = {"github_token": github_credential(project)}
        try:
            with life(tmp_path, f"github-{way}", values, secrets, engines=[engine]) as one:
                live(one, job)
            assert project.runners() == []
        finally:
            forget_images(engine, name)


def test_the_hosted_workflow_builds_on_a_machine_like_githubs_own(tmp_path: Path) -> None:
    name = new_name("example")
    with (
        github_repository(name, FILES) as project,
        contextlib.closing(docker.from_env(timeout=180)) as engine,
    ):
        image = github_image(project)
        values = {
            "github:baseUrl": f"{api()}/",
            "github:owner": project.organization.login,
            "repository": name,
            "image_name": image,
        }
        with life(tmp_path, "github-hosted", values, {"github:token": token()}, engines=[engine]) as one:
            begins(one)
            found = project.get(f"/contents/{WORKFLOW}")
            source = tmp_path / "source"
            with hosted_machine(engine, f"{name}-hosted", REGISTRY) as machine:
                commit_id = working_copy(source, b64decode(found["content"]).decode(), "main")
                code, shown = act(machine, source, *ON_HOSTED)
            assert code == 0, shown
            assert digest_in_registry(f"{image}:{commit_id}") == digest_in_registry(f"{image}:main")
            one.stays_as_it_is()
            ends(one)
            assert one.made == set()
            assert project.get(f"/contents/{WORKFLOW}") is None
