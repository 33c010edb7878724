"""buildkitd.toml: what is written."""

import tomllib
from typing import Any

import pytest

from ci_runners.render.buildkit import BuildkitSpec
from ci_runners.render.buildkitd_toml import render_buildkitd_toml
from ci_runners.render.config_toml import LogLevel

WORKER = {"gc": True, "maxUsedSpace": "20GB"}
WRITTEN: list[tuple[dict[str, Any], str, object]] = [
    ({}, "worker", {"oci": WORKER}),
    ({"cache_size": "5GB"}, "worker", {"oci": {**WORKER, "maxUsedSpace": "5GB"}}),
    ({"max_parallelism": 3}, "worker", {"oci": {**WORKER, "max-parallelism": 3}}),
    ({"log_level": LogLevel.DEBUG}, "log", {"level": "debug"}),
    ({"dns": ("10.0.0.1", "10.0.0.2")}, "dns", {"nameservers": ["10.0.0.1", "10.0.0.2"]}),
    (
        {"registry_mirrors": ("https://m:5000/hub", "https://n")},
        "registry",
        {"docker.io": {"mirrors": ["m:5000/hub", "n"]}},
    ),
    (
        {"registry_mirrors": ("http://m:5000/hub",)},
        "registry",
        {"docker.io": {"mirrors": ["m:5000/hub"]}, "m:5000": {"http": True}},
    ),
    ({"insecure_registries": ("r:5000",)}, "registry", {"r:5000": {"http": True, "insecure": True}}),
    (
        {"registry_mirrors": ("http://m", "https://r"), "insecure_registries": ("r", "docker.io")},
        "registry",
        {
            "docker.io": {"mirrors": ["m", "r"], "http": True, "insecure": True},
            "m": {"http": True},
            "r": {"http": True, "insecure": True},
        },
    ),
]


def written(**change: Any) -> dict[str, Any]:  # noqa: ANN401  any field's value
    return tomllib.loads(render_buildkitd_toml(BuildkitSpec(**change)))


@pytest.mark.parametrize(("change", "key", "expected"), WRITTEN, ids=str)
def test_an_argument_is_written_under_buildkits_own_key(
    change: dict[str, Any], key: str, expected: object
) -> None:
    assert written(**change)[key] == expected


def test_what_is_not_said_is_left_to_buildkit() -> None:
    assert set(written(dns=())) == {"log", "worker"}


def test_names_are_looked_up_by_dockers_own_resolver_unless_told_otherwise() -> None:
    assert written()["dns"] == {"nameservers": ["127.0.0.11"]}


def test_no_build_gets_the_hosts_network_or_more_privileges() -> None:
    assert "insecure-entitlements" not in written(registry_mirrors=("https://m",), max_parallelism=1)
