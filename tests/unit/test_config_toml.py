"""config.toml, as it is written for GitLab Runner. Whether GitLab Runner takes it is tried end to end."""

import dataclasses
import tomllib
from typing import Any

import pytest
from hypothesis import given

from ci_runners.connection import Connection
from ci_runners.connections import buildkit_connection, dind_connection, host_connection
from ci_runners.render.config_toml import (
    CONNECTION_KEYS,
    DOCKER_KEYS,
    GLOBAL_KEYS,
    RUNNER_KEYS,
    S3_KEYS,
    GitLabRunnerSpec,
    LogFormat,
    LogLevel,
    PullPolicy,
    S3Cache,
    render_config_toml,
)
from tests.unit.strategies import connections, runner_specs

DIND = dind_connection(host="dind", network="dind", client_volume="dind-client", tags=("dind",))
DOOD = host_connection(
    socket="/run/docker.sock",
    group="998",
    jobs_volume="jobs",
    jobs_dir="/data/volumes/jobs/_data",
    tags=("dood",),
)
BUILDKIT = buildkit_connection(
    host="buildkit",
    network="net",
    client_volume="certs",
    socket="/run/docker.sock",
    group="998",
    cache_dir="/j",
    tags=("b",),
)
TOKEN = "glrt-Zz9-a-token-like-no-other-text"

OF_THE_CONTAINER = {
    "image",
    "networks",
    "memory",
    "memory_swap",
    "cpus",
    "drain_seconds",
    "labels",
    "retain_config",
}
"""Fields that are no business of config.toml: they say how the runner's own container is started."""
MADE_FROM_MORE = {
    "description",
    "job_image",
    "limit",
    "request_concurrency",
    "environment",
    "feature_flags",
    "network_per_build",
    "volumes",
    "extra_hosts",
    "s3_cache",
}
"""Fields that go to config.toml together with something else."""


def text(spec: GitLabRunnerSpec, connection: Connection = DIND) -> str:
    url = "https://gitlab.example.com"
    return render_config_toml(spec, name="runner", url=url, token=TOKEN, connection=connection)


def render(spec: GitLabRunnerSpec, connection: Connection = DIND) -> dict[str, Any]:
    return tomllib.loads(text(spec, connection))


def runner(spec: GitLabRunnerSpec, connection: Connection = DIND) -> dict[str, Any]:
    (found,) = render(spec, connection)["runners"]
    assert isinstance(found, dict)
    return found


def leaves(value: object, path: str = "") -> dict[str, object]:
    """Every value of nested tables and lists, by its path."""
    if isinstance(value, dict):
        return {
            at: leaf for key, inner in value.items() for at, leaf in leaves(inner, f"{path}.{key}").items()
        }
    if isinstance(value, list):
        return {
            at: leaf
            for key, inner in enumerate(value)
            for at, leaf in leaves(inner, f"{path}[{key}]").items()
        }
    return {path: value}


@given(spec=runner_specs(), connection=connections())
def test_every_file_is_toml_that_says_what_the_spec_says(
    spec: GitLabRunnerSpec, connection: Connection
) -> None:
    written = render(spec, connection)

    assert [written[key] for key in ("concurrent", "check_interval")] == [
        spec.concurrent,
        spec.check_interval,
    ]
    (section,) = written["runners"]
    assert section["docker"]["volumes"] == [*connection.job_volumes, *spec.volumes]
    assert section["docker"]["extra_hosts"] == [*connection.job_extra_hosts, *spec.extra_hosts]
    assert section.get("pre_build_script", "") == (spec.pre_build_script or "")
    assert section["name"] == (spec.description or "runner")


@given(spec=runner_specs(), connection=connections())
def test_every_file_has_known_keys_whole_numbers_and_the_token_once(
    spec: GitLabRunnerSpec, connection: Connection
) -> None:
    written = render(spec, connection)
    (section,) = written["runners"]
    values = leaves(written)

    assert [path for path, value in values.items() if TOKEN in str(value)] == [".runners[0].token"]
    assert [path for path, value in values.items() if isinstance(value, float)] == []
    assert written.keys() <= {*GLOBAL_KEYS, "runners"}
    fixed = {
        "name",
        "url",
        "token",
        "executor",
        "builds_dir",
        "environment",
        "feature_flags",
        "docker",
        "cache",
    }
    assert section.keys() <= {*RUNNER_KEYS, *fixed}
    wired = {
        "image",
        "cap_add",
        "cap_drop",
        "security_opt",
        "host",
        "tls_verify",
        "tls_cert_path",
        "privileged",
        "services_privileged",
        "volumes",
        "extra_hosts",
    }
    assert section["docker"].keys() <= {*DOCKER_KEYS, *CONNECTION_KEYS, *wired}
    assert section.get("cache", {}).keys() <= {"Type", "Shared", "Path", "s3"}
    assert section.get("cache", {}).get("s3", {}).keys() <= {*S3_KEYS, "AuthenticationType"}


@given(spec=runner_specs())
def test_no_job_is_privileged_and_every_job_finds_its_daemon(spec: GitLabRunnerSpec) -> None:
    section = runner(spec)

    assert section["docker"]["privileged"] is False
    assert section["docker"]["services_privileged"] is (spec.allowed_privileged_services is not None)
    wanted = {f"{name}={value}" for name, value in DIND.job_environment.items()}
    assert wanted <= set(section["environment"])


