"""The examples of sharing: across stacks, environments, programs and Docker hosts. Each lives as those of the systems do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bootstrap.station import digest_in_registry
from tests.examples.lives import (
    REGISTRY,
    begins,
    built,
    commit_pipeline,
    daemon_arguments,
    ends,
    live,
    rendered,
    socket,
)
from tests.examples.site import MIRRORS, PULLED, Site, another_host, site_in

pytestmark = pytest.mark.e2e


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_in(tmp_path) as one:
        yield one


def test_a_runner_of_one_stack_builds_on_the_daemon_of_another(site: Site) -> None:
    with site.life("stack-reference/daemon", {"daemon": daemon_arguments("dind")}) as daemon:
        begins(daemon)
        with site.life("stack-reference/runner", {"runner": PULLED}) as one:
            live(one, lambda: site.build("dind"))
        daemon.stays_as_it_is()
        ends(daemon)


def test_two_environments_of_one_program_build_side_by_side(site: Site) -> None:
    values = {
        "station": {
            "registries": {"mirrors": MIRRORS, "insecure": [REGISTRY]},
            "kaniko": {"socket": socket()},
            "buildkit": {"socket": socket(), "memory": 4096, "cpus": 2.0},
        },
        "runner": PULLED,
    }
    with (
        site.life("two-environments", values, stack="dev") as dev,
        site.life("two-environments", values, stack="prod") as prod,
    ):
        for one in (dev, prod):
            begins(one)
        for one, way in ((dev, "kaniko"), (prod, "buildkit")):
            pipeline = one.run("stack", "output", "pipeline")
            assert yaml.safe_load(pipeline)["build"]["tags"] == [way]
            built(site.project, commit_pipeline(site.project, pipeline), site.image)
            one.stays_as_it_is()
        ends(dev)
        prod.stays_as_it_is()
        ends(prod)


def test_a_job_pushes_to_the_registry_that_a_program_had_already(site: Site) -> None:
    def job() -> None:
        pipeline = rendered("gitlab", "buildkit", "shop-registry:5000/app")
        commit_id = commit_pipeline(site.project, pipeline)
        built(site.project, commit_id)
        networks = site.engine.containers.get("shop-registry").attrs["NetworkSettings"]["Networks"]
        pushed = f"{networks['shop']['IPAddress']}:5000/app:{commit_id}"
        assert digest_in_registry(pushed).startswith("sha256:")

    values = {"daemon": daemon_arguments("buildkit"), "runner": PULLED}
    with site.life("in-your-stack", values) as one:
        live(one, job)


def test_a_job_builds_on_the_host_that_its_tag_names(site: Site) -> None:
    with another_host(site) as (there, engine):
        registries = daemon_arguments("kaniko")
        del registries["socket"]
        values = {
            "hosts": {
                "build-1": {"address": f"unix://{socket()}", "socket": socket()},
                "build-2": {"address": there},
            },
            "daemon": registries,
            "runner": PULLED,
        }

        def job() -> None:
            for host in ("build-1", "build-2"):
                (trace,) = site.build("kaniko", "--tags", host).values()
                assert f"via {host}-runner" in trace
            assert [each.name for each in engine.containers.list()] == ["build-2-runner"]

        with site.life("many-hosts", values, engines=[site.engine, engine]) as one:
            live(one, job)
