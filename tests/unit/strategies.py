"""Valid values of all shapes, for properties that must hold for every one of them.

They are built so that nearly all are valid: the components' own rules only filter out the rest.
"""

from collections import ChainMap

from hypothesis import strategies as st

from ci_runners.connection import Connection, DaemonKind
from ci_runners.render.config_toml import GitLabRunnerSpec, LogFormat, LogLevel, PullPolicy, S3Cache
from ci_runners.render.runner_rules import runner_problems

MOST_INTEGER = 2**31 - 1
"""A Go int holds more, but not on every machine."""

counts = st.integers(1, MOST_INTEGER)
mtus = st.integers(576, 65535)
ports = st.integers(1, 65535)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
"""Everything that UTF-8 can say: quotes, backslashes, control characters, line ends."""
words = texts.filter(str.strip)
LOWER = "abcxyz019"
ANY_NAME = "azAZ09_.-"
PATH = "azAZ09 _.-/é"


def made_of(first: str, rest: str, most: int) -> st.SearchStrategy[str]:
    """A character of one set, then some of another. Much quicker than a regular expression."""
    return st.builds("{}{}".format, st.sampled_from(first), st.text(rest, max_size=most))


host_names = st.lists(made_of(LOWER, LOWER, 8), min_size=1, max_size=3).map(
    lambda labels: ".".join(["h", *labels])
)
addresses = st.ip_addresses().map(str)
docker_names = st.builds("{}{}".format, st.sampled_from("azAZ09"), made_of(ANY_NAME, ANY_NAME, 10))
extra_hosts = st.builds("{}:{}".format, host_names, st.one_of(addresses, st.just("host-gateway")))
registry_hosts = st.one_of(host_names, st.builds("{}:{}".format, host_names, ports))
paths = made_of(PATH, PATH, 12).map("/{}".format)
sizes = st.builds("{}{}".format, counts, st.sampled_from("bkmg"))
environments = st.dictionaries(
    made_of("azAZ_", "azAZ09_", 10).filter(lambda key: not key.startswith("DOCKER_")),
    texts,
    max_size=3,
)
patterns = st.builds("{}/{}:*".format, registry_hosts, st.sampled_from(["*", "**", "team/*", "image"]))
digests = st.text("0123456789abcdef", min_size=64, max_size=64).map("sha256:{}".format)
image_paths = st.lists(made_of(LOWER, LOWER, 5), min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from("._/-").map(lambda joint: joint.join(parts))
)
volumes = st.one_of(
    paths,
    st.builds("{}:{}".format, st.one_of(paths, docker_names), paths),
    st.builds(
        "{}:{}:{}".format, st.one_of(paths, docker_names), paths, st.sampled_from(["ro", "rw", "ro,z"])
    ),
)


