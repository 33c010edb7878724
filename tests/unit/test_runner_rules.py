"""What is refused of a runner's arguments, and what is not."""

from typing import Any

import pytest

from ci_runners.connections import dind_connection
from ci_runners.problems import Problem
from ci_runners.render.config_toml import GitLabRunnerSpec, PullPolicy, S3Cache
from ci_runners.render.runner_rules import runner_problems
from ci_runners.render.wiring_rules import token_problems, url_problems, wiring_problems

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"image": "gitlab/gitlab-runner:latest"}, "image"),
    ({"job_image": "docker"}, "job_image"),
    ({"helper_image": "gitlab/gitlab-runner-helper:x86_64-v18.0.0"}, "helper_image"),
    ({"concurrent": 0}, "concurrent"),
    ({"limit": 0}, "limit"),
    ({"limit": 2}, "limit"),
    ({"request_concurrency": 3}, "request_concurrency"),
    ({"concurrent": 4, "limit": 1, "request_concurrency": 3}, "request_concurrency"),
    ({"concurrent": 2, "request_concurrency": 1}, "request_concurrency"),
    ({"check_interval": 0}, "check_interval"),
    ({"shutdown_timeout": 0}, "shutdown_timeout"),
    ({"output_limit": 0}, "output_limit"),
    ({"metrics_address": "9252"}, "metrics_address"),
    ({"metrics_address": ":99999"}, "metrics_address"),
    ({"metrics_address": "http://:9252"}, "metrics_address"),
    ({"pull_policies": ()}, "pull_policies"),
    ({"allowed_pull_policies": (PullPolicy.NEVER,)}, "pull_policies[0]"),
    ({"allowed_images": (" ",)}, "allowed_images[0]"),
    ({"allowed_services": ("a", "a")}, "allowed_services"),
    ({"allowed_privileged_services": ()}, "allowed_privileged_services"),
    ({"allowed_privileged_services": ("*",)}, "allowed_privileged_services[0]"),
    ({"allowed_privileged_services": ("docker:*", "**/**:*")}, "allowed_privileged_services[1]"),
    ({"volumes": ("cache",)}, "volumes[0]"),
    ({"volumes": ("/",)}, "volumes[0]"),
    ({"volumes": ("/var/run/docker.sock:/var/run/docker.sock",)}, "volumes[0]"),
    ({"volumes": ("/run/docker.sock:/var/run/docker.sock",)}, "volumes[0]"),
    ({"volumes": ("é:/data",)}, "volumes[0]"),
    ({"volumes": ("/certs/ca:/ca:ro",)}, "volumes[0]"),
    ({"volumes": ("/cache", "/certs:/keys")}, "volumes[1]"),
    ({"volumes": ("/srv/../certs/ca:/ca",)}, "volumes[0]"),
    ({"volumes": ("//certs/ca:/ca",)}, "volumes[0]"),
    ({"volumes": ("/:/host",)}, "volumes[0]"),
    ({"volumes": ("/mine:/certs/client",)}, "volumes[0]"),
    ({"volumes": ("/certs/client",)}, "volumes[0]"),
    ({"extra_hosts": ("docker:10.0.0.2",)}, "extra_hosts[0]"),
    ({"extra_hosts": ("gitlab",)}, "extra_hosts[0]"),
    ({"dns": ("one.one",)}, "dns[0]"),
    ({"networks": ("/gitlab",)}, "networks[0]"),
    ({"networks": ("gitlab", "gitlab")}, "networks"),
    ({"environment": {"A-B": "1"}}, "environment.A-B"),
    ({"environment": {"DOCKER_HOST": "tcp://other:2375"}}, "environment.DOCKER_HOST"),
    ({"feature_flags": {"fast": True}}, "feature_flags.fast"),
    ({"feature_flags": {"FF_NETWORK_PER_BUILD": False}}, "feature_flags.FF_NETWORK_PER_BUILD"),
    ({"job_memory": "2 GB"}, "job_memory"),
    ({"service_memory": "0m"}, "service_memory"),
    ({"job_cpus": "0"}, "job_cpus"),
    ({"job_cpus": "0.0"}, "job_cpus"),
    ({"job_cpus": "٣"}, "job_cpus"),
    ({"shm_size": 0}, "shm_size"),
    ({"network_mtu": 100}, "network_mtu"),
    ({"network_mtu": 1400, "network_per_build": False}, "network_mtu"),
    ({"wait_for_services_timeout": 0}, "wait_for_services_timeout"),
    ({"wait_for_services_timeout": -2}, "wait_for_services_timeout"),
    ({"s3_cache": S3Cache(server_address="https://s3", bucket_name="b")}, "s3_cache.server_address"),
    ({"s3_cache": S3Cache(server_address="s3", bucket_name="")}, "s3_cache.bucket_name"),
    ({"memory": 63}, "memory"),
    ({"memory_swap": 255}, "memory_swap"),
    ({"memory": None, "memory_swap": 512}, "memory_swap"),
    ({"cpus": 0.0}, "cpus"),
    ({"cpus": float("inf")}, "cpus"),
    ({"drain_seconds": 9}, "drain_seconds"),
    ({"labels": {"ci-runners.kind": "mine"}}, "labels.ci-runners.kind"),
    ({"description": " "}, "description"),
]
ACCEPTED: list[dict[str, Any]] = [
    {},
    {"concurrent": 4, "limit": 4, "request_concurrency": 4},
    {"concurrent": 4, "limit": 1, "request_concurrency": 1},
    {"image": "registry:5000/runner:v1.2.3", "helper_image": "registry:5000/helper:arm64-v1.2.3"},
    {"image": "registry:5000/runner:main", "helper_image": None},
    {"allowed_privileged_services": ("docker:*-dind-rootless",)},
    {"pull_policies": (PullPolicy.NEVER,), "allowed_pull_policies": (PullPolicy.NEVER, PullPolicy.ALWAYS)},
    {"request_concurrency": 2},
    {
        "volumes": (
            "/cache",
            "named:/data",
            "/srv/keys:/keys:ro",
            "/certs-of-mine:/mine",
            "/srv/certs:/x",
            "certs:/y",
        )
    },
    {"extra_hosts": ("gitlab:10.0.0.2", "host.docker.internal:host-gateway", "six:::1")},
    {"wait_for_services_timeout": -1},
    {"metrics_address": "[::1]:9252"},
    {"job_cpus": "0.5"},
    {"memory": None},
    {"memory": 64, "memory_swap": 64},
]
CONNECTION = dind_connection(host="dind", network="dind", client_volume="certs", tags=("dind",)).dump()
WIRING = {"url": "https://gitlab.example.com", "token": "glrt-x", "connection": CONNECTION}


