"""What GitLab Runner would refuse, or accept and not do: checked before anything is created."""

import re
from collections.abc import Iterator
from posixpath import normpath

from ci_runners.connection import CERTIFICATES
from ci_runners.connections import JOB_HOST_NAME
from ci_runners.problems import Problem
from ci_runners.render.config_toml import (
    LEAST_REQUESTS,
    GitLabRunnerSpec,
    effective_limit,
    effective_request_concurrency,
)
from ci_runners.render.shared_rules import label_problems, limit_problems, plain_secret_problems
from ci_runners.validate import Rules

LEAST_MEMORY = 64
"""MiB below which the runner does not start."""

_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FEATURE_FLAG = re.compile(r"FF_[A-Z0-9_]+")
_VOLUME = re.compile(r"(?:/[^:]*|[a-zA-Z0-9][\w.-]*):/[^:]+(?::[a-z,]+)?|/[^:]+", re.ASCII)
_NAMES_SOMETHING = re.compile(r"[a-zA-Z0-9]")
_MEMORY = re.compile(r"[1-9][0-9]*[bkmg]")


def runner_problems(name: str, spec: GitLabRunnerSpec) -> list[Problem]:
    """Everything that is wrong with a runner's plain arguments."""
    rules = Rules(component=f"GitLabRunner {name!r}")
    return [
        *rules.docker_name("name", name),
        *_images(spec, rules),
        *_concurrency(spec, rules),
        *_privileged_services(spec, rules),
        *_lists(spec, rules),
        *_names(spec, rules),
        *_limits(spec, rules),
        *_cache(spec, rules),
        *_own_container(spec, rules),
    ]


def _images(spec: GitLabRunnerSpec, rules: Rules) -> Iterator[Problem]:
    yield from rules.image("image", spec.image)
    if spec.job_image is not None:
        yield from rules.image("job_image", spec.job_image)
    if spec.helper_image is None:
        return
    yield from rules.image("helper_image", spec.helper_image)
    runner, helper = (
        re.search(r":(?:[\w]+-)*v(\d+\.\d+\.\d+)", image) for image in (spec.image, spec.helper_image)
    )
    if runner and helper and runner.group(1) != helper.group(1):
        yield rules.problem(
            "helper_image",
            spec.helper_image,
            f"the runner's version, {runner.group(1)}",
            "use the helper of that version",
        )


def _concurrency(spec: GitLabRunnerSpec, rules: Rules) -> Iterator[Problem]:
    yield from rules.at_least("concurrent", spec.concurrent, 1, "jobs")
    yield from rules.at_least("limit", spec.limit, 1, "jobs")
    yield from rules.at_least("request_concurrency", spec.request_concurrency, 1, "requests")
    yield from rules.at_least("check_interval", spec.check_interval, 1, "seconds")
    if spec.limit is not None and spec.limit > spec.concurrent >= 1:
        yield rules.problem(
            "limit", spec.limit, f"at most concurrent, {spec.concurrent}", "raise concurrent, or lower limit"
        )
    most = max(effective_limit(spec), LEAST_REQUESTS)
    if effective_request_concurrency(spec) > most:
        yield rules.problem(
            "request_concurrency",
            spec.request_concurrency,
            f"at most {most} requests where {effective_limit(spec)} may run at once",
            "lower it, or leave it out",
        )
    elif effective_limit(spec) > 1 and spec.request_concurrency == 1:
        yield rules.problem(
            "request_concurrency",
            spec.request_concurrency,
            "more than 1 where several jobs may run: GitLab holds one request for up to 50 s, and jobs wait behind it",
            "leave it out: it then follows the number of jobs",
        )


def _privileged_services(spec: GitLabRunnerSpec, rules: Rules) -> Iterator[Problem]:
    allowed = spec.allowed_privileged_services
    if allowed is not None and not [pattern for pattern in allowed if pattern.strip()]:
        yield rules.problem(
            "allowed_privileged_services",
            [],
            "at least one pattern: to GitLab Runner an empty list means that every service may be privileged",
            "leave it out so that no service is privileged, or name images like docker:*-dind-rootless",
        )
    for index, pattern in enumerate(allowed or ()):
        if not _NAMES_SOMETHING.search(pattern):
            yield rules.problem(
                f"allowed_privileged_services[{index}]",
                pattern,
                "a pattern that names images",
                "name the image and its tag",
            )


def _lists(spec: GitLabRunnerSpec, rules: Rules) -> Iterator[Problem]:
    if not spec.pull_policies:
        yield rules.problem("pull_policies", [], "at least one policy", "use [always]")
    for index, policy in enumerate(spec.pull_policies):
        if spec.allowed_pull_policies and policy not in spec.allowed_pull_policies:
            yield rules.problem(
                f"pull_policies[{index}]",
                policy.value,
                "one of allowed_pull_policies",
                "allow it, or remove it",
            )
    yield from _volumes(spec, rules)
    yield from rules.each("extra_hosts", spec.extra_hosts, "extra_host")
    for index, line in enumerate(spec.extra_hosts):
        if line.startswith(f"{JOB_HOST_NAME}:"):
            expected = f"another name than {JOB_HOST_NAME}: the connection says where the daemon is"
            yield rules.problem(f"extra_hosts[{index}]", line, expected, "choose another name")
    yield from rules.each("dns", spec.dns, "address")
    yield from rules.each("networks", spec.networks, "docker_name")
    for listed in ("volumes", "extra_hosts", "dns", "networks", "allowed_images", "allowed_services"):
        yield from rules.no_repeats(listed, getattr(spec, listed))
    for listed in ("allowed_images", "allowed_services"):
        for index, pattern in enumerate(getattr(spec, listed)):
            if not pattern.strip():
                yield rules.problem(
                    f"{listed}[{index}]",
                    pattern,
                    "a pattern",
                    "remove it, or write it like registry.example.com/*",
                )


