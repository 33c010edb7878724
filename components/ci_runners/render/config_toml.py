"""config.toml: GitLab Runner's configuration (GitLab docs, Advanced configuration).

Every key is spelled once, in the tables below, beside the field that it takes: nothing is derived from a name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import tomli_w

from ci_runners.connection import Connection
from ci_runners.images import GITLAB_RUNNER, GITLAB_RUNNER_HELPER


class PullPolicy(str, Enum):
    """When the daemon pulls a job's image. `if-not-present` lets a job use private images that another one pulled."""

    ALWAYS = "always"
    IF_NOT_PRESENT = "if-not-present"
    NEVER = "never"


class LogFormat(str, Enum):
    """How the runner writes its log."""

    RUNNER = "runner"
    """Lines of text with colors, for a terminal."""
    TEXT = "text"
    """Lines of text of `key=value`."""
    JSON = "json"
    """A JSON object a line."""


class LogLevel(str, Enum):
    """How much a runner, or a daemon with the same levels, writes to its log."""

    DEBUG = "debug"
    """Everything, for looking for a fault."""
    INFO = "info"
    """What happens, such as every job."""
    WARN = "warn"
    """What may be wrong, and what is."""
    ERROR = "error"
    """What is wrong."""


@dataclass(frozen=True, kw_only=True)
class S3Cache:
    """An S3 bucket for jobs' caches. Without one they stay in the daemon's volumes."""

    server_address: str
    bucket_name: str
    bucket_location: str = ""
    path: str = ""
    shared: bool = False
    insecure: bool = False


@dataclass(frozen=True, kw_only=True)
class GitLabRunnerSpec:
    """Everything about a runner that is known before it exists. Defaults are explained on `GitLabRunnerArgs`."""

    image: str = GITLAB_RUNNER
    description: str | None = None
    concurrent: int = 1
    limit: int | None = None
    request_concurrency: int | None = None
    check_interval: int = 3
    log_level: LogLevel = LogLevel.INFO
    log_format: LogFormat = LogFormat.JSON
    shutdown_timeout: int = 30
    metrics_address: str | None = None
    output_limit: int = 4096
    job_image: str | None = None
    helper_image: str | None = GITLAB_RUNNER_HELPER
    pull_policies: tuple[PullPolicy, ...] = (PullPolicy.ALWAYS,)
    allowed_pull_policies: tuple[PullPolicy, ...] = ()
    allowed_images: tuple[str, ...] = ()
    allowed_services: tuple[str, ...] = ()
    allowed_privileged_services: tuple[str, ...] | None = None
    volumes: tuple[str, ...] = ("/cache",)
    extra_hosts: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    feature_flags: dict[str, bool] = field(default_factory=dict)
    job_memory: str | None = None
    job_cpus: str | None = None
    service_memory: str | None = None
    shm_size: int | None = None
    network_per_build: bool = True
    network_mtu: int | None = None
    wait_for_services_timeout: int = 30
    pre_build_script: str | None = None
    post_build_script: str | None = None
    s3_cache: S3Cache | None = None
    networks: tuple[str, ...] = ()
    memory: int | None = 256
    memory_swap: int | None = None
    cpus: float | None = None
    drain_seconds: int = 3600
    labels: dict[str, str] = field(default_factory=dict)
    retain_config: bool = False


LEAST_REQUESTS = 2
"""Requests below which GitLab Runner warns of long polling (commands/multi.go, checkConfigConcurrency)."""

GLOBAL_KEYS = {
    "concurrent": "concurrent",
    "check_interval": "check_interval",
    "log_level": "log_level",
    "log_format": "log_format",
    "shutdown_timeout": "shutdown_timeout",
    "listen_address": "metrics_address",
}
RUNNER_KEYS = {
    "limit": "limit",
    "request_concurrency": "request_concurrency",
    "output_limit": "output_limit",
    "pre_build_script": "pre_build_script",
    "post_build_script": "post_build_script",
}
DOCKER_KEYS = {
    "helper_image": "helper_image",
    "pull_policy": "pull_policies",
    "allowed_pull_policies": "allowed_pull_policies",
    "allowed_images": "allowed_images",
    "allowed_services": "allowed_services",
    "allowed_privileged_services": "allowed_privileged_services",
    "dns": "dns",
    "memory": "job_memory",
    "cpus": "job_cpus",
    "service_memory": "service_memory",
    "shm_size": "shm_size",
    "network_mtu": "network_mtu",
    "wait_for_services_timeout": "wait_for_services_timeout",
}
CONNECTION_KEYS = {
    "network_mode": "job_network",
    "group_add": "job_groups",
    "cache_dir": "cache_dir",
}
S3_KEYS = {
    "ServerAddress": "server_address",
    "BucketName": "bucket_name",
    "BucketLocation": "bucket_location",
    "Insecure": "insecure",
}


