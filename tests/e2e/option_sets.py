"""The matrix of option sets: what `DindDaemon` and `GitLabRunner` are deployed with in test_option_sets.py.

`python -m tests.e2e.option_sets` prints docs/option-sets.md.
"""

import json
from dataclasses import dataclass, field
from typing import Any

NETWORK = "$network"
"""Stands for a Docker network that exists before the station does."""
REGISTRY = "$registry"
"""Stands for the address of the registry beside the engine."""


@dataclass(frozen=True, kw_only=True)
class OptionSet:
    """Arguments of a daemon, beside `accept_privileged`, and of a runner, beside its wiring."""

    name: str
    daemon: dict[str, Any] = field(default_factory=dict)
    runner: dict[str, Any] = field(default_factory=dict)

    def filled_in(self, *, network: str, registry: str) -> dict[str, Any]:
        """The same, with what stands for something else replaced."""
        text = json.dumps({"daemon": self.daemon, "runner": self.runner})
        filled: dict[str, Any] = json.loads(text.replace(NETWORK, network).replace(REGISTRY, registry))
        return filled


_LIMITED_JOBS = {
    "concurrent": 4,
    "limit": 3,
    "request_concurrency": 2,
    "check_interval": 5,
    "metrics_address": ":9252",
    "output_limit": 8192,
    "job_memory": "1g",
    "job_cpus": "1.5",
    "service_memory": "512m",
    "shm_size": 134217728,
    "wait_for_services_timeout": -1,
    "feature_flags": {"FF_USE_FASTZIP": True, "FF_SCRIPT_SECTIONS": False},
}
_S3 = {
    "server_address": "s3.example.com",
    "bucket_name": "caches",
    "bucket_location": "eu-central-1",
    "path": "ci",
    "shared": True,
}
_JOBS = {
    "job_image": "docker:29.7.2-cli",
    "pull_policies": ["if-not-present", "always"],
    "allowed_pull_policies": ["always", "if-not-present"],
    "allowed_images": ["docker:*", "registry.example.com/*"],
    "allowed_services": ["docker:*-dind"],
    "volumes": ["/cache", "/srv/shared:/shared:ro"],
    "environment": {"GREETING": "hello, 'world' = \"more\"", "EMPTY": ""},
    "pre_build_script": "echo first\necho 'second'\n",
    "post_build_script": 'echo "last"',
}
_TRANSFERS = {"max_concurrent_downloads": 6, "max_concurrent_uploads": 2, "address_pool": "10.220.0.0/16"}