def unique(items: st.SearchStrategy[str], *, least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    """A few items, none of them twice."""
    return st.lists(items, min_size=least, max_size=3, unique=True).map(tuple)


registries = st.sampled_from(["", "", "registry.example.com/", "localhost/", "registry:5000/"])
tags = made_of("azAZ09_", ANY_NAME, 10)
repositories = st.builds(str.__add__, registries, image_paths)
images = st.builds("{}:{}{}".format, repositories, tags, st.just("") | st.builds("@{}".format, digests))
s3_caches = st.builds(
    S3Cache,
    server_address=registry_hosts,
    bucket_name=words,
    bucket_location=texts,
    path=texts,
    shared=st.booleans(),
    insecure=st.booleans(),
)

ALONE = {
    "description": st.none() | words,
    "check_interval": counts,
    "log_level": st.sampled_from(LogLevel),
    "log_format": st.sampled_from(LogFormat),
    "shutdown_timeout": counts,
    "metrics_address": st.none() | st.builds("{}:{}".format, st.just("") | host_names, ports),
    "output_limit": counts,
    "job_image": st.none() | images,
    "allowed_images": unique(patterns),
    "allowed_services": unique(patterns),
    "allowed_privileged_services": st.none() | unique(patterns, least=1),
    "volumes": unique(volumes),
    "extra_hosts": unique(extra_hosts),
    "dns": unique(addresses),
    "environment": environments,
    "feature_flags": st.dictionaries(st.sampled_from(["FF_USE_FASTZIP", "FF_A_1"]), st.booleans()),
    "job_memory": st.none() | sizes,
    "job_cpus": st.none() | st.sampled_from(["0.5", "1", "1.5", "64"]),
    "service_memory": st.none() | sizes,
    "shm_size": st.none() | counts,
    "wait_for_services_timeout": st.just(-1) | counts,
    "pre_build_script": st.none() | texts,
    "post_build_script": st.none() | texts,
    "s3_cache": st.none() | s3_caches,
    "networks": unique(docker_names),
    "cpus": st.none() | st.floats(0.01, 512),
    "drain_seconds": st.integers(10, MOST_INTEGER),
    "labels": st.dictionaries(st.sampled_from(["team", "cost"]), texts),
    "retain_config": st.booleans(),
}
"""Fields that no rule ties to another one."""
ONE_VERSION = st.builds(
    lambda version, runner, helper: {"image": f"{runner}v{version}", "helper_image": f"{helper}v{version}"},
    st.builds("{}.{}.{}".format, *[st.integers(0, 99)] * 3),
    st.sampled_from(["gitlab/gitlab-runner:", "gitlab/gitlab-runner:alpine-", "registry:5000/a/b:ubuntu-"]),
    st.sampled_from(["gitlab/gitlab-runner-helper:x86_64-", "registry:5000/helper:arm64-"]),
)
OWN_HELPER = st.fixed_dictionaries({"image": images, "helper_image": st.none()})
POLICIES = st.lists(st.sampled_from(PullPolicy), min_size=1, max_size=3).map(tuple)
NETWORK = st.fixed_dictionaries(
    {"network_per_build": st.sampled_from([True]), "network_mtu": st.none() | mtus}
) | st.just({"network_per_build": False})
MEMORY = st.sampled_from(
    [{"memory": None}, {}, {"memory": 64}, {"memory": 64, "memory_swap": 64}]
) | st.tuples(counts, counts).map(lambda two: {"memory": 63 + min(two), "memory_swap": 63 + max(two)})
JOBS = st.lists(counts, min_size=1, max_size=3).map(
    # From many to few: jobs at once, those of this registration, requests that wait.
    lambda numbers: dict(
        zip(("concurrent", "limit", "request_concurrency"), sorted(numbers)[::-1], strict=False)
    )
)
PULLS = st.builds(
    lambda own, more: {"pull_policies": own, "allowed_pull_policies": (*own, *more) if more else ()},
    POLICIES,
    st.just(()) | POLICIES,
)


def runner_specs() -> st.SearchStrategy[GitLabRunnerSpec]:
    """Every runner that the rules let pass."""
    together = (ONE_VERSION | OWN_HELPER, NETWORK, MEMORY, JOBS, PULLS)
    return st.builds(
        lambda alone, *groups: GitLabRunnerSpec(**ChainMap(alone, *groups)),
        st.fixed_dictionaries(ALONE),
        *together,
    ).filter(lambda spec: not runner_problems("runner", spec))


def connections() -> st.SearchStrategy[Connection]:
    """Every connection, whether or not a daemon would make it."""
    lists = st.lists(texts, max_size=3).map(tuple)
    return st.builds(
        Connection,
        kind=st.sampled_from(DaemonKind),
        job_image=texts,
        runner_host=texts,
        certificates=texts,
        network=texts,
        runner_socket=texts,
        runner_groups=lists,
        job_network=texts,
        job_groups=lists,
        job_capabilities=st.none() | lists,
        builds_dir=texts,
        cache_dir=texts,
        runner_volumes=st.dictionaries(texts, texts, max_size=3),
        job_volumes=lists,
        job_environment=environments,
        job_extra_hosts=lists,
        tags=lists,
    )