def effective_limit(spec: GitLabRunnerSpec) -> int:
    """Jobs that this runner may run at once."""
    return spec.limit if spec.limit is not None else spec.concurrent


def effective_request_concurrency(spec: GitLabRunnerSpec) -> int:
    """Requests for a job that may wait at GitLab at once.

    GitLab holds a request open for up to 50 seconds (long polling). With one request at a time a second job waits
    until the first request returns, so by default there are as many as jobs may run; and never only one, of which
    GitLab Runner warns at every reload, even where a single job leaves nothing to wait behind.
    """
    if spec.request_concurrency is not None:
        return spec.request_concurrency
    return max(effective_limit(spec), LEAST_REQUESTS)


def render_config_toml(
    spec: GitLabRunnerSpec, *, name: str, url: str, token: str, connection: Connection
) -> str:
    """Render config.toml. The text holds the runner's token: it is a secret as a whole."""
    environment = {**connection.job_environment, **spec.environment}
    runner: dict[str, Any] = {
        "name": spec.description or name,
        "url": url,
        "token": token,
        "executor": "docker",
        **_section({"builds_dir": "builds_dir"}, connection),
        **_section(RUNNER_KEYS, spec),
        "request_concurrency": effective_request_concurrency(spec),
        "limit": effective_limit(spec),
        "environment": [f"{key}={value}" for key, value in sorted(environment.items())],
        "feature_flags": {"FF_NETWORK_PER_BUILD": spec.network_per_build, **spec.feature_flags},
        "docker": _docker(spec, connection),
    }
    if spec.s3_cache is not None:
        runner["cache"] = _cache(spec.s3_cache)
    return tomli_w.dumps({**_section(GLOBAL_KEYS, spec), "runners": [runner]})


def _docker(spec: GitLabRunnerSpec, connection: Connection) -> dict[str, Any]:
    docker: dict[str, Any] = {
        "host": connection.runner_host,
        "tls_verify": bool(connection.certificates),
        "image": spec.job_image or connection.job_image,
        "privileged": False,
        "volumes": [*connection.job_volumes, *spec.volumes],
        "extra_hosts": [*connection.job_extra_hosts, *spec.extra_hosts],
        **_section(CONNECTION_KEYS, connection),
        **_section(DOCKER_KEYS, spec),
    }
    if connection.job_capabilities is not None:
        docker["cap_drop"] = ["ALL"]
        docker["cap_add"] = list(connection.job_capabilities)
        docker["security_opt"] = ["no-new-privileges:true"]
    if connection.certificates:
        docker["tls_cert_path"] = connection.certificates
    # Unset, it follows `privileged`; a service is privileged only where the list of allowed ones says so.
    docker["services_privileged"] = spec.allowed_privileged_services is not None
    return docker


def _cache(cache: S3Cache) -> dict[str, Any]:
    section: dict[str, Any] = {"Type": "s3", "Shared": cache.shared}
    if cache.path:
        section["Path"] = cache.path
    # Credentials come from the machine's role: a key in config.toml would be readable by every job's host.
    section["s3"] = {**_section(S3_KEYS, cache), "AuthenticationType": "iam"}
    return section


def _section(keys: Mapping[str, str], source: object) -> dict[str, Any]:
    """One table of the file. What is None or empty is left out: GitLab Runner then takes its own default."""
    said: dict[str, Any] = {}
    for key, name in keys.items():
        value = getattr(source, name)
        if value is None or value in ((), ""):
            continue
        said[key] = _plain(value)
    return said


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
