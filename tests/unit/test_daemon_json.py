"""daemon.json: what is refused, and what is written."""

import json
from typing import Any

import pytest

from ci_runners.render.daemon_json import DaemonJson, daemon_json_problems, render_daemon_json
from ci_runners.validate import Rules

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"registry_mirrors": ("mirror:5000",)}, "registry_mirrors[0]"),
    ({"registry_mirrors": ("https://m", "https://m")}, "registry_mirrors"),
    ({"insecure_registries": ("http://registry:5000",)}, "insecure_registries[0]"),
    ({"dns": ("one.one",)}, "dns[0]"),
    ({"address_pool": "10.0.0.0/24"}, "address_pool"),
    ({"mtu": 575}, "mtu"),
    ({"mtu": 65536}, "mtu"),
    ({"storage_driver": "vfs"}, "storage_driver"),
    ({"max_concurrent_downloads": 0}, "max_concurrent_downloads"),
    ({"max_concurrent_uploads": 0}, "max_concurrent_uploads"),
    ({"log_max_size": "10"}, "log_max_size"),
    ({"log_max_files": 0}, "log_max_files"),
    ({"build_cache_size": "all"}, "build_cache_size"),
]
WRITTEN: list[tuple[dict[str, Any], str, object]] = [
    ({"registry_mirrors": ("https://m",)}, "registry-mirrors", ["https://m"]),
    ({"insecure_registries": ("r:5000",)}, "insecure-registries", ["r:5000"]),
    ({"dns": ("10.0.0.1",)}, "dns", ["10.0.0.1"]),
    ({"address_pool": "10.9.0.0/16"}, "default-address-pools", [{"base": "10.9.0.0/16", "size": 24}]),
    ({"mtu": 1400}, "mtu", 1400),
    ({"storage_driver": "overlay2"}, "storage-driver", "overlay2"),
    ({"max_concurrent_downloads": 1}, "max-concurrent-downloads", 1),
    ({"max_concurrent_uploads": 2}, "max-concurrent-uploads", 2),
    ({"log_max_size": "1m", "log_max_files": 2}, "log-opts", {"max-size": "1m", "max-file": "2"}),
    ({"build_cache_size": "5GB"}, "builder", {"gc": {"enabled": True, "defaultKeepStorage": "5GB"}}),
    ({"userns_remap": True}, "userns-remap", "default"),
    ({}, "shutdown-timeout", 55),
]


def written(**change: Any) -> dict[str, Any]:  # noqa: ANN401  any field's value
    found: dict[str, Any] = json.loads(render_daemon_json(DaemonJson(**change), shutdown_seconds=55))
    return found


@pytest.mark.parametrize(("change", "field"), REFUSED, ids=str)
def test_a_wrong_value_is_named_and_nothing_else_is(change: dict[str, Any], field: str) -> None:
    found = daemon_json_problems(DaemonJson(**change), Rules(component="DindDaemon 'dind'"))

    assert [problem.field for problem in found] == [f"daemon_json.{field}"]


@pytest.mark.parametrize(("change", "key", "expected"), WRITTEN, ids=str)
def test_a_value_is_written_under_its_key(change: dict[str, Any], key: str, expected: object) -> None:
    assert written(**change)[key] == expected


def test_what_is_not_said_is_left_to_dockerd() -> None:
    assert sorted(written(build_cache_size=None)) == [
        "default-address-pools",
        "log-driver",
        "log-opts",
        "shutdown-timeout",
    ]


def test_neither_hosts_nor_tls_are_said_since_the_image_says_them_on_the_command_line() -> None:
    everything = {key: value for change, _, _ in WRITTEN for key, value in change.items()}

    assert {"hosts", "tls", "tlsverify", "tlscacert"} & written(**everything).keys() == set()