def fields(problems: list[Problem]) -> list[str]:
    return [problem.field for problem in problems]


@pytest.mark.parametrize(("change", "field"), REFUSED, ids=lambda value: str(value)[:60])
def test_a_wrong_argument_is_named_and_nothing_else_is(change: dict[str, Any], field: str) -> None:
    assert fields(runner_problems("runner", GitLabRunnerSpec(**change))) == [field]


@pytest.mark.parametrize("change", ACCEPTED, ids=str)
def test_what_gitlab_runner_takes_is_not_refused(change: dict[str, Any]) -> None:
    assert runner_problems("runner", GitLabRunnerSpec(**change)) == []


def test_every_problem_is_found_at_once() -> None:
    spec = GitLabRunnerSpec(concurrent=0, job_image="docker", memory=1, dns=("x", "x"))

    found = fields(runner_problems("r!", spec))

    assert sorted(found) == ["concurrent", "dns", "dns[0]", "dns[1]", "job_image", "memory", "name"]


@pytest.mark.parametrize(
    "url",
    [
        "gitlab.example.com",
        "ftp://gitlab",
        "https://",
        "https://a b",
        "https://h:0",
        "https://gitlab.example.com/api/v4",
        "https://gitlab.example.com/gitlab/api/v4/",
    ],
)
def test_an_address_that_is_no_url_is_refused(url: str) -> None:
    assert fields(url_problems("runner", url)) == ["url"]


def test_a_password_in_the_url_is_refused_and_not_shown() -> None:
    (problem,) = url_problems("runner", "https://root:hunter2@gitlab.example.com")

    assert "hunter2" not in str(problem)


@pytest.mark.parametrize("token", ["", "glrt- x", "GR1348941abcdef", "glrt-x\n", "$RUNNER_TOKEN"])
def test_a_wrong_token_is_refused_and_not_shown(token: str) -> None:
    (problem,) = token_problems("runner", token)

    assert problem.field == "token"
    assert repr(token) not in str(problem)


@pytest.mark.parametrize("token", ["glrt-abc", "glrt-t1_xyz", "glrtr-abc"])
def test_a_token_of_todays_kind_is_accepted(token: str) -> None:
    assert token_problems("runner", token) == []


def test_right_wiring_is_accepted_and_an_output_is_left_for_later() -> None:
    assert wiring_problems("runner", WIRING) == []
    assert wiring_problems("runner", dict.fromkeys(WIRING, object())) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": None}, "url"),
        ({"token": None}, "token"),
        ({"connection": None}, "connection"),
        ({"url": "gitlab"}, "url"),
        ({"token": ""}, "token"),
        ({"connection": "tcp://dind:2376"}, "connection.text"),
        ({"connection": '{"version": 1}'}, "connection.version"),
    ],
)
def test_wrong_wiring_is_named(change: dict[str, object], field: str) -> None:
    (problem,) = wiring_problems("runner", {**WIRING, **change})

    assert problem.field == field
    assert problem.component == "GitLabRunner 'runner'"