MATRIX = (
    OptionSet(name="defaults"),
    OptionSet(name="memory", daemon={"memory": 1024, "cpus": 1.5}, runner={"memory": 128, "cpus": 0.05}),
    OptionSet(
        name="swap",
        daemon={"memory": 512, "memory_swap": 1024},
        runner={"memory": 128, "memory_swap": 192},
    ),
    OptionSet(
        name="registries",
        daemon={
            "daemon_json": {"registry_mirrors": [f"http://{REGISTRY}"], "insecure_registries": [REGISTRY]}
        },
    ),
    OptionSet(name="mtu", daemon={"daemon_json": {"mtu": 1400}}, runner={"network_mtu": 1400}),
    OptionSet(name="dns", daemon={"daemon_json": {"dns": ["10.0.0.53"]}}, runner={"dns": ["10.0.0.54"]}),
    OptionSet(
        name="storage", daemon={"daemon_json": {"storage_driver": "overlay2", "build_cache_size": "5GB"}}
    ),
    OptionSet(
        name="networks",
        daemon={"networks": [NETWORK], "extra_hosts": ["registry.test:10.9.8.7", "files.test:10.9.8.6"]},
        runner={"networks": [NETWORK], "extra_hosts": ["registry.test:10.9.8.7"]},
    ),
    OptionSet(
        name="labels",
        daemon={"labels": {"team": "builds", "a.first": "1"}},
        runner={"labels": {"zone": "b", "team": "builds"}},
    ),
    OptionSet(
        name="names",
        daemon={
            "tls_names": ["builder", "dind.test"],
            "tags": ["dind", "big"],
            "certificates": {"rotate": "2199-12-31"},
        },
    ),
    OptionSet(name="flags", daemon={"flags": ["--debug", "--default-ulimit=nofile=65536:65536"]}),
    OptionSet(
        name="kept", daemon={"protect_data": True, "retain_data": True}, runner={"retain_config": True}
    ),
    OptionSet(name="limits", runner=_LIMITED_JOBS),
    OptionSet(name="services", runner={"allowed_privileged_services": ["docker:*-dind"]}),
    OptionSet(name="s3", runner={"s3_cache": _S3}),
    OptionSet(
        name="logs",
        daemon={"daemon_json": {"log_max_size": "5m", "log_max_files": 2}},
        runner={"log_level": "debug", "log_format": "text"},
    ),
    OptionSet(name="shared-network", runner={"network_per_build": False, "description": "one network: all"}),
    OptionSet(name="transfers", daemon={"daemon_json": _TRANSFERS}),
    OptionSet(
        name="stopping",
        daemon={"stop_grace_seconds": 20, "ready_seconds": 120},
        runner={"drain_seconds": 60, "shutdown_timeout": 10},
    ),
    OptionSet(name="jobs", runner=_JOBS),
    OptionSet(
        name="everything",
        daemon={
            "memory": 2048,
            "memory_swap": 3072,
            "cpus": 2,
            "networks": [NETWORK],
            "extra_hosts": ["registry.test:10.9.8.7"],
            "labels": {"team": "builds"},
            "tls_names": ["builder"],
            "tags": ["dind", "big"],
            "flags": ["--debug"],
            "stop_grace_seconds": 30,
            "certificates": {"rotate": "2026-01-31", "warn_days": 60},
            "ready_seconds": 240,
            "daemon_json": {
                **_TRANSFERS,
                "registry_mirrors": [f"http://{REGISTRY}"],
                "insecure_registries": [REGISTRY],
                "dns": ["10.0.0.53"],
                "mtu": 1400,
                "storage_driver": "overlay2",
                "log_max_size": "5m",
                "log_max_files": 2,
                "build_cache_size": "5GB",
            },
        },
        runner={
            **_LIMITED_JOBS,
            **_JOBS,
            "s3_cache": _S3,
            "allowed_privileged_services": ["docker:*-dind"],
            "network_mtu": 1400,
            "dns": ["10.0.0.54"],
            "networks": [NETWORK],
            "extra_hosts": ["registry.test:10.9.8.7"],
            "labels": {"team": "builds"},
            "description": "everything at once",
            "log_level": "warn",
            "log_format": "runner",
            "memory": 128,
            "memory_swap": 192,
            "cpus": 0.5,
            "drain_seconds": 60,
            "shutdown_timeout": 10,
        },
    ),
)

_HEAD = f"""\
# Option sets

What the components are deployed with before each release, on a real engine (tests/e2e/test_option_sets.py). For each
set: `pulumi preview` works before anything exists, then `up`, a second `up` and five times `up --refresh` with 0
changes, and a `destroy` that leaves nothing. `{NETWORK}` is a Docker network that exists before, `{REGISTRY}` the
registry beside the engine. `kept` keeps its volumes: its `destroy` is refused, and once they are unprotected leaves
them and nothing else.

This file is made by `python -m tests.e2e.option_sets > docs/option-sets.md`.

| set | `DindDaemon` | `GitLabRunner` |
|---|---|---|
"""


def document() -> str:
    """docs/option-sets.md."""
    cells = ((each.name, _written(each.daemon), _written(each.runner)) for each in MATRIX)
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in cells)


def _written(options: dict[str, Any]) -> str:
    return "<br>".join(f"`{name}: {json.dumps(value)}`" for name, value in options.items()) or "defaults"


if __name__ == "__main__":
    print(document(), end="")
