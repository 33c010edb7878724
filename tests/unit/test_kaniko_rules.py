"""What is refused of Kaniko's arguments, and the flags that a job gets."""

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_runners.images import KANIKO
from ci_runners.render.kaniko import KanikoSpec, SnapshotMode, flags, kaniko_problems
from tests.unit.strategies import registry_hosts, repositories, unique

DIGEST = "sha256:" + "0" * 64
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"image": "gcr.io/kaniko-project/executor:v1.24.0-debug"}, "image"),
    ({"image": "gcr.io/kaniko-project/executor:latest"}, "image"),
    ({"image": f"gcr.io/kaniko-project/executor@{DIGEST}"}, "image"),
    ({"image": "ghcr.io/osscontainertools/kaniko:v1.28.5"}, "image"),
    ({"image": f"ghcr.io/osscontainertools/kaniko:v1.28.5@{DIGEST}"}, "image"),
    ({"image": "ghcr.io/osscontainertools/kaniko:debug"}, "image"),
    ({"image": "registry:5000/kaniko"}, "image"),
    ({"socket": "unix:///var/run/docker.sock"}, "socket"),
    ({"registry_mirrors": ("",)}, "registry_mirrors[0]"),
    ({"registry_mirrors": ("mirror:port",)}, "registry_mirrors[0]"),
    ({"registry_mirrors": ("good", "ftp://mirror")}, "registry_mirrors[1]"),
    ({"registry_mirrors": ("http://user:password@mirror",)}, "registry_mirrors[0]"),
    ({"registry_mirrors": ("user:password@mirror",)}, "registry_mirrors[0]"),
    ({"registry_mirrors": ("mirror/$(id)",)}, "registry_mirrors[0]"),
    ({"registry_mirrors": ("https://mirror/a b",)}, "registry_mirrors[0]"),
    ({"registry_mirrors": ("https://mirror/?ns=docker.io",)}, "registry_mirrors[0]"),
    ({"registry_mirrors": ("mirror", "mirror")}, "registry_mirrors"),
    ({"insecure_registries": ("http://registry",)}, "insecure_registries[0]"),
    ({"insecure_registries": ("registry --force",)}, "insecure_registries[0]"),
    ({"insecure_registries": ("registry", "registry")}, "insecure_registries"),
    ({"cache_repository": ""}, "cache_repository"),
    ({"cache_repository": "registry:5000/team/cache:1"}, "cache_repository"),
    ({"cache_repository": "registry:5000/Team"}, "cache_repository"),
    ({"cache_repository": "a b.example.com/cache"}, "cache_repository"),
    ({"cache_repository": "$CI_REGISTRY_IMAGE/cache"}, "cache_repository"),
    ({"cache_ttl": "168"}, "cache_ttl"),
    ({"cache_ttl": "0h"}, "cache_ttl"),
    ({"cache_ttl": "7d"}, "cache_ttl"),
    ({"tags": ()}, "tags"),
    ({"tags": ("a,b",)}, "tags[0]"),
    ({"labels": {"ci-runners.kind": "x"}}, "labels.ci-runners.kind"),
]
ACCEPTED: list[dict[str, Any]] = [
    {},
    {"image": "registry:5000/tools/kaniko:1.28.5-debug"},
    {"image": f"ghcr.io/osscontainertools/kaniko:v1.28.5-debug@{DIGEST}"},
    {"image": f"registry.example.com/our-kaniko@{DIGEST}"},
    {"registry_mirrors": ("mirror", "mirror:5000/hub", "https://a.example.com/", "http://10.0.0.2:5000")},
    {"insecure_registries": ("registry:5000", "10.0.0.2")},
    {"cache_repository": "registry.example.com:5000/team/cache", "cache_ttl": "90m"},
]


def spec(**change: Any) -> KanikoSpec:  # noqa: ANN401  any field's value
    return KanikoSpec(**change)


def worth(name: str, **change: Any) -> list[str]:  # noqa: ANN401  any field's value
    """What a flag is given, every time."""
    pairs = [flag.split("=", 1) for flag in flags(spec(**change))]
    return [value for flag, value in pairs if flag == f"--{name}"]


@pytest.mark.parametrize(("change", "field"), REFUSED, ids=lambda value: str(value)[:70])
def test_a_wrong_argument_is_named_and_nothing_else_is(change: dict[str, Any], field: str) -> None:
    assert [problem.field for problem in kaniko_problems("kaniko", spec(**change))] == [field]


