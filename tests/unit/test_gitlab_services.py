"""The rendered `.gitlab-ci.yml` with a docker:dind service: what it says, and what a service may not be."""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from ci_runners.images import DOCKER_CLI, DOCKER_DIND
from ci_runners.problems import InvalidInput
from ci_runners.render.gitlab_ci import GitLabPipelineSpec
from ci_runners.render.gitlab_services import DindService, render_gitlab_ci_with_dind, service_problems
from sandbox.ci.config import parse_config
from tests.unit.pipelines import OTHER, SERVICES, SPECS, every_service, every_spec, read


def job_of(service: DindService, spec: GitLabPipelineSpec = SPECS["another registry"]) -> dict[str, Any]:
    found: dict[str, Any] = read(render_gitlab_ci_with_dind(spec, service))["build"]
    return found


@every_service
@every_spec
def test_a_pipeline_with_a_service_is_this_text(
    service: DindService, spec: GitLabPipelineSpec, snapshot: SnapshotAssertion
) -> None:
    assert render_gitlab_ci_with_dind(spec, service) == snapshot


@every_service
def test_the_sandbox_reads_the_service_as_it_is_written(service: DindService) -> None:
    (job,) = parse_config(render_gitlab_ci_with_dind(SPECS["another registry"], service)).jobs

    written = job_of(service)
    (given,) = job.services
    assert {key: given.get(key) for key in ("name", "alias", "command")} == {
        key: written["services"][0].get(key) for key in ("name", "alias", "command")
    }
    variables: Any = given["variables"]
    assert [(each["key"], each["value"]) for each in variables] == [("HEALTHCHECK_TCP_PORT", "2376")]
    assert job.tags == list(service.tags)


@every_service
@every_spec
def test_the_daemon_is_reached_over_tls_and_by_no_other_port(
    service: DindService, spec: GitLabPipelineSpec
) -> None:
    job = job_of(service, spec)

    assert {key: value for key, value in job["variables"].items() if key.startswith("DOCKER_")} == {
        "DOCKER_HOST": "tcp://docker:2376",
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_CERT_PATH": "/certs/client",
        "DOCKER_TLS_CERTDIR": "/certs",
    }
    assert job["services"][0]["alias"] == "docker"
    assert job["services"][0]["variables"] == {"HEALTHCHECK_TCP_PORT": "2376"}
    assert "2375" not in render_gitlab_ci_with_dind(spec, service)


def test_the_service_is_docker_dind_and_the_job_has_its_client() -> None:
    job = job_of(DindService())

    assert job["image"] == DOCKER_CLI
    assert job["services"][0]["name"] == DOCKER_DIND
    assert job["services"][0]["command"] == ["--default-address-pool=base=10.223.0.0/16,size=24"]
    assert "tags" not in job


def test_what_the_service_is_told_are_flags_alone() -> None:
    (service,) = job_of(SERVICES["everything set"])["services"]

    assert service["command"] == [
        "--default-address-pool=base=10.99.0.0/16,size=24",
        "--registry-mirror=https://mirror.example.com",
        "--insecure-registry=registry.example.com:5000",
    ]


def test_the_job_waits_for_its_daemon_and_then_says_what_it_found() -> None:
    first, second, *_ = job_of(DindService())["script"]

    assert first.startswith("for ")
    assert "docker version > /dev/null 2>&1 && break" in first
    assert second.startswith("docker version --format ")


@pytest.mark.parametrize("field", ["sbom", "provenance"])
def test_a_service_makes_no_attestations(field: str) -> None:
    given: dict[str, Any] = {"image_name": OTHER, field: True}

    with pytest.raises(InvalidInput, match=f"Pipeline.*{field}"):
        render_gitlab_ci_with_dind(GitLabPipelineSpec(**given), DindService())


@every_service
def test_a_service_that_renders_has_no_problems(service: DindService) -> None:
    assert list(service_problems(service)) == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"image": "docker:dind@sha256:1"}, "image"),
        ({"image": "docker"}, "image"),
        ({"tags": ("a,b",)}, "tags[0]"),
        ({"tags": ("a", " ")}, "tags[1]"),
        ({"tags": ("a", "a")}, "tags"),
        ({"registry_mirrors": ("mirror.example.com",)}, "registry_mirrors[0]"),
        ({"address_pool": "10.0.0.0/24"}, "address_pool"),
        ({"address_pool": "8.0.0.0/8"}, "address_pool"),
        ({"insecure_registries": ("http://registry.example.com",)}, "insecure_registries[0]"),
    ],
)
def test_what_a_service_may_not_be_is_named(given: dict[str, Any], field: str) -> None:
    assert [problem.field for problem in service_problems(DindService(**given))] == [field]