def test_a_job_without_an_image_of_its_own_gets_the_one_with_the_daemons_client() -> None:
    assert runner(GitLabRunnerSpec(), BUILDKIT)["docker"]["image"] == BUILDKIT.job_image
    assert runner(GitLabRunnerSpec(job_image="debian:13"), BUILDKIT)["docker"]["image"] == "debian:13"


def test_jobs_of_an_unprivileged_way_keep_the_connections_capabilities_and_gain_none() -> None:
    docker = runner(GitLabRunnerSpec(), BUILDKIT)["docker"]

    assert docker["cap_drop"] == ["ALL"]
    assert docker["cap_add"] == list(BUILDKIT.job_capabilities or ())
    assert docker["security_opt"] == ["no-new-privileges:true"]
    assert docker["network_mode"] == "net"


def test_jobs_on_the_hosts_engine_join_its_sockets_group_and_work_at_one_path() -> None:
    section = runner(GitLabRunnerSpec(), DOOD)

    assert section["builds_dir"] == "/data/volumes/jobs/_data"
    assert section["docker"]["cache_dir"] == "/data/volumes/jobs/_data/cache"
    assert section["docker"]["group_add"] == ["998"]
    assert section["docker"]["host"] == "unix:///var/run/docker.sock"
    assert not section["docker"].keys() & {"cap_drop", "security_opt", "network_mode", "tls_cert_path"}


def test_the_order_of_an_environment_does_not_change_the_file() -> None:
    one = text(GitLabRunnerSpec(environment={"A": "1", "B": "2"}))

    assert text(GitLabRunnerSpec(environment={"B": "2", "A": "1"})) == one


def test_every_field_goes_to_the_file_or_is_known_not_to() -> None:
    said = {*GLOBAL_KEYS.values(), *RUNNER_KEYS.values(), *DOCKER_KEYS.values(), *MADE_FROM_MORE}
    fields = {field.name for field in dataclasses.fields(GitLabRunnerSpec)}

    assert said | OF_THE_CONTAINER == fields
    assert said & OF_THE_CONTAINER == set()


def test_every_field_of_the_cache_goes_to_the_file() -> None:
    fields = {field.name for field in dataclasses.fields(S3Cache)}

    assert fields == {*S3_KEYS.values(), "path", "shared"}


CHANGES: dict[str, tuple[dict[str, Any], dict[str, object]]] = {
    "concurrent": (
        {"concurrent": 4},
        {".concurrent": 4, ".runners[0].limit": 4, ".runners[0].request_concurrency": 4},
    ),
    "limit": ({"concurrent": 4, "limit": 2}, {".runners[0].limit": 2, ".runners[0].request_concurrency": 2}),
    "requests": ({"concurrent": 4, "request_concurrency": 3}, {".runners[0].request_concurrency": 3}),
    "log": (
        {"log_level": LogLevel.WARN, "log_format": LogFormat.TEXT},
        {".log_level": "warn", ".log_format": "text"},
    ),
    "metrics": ({"metrics_address": ":9252"}, {".listen_address": ":9252"}),
    "pull policies": (
        {"pull_policies": (PullPolicy.IF_NOT_PRESENT,)},
        {".runners[0].docker.pull_policy[0]": "if-not-present"},
    ),
    "flag": ({"feature_flags": {"FF_A": True}}, {".runners[0].feature_flags.FF_A": True}),
    "one network": ({"network_per_build": False}, {".runners[0].feature_flags.FF_NETWORK_PER_BUILD": False}),
    "privileged service": (
        {"allowed_privileged_services": ("docker:*",)},
        {
            ".runners[0].docker.services_privileged": True,
            ".runners[0].docker.allowed_privileged_services[0]": "docker:*",
        },
    ),
    "cache": (
        {"s3_cache": S3Cache(server_address="s3", bucket_name="b", path="p", insecure=True)},
        {
            ".runners[0].cache.Type": "s3",
            ".runners[0].cache.Path": "p",
            ".runners[0].cache.Shared": False,
            ".runners[0].cache.s3.ServerAddress": "s3",
            ".runners[0].cache.s3.BucketName": "b",
            ".runners[0].cache.s3.Insecure": True,
            ".runners[0].cache.s3.AuthenticationType": "iam",
        },
    ),
    "memory of jobs": (
        {"job_memory": "2g", "job_cpus": "1.5", "service_memory": "1g", "shm_size": 64},
        {
            ".runners[0].docker.memory": "2g",
            ".runners[0].docker.cpus": "1.5",
            ".runners[0].docker.service_memory": "1g",
            ".runners[0].docker.shm_size": 64,
        },
    ),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES)
def test_an_argument_is_written_under_its_key(change: dict[str, Any], expected: dict[str, object]) -> None:
    written = leaves(render(GitLabRunnerSpec(**change)))

    assert {path: written.get(path) for path in expected} == expected


@pytest.mark.parametrize(
    "key", ["allowed_images", "allowed_services", "allowed_privileged_services", "dns", "memory", "cpus"]
)
def test_what_is_not_said_is_left_to_the_runner(key: str) -> None:
    assert key not in runner(GitLabRunnerSpec())["docker"]


def test_a_connection_without_certificates_asks_for_none() -> None:
    docker = runner(GitLabRunnerSpec(), dataclasses.replace(DIND, certificates=""))["docker"]

    assert docker["tls_verify"] is False
    assert "tls_cert_path" not in docker


def test_a_connection_with_certificates_is_verified() -> None:
    docker = runner(GitLabRunnerSpec())["docker"]

    assert docker["tls_verify"] is True
    assert docker["tls_cert_path"] == "/certs/client"
    assert "/certs/client:/certs/client:ro" in docker["volumes"]