def _volumes(spec: GitLabRunnerSpec, rules: Rules) -> Iterator[Problem]:
    for index, volume in enumerate(spec.volumes):
        if not _VOLUME.fullmatch(volume) or "docker.sock" in volume:
            yield rules.problem(
                f"volumes[{index}]",
                volume,
                "/path, or source:/path[:ro]; never the daemon's socket",
                "the source is a path where the daemon runs; jobs reach the daemon by the connection",
            )
        elif any(_touches_certificates(path) for path in volume.split(":")[:2]):
            yield rules.problem(
                f"volumes[{index}]",
                volume,
                f"nothing of {CERTIFICATES}, where the daemon's certificate authority lies",
                "leave it out: the connection mounts what a client needs",
            )


def _touches_certificates(path: str) -> bool:
    """Whether a path is the certificates' folder, inside it, or the root that holds it."""
    whole = normpath(f"/{path.lstrip('/')}") if path.startswith("/") else path
    return whole == "/" or f"{whole}/".startswith(f"{CERTIFICATES}/")


def _names(spec: GitLabRunnerSpec, rules: Rules) -> Iterator[Problem]:
    for key, value in spec.environment.items():
        if not _ENVIRONMENT_NAME.fullmatch(key) or key.startswith("DOCKER_"):
            yield rules.problem(
                f"environment.{key}",
                key,
                "a variable's name that the connection does not set itself (DOCKER_*)",
                "use letters, digits and _; leave DOCKER_* to the connection",
            )
        else:
            yield from plain_secret_problems(rules, f"environment.{key}", key, value)
    for flag, is_on in spec.feature_flags.items():
        if not _FEATURE_FLAG.fullmatch(flag):
            yield rules.problem(
                f"feature_flags.{flag}", is_on, "a flag like FF_USE_FASTZIP", "see GitLab docs, Feature flags"
            )
        if flag == "FF_NETWORK_PER_BUILD":
            yield rules.problem(
                f"feature_flags.{flag}",
                is_on,
                "a flag without an argument of its own",
                "set network_per_build",
            )


def _limits(spec: GitLabRunnerSpec, rules: Rules) -> Iterator[Problem]:
    yield from rules.at_least("shutdown_timeout", spec.shutdown_timeout, 1, "seconds")
    yield from rules.at_least("output_limit", spec.output_limit, 1, "KB")
    yield from rules.at_least("shm_size", spec.shm_size, 1, "bytes")
    yield from rules.within(
        "network_mtu", spec.network_mtu, 576, 65535, "use the daemon's MTU, 1500 if unsure"
    )
    if spec.network_mtu is not None and not spec.network_per_build:
        yield rules.problem(
            "network_mtu", spec.network_mtu, "network_per_build beside it", "leave network_per_build on"
        )
    if spec.wait_for_services_timeout < -1 or spec.wait_for_services_timeout == 0:
        yield rules.problem(
            "wait_for_services_timeout",
            spec.wait_for_services_timeout,
            "seconds, or -1 for no waiting",
            "use 30 if unsure",
        )
    for name in ("job_memory", "service_memory"):
        value = getattr(spec, name)
        if value is not None and not _MEMORY.fullmatch(value):
            yield rules.problem(name, value, "a size with b, k, m or g", "write it like 2g")
    if spec.job_cpus is not None and not re.fullmatch(r"(?!0*\.?0*$)[0-9]+(\.[0-9]+)?", spec.job_cpus):
        yield rules.problem("job_cpus", spec.job_cpus, "a number of CPUs as text", "write it like '1.5'")
    if spec.metrics_address is not None:
        yield from rules.listen_address("metrics_address", spec.metrics_address)


def _cache(spec: GitLabRunnerSpec, rules: Rules) -> Iterator[Problem]:
    cache = spec.s3_cache
    if cache is None:
        return
    yield from rules.registry_host("s3_cache.server_address", cache.server_address)
    if not cache.bucket_name.strip():
        yield rules.problem("s3_cache.bucket_name", cache.bucket_name, "a bucket's name", "name the bucket")


def _own_container(spec: GitLabRunnerSpec, rules: Rules) -> Iterator[Problem]:
    yield from limit_problems(
        rules,
        memory=spec.memory,
        memory_swap=spec.memory_swap,
        cpus=spec.cpus,
        least_memory=LEAST_MEMORY,
    )
    yield from rules.at_least("drain_seconds", spec.drain_seconds, 10, "seconds")
    yield from label_problems(rules, spec.labels)
    if spec.description is not None and not spec.description.strip():
        yield rules.problem(
            "description", spec.description, "some text", "leave it out: the runner's name is used"
        )
