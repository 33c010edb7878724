"""buildkitd.toml: the configuration file of buildkitd (moby/buildkit, docs/buildkitd.toml.md)."""

from typing import Any

import tomli_w

from ci_runners.render.buildkit import BuildkitSpec, mirrors
from ci_runners.render.metrics import DAEMON_SOCKET

DOCKER_HUB = "docker.io"


def render_buildkitd_toml(spec: BuildkitSpec) -> str:
    """Render buildkitd.toml.

    `maxUsedSpace` is the budget of the whole cache. Beside it BuildKit's own policy stays: sources and cache mounts
    above 512 MB go when they are two days old, everything goes when it is sixty days old (moby/buildkit, gcpolicy.go).
    """
    worker: dict[str, Any] = {"gc": True, "maxUsedSpace": spec.cache_size}
    if spec.max_parallelism is not None:
        worker["max-parallelism"] = spec.max_parallelism
    document: dict[str, Any] = {"log": {"level": spec.log_level.value}, "worker": {"oci": worker}}
    if spec.metrics:
        document["grpc"] = {"debugAddress": f"unix://{DAEMON_SOCKET}"}
    if spec.dns:
        document["dns"] = {"nameservers": list(spec.dns)}
    registries = _registries(spec)
    if registries:
        document["registry"] = registries
    return tomli_w.dumps(document)


def _registries(spec: BuildkitSpec) -> dict[str, dict[str, Any]]:
    """What is said of each registry's host. A mirror is one too, and its `http` stands under its own name."""
    found: dict[str, dict[str, Any]] = {}
    if spec.registry_mirrors:
        found[DOCKER_HUB] = {"mirrors": [f"{host}{path}" for _, host, path in mirrors(spec)]}
    for scheme, host, _ in mirrors(spec):
        if scheme == "http":
            found[host] = {"http": True}
    for host in spec.insecure_registries:
        # Both together are what dockerd calls insecure: TLS that nobody vouches for, and plain HTTP where there is none
        # (moby/buildkit, util/resolver, fillInsecureOpts).
        found.setdefault(host, {}).update({"http": True, "insecure": True})
    return found