@pytest.mark.parametrize("change", ACCEPTED, ids=str)
def test_what_works_is_not_refused(change: dict[str, Any]) -> None:
    assert kaniko_problems("kaniko", spec(**change)) == []


def test_a_name_that_docker_would_not_take_is_refused() -> None:
    assert [problem.field for problem in kaniko_problems("k k", spec())] == ["name"]


def test_googles_archived_image_is_refused_with_the_name_of_the_maintained_one() -> None:
    (problem,) = kaniko_problems("kaniko", spec(image="gcr.io/kaniko-project/executor:v1.24.0-debug"))

    assert "archived" in str(problem)
    assert "2025-06-03" in str(problem)
    assert "ghcr.io/osscontainertools/kaniko" in problem.fix


def test_an_image_without_a_shell_is_refused_with_the_reason() -> None:
    (problem,) = kaniko_problems("kaniko", spec(image="ghcr.io/osscontainertools/kaniko:v1.28.5"))

    assert "shell" in problem.expected
    assert KANIKO in problem.fix


@pytest.mark.parametrize("mirror", ["https://user:hunter2@mirror", "user:hunter2@mirror"])
def test_a_password_in_a_mirrors_url_is_not_shown(mirror: str) -> None:
    assert "hunter2" not in "\n".join(map(str, kaniko_problems("kaniko", spec(registry_mirrors=(mirror,)))))


def test_layers_are_cached_for_a_week_by_default_and_found_by_content() -> None:
    assert flags(spec()) == [
        "--cache=true",
        "--cache-ttl=168h",
        "--cache-dir=",
        "--compressed-caching=false",
        "--snapshot-mode=full",
    ]


def test_a_cache_repository_is_named_only_if_it_is_given() -> None:
    assert worth("cache-repo") == []
    assert worth("cache-repo", cache_repository="registry:5000/cache") == ["registry:5000/cache"]


def test_no_base_image_comes_from_a_folder_that_other_jobs_write() -> None:
    assert worth("cache-dir") == [""]


def test_what_is_set_is_said() -> None:
    change: dict[str, Any] = {
        "cache_ttl": "2h",
        "snapshot_mode": SnapshotMode.REDO,
        "compressed_caching": True,
    }

    assert worth("cache-ttl", **change) == ["2h"]
    assert worth("snapshot-mode", **change) == ["redo"]
    assert worth("compressed-caching", **change) == ["true"]


def test_a_mirror_is_named_without_its_scheme_and_http_makes_it_plain() -> None:
    mirrors = ("http://plain:5000/", "https://safe.example.com/hub", "bare:443")

    assert worth("registry-mirror", registry_mirrors=mirrors) == [
        "plain:5000",
        "safe.example.com/hub",
        "bare:443",
    ]
    assert worth("insecure-registry", registry_mirrors=mirrors) == ["plain:5000"]
    assert worth("skip-tls-verify-registry", registry_mirrors=mirrors) == []


def test_an_insecure_registry_may_have_no_tls_or_a_certificate_that_nobody_vouches_for() -> None:
    change: dict[str, Any] = {"insecure_registries": ("registry:5000",)}

    assert worth("insecure-registry", **change) == ["registry:5000"]
    assert worth("skip-tls-verify-registry", **change) == ["registry:5000"]


def test_a_registry_that_is_a_mirror_too_is_said_to_be_plain_once() -> None:
    change: dict[str, Any] = {
        "registry_mirrors": ("http://registry:5000",),
        "insecure_registries": ("registry:5000",),
    }

    assert worth("insecure-registry", **change) == ["registry:5000"]


@given(
    mirrors=unique(st.builds("{}{}".format, st.sampled_from(["", "http://", "https://"]), registry_hosts)),
    insecure=unique(registry_hosts),
    cache=st.none() | repositories,
)
def test_a_shell_leaves_every_flag_one_word(
    mirrors: tuple[str, ...], insecure: tuple[str, ...], cache: str | None
) -> None:
    made = spec(registry_mirrors=mirrors, insecure_registries=insecure, cache_repository=cache)

    assert kaniko_problems("kaniko", made) == []
    assert shlex.split(" ".join(flags(made))) == flags(made)
    assert not set("$`*?[]\\'\"") & set(" ".join(flags(made)))
