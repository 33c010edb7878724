"""Changes to a stack's settings, one for each preview."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import docker

Declared = dict[str, Any]


def _nothing(declared: Declared) -> None:
    del declared


@contextlib.contextmanager
def _nobody(engine: docker.DockerClient) -> Iterator[None]:
    del engine
    yield


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is declared from now on."""

    declare: Callable[[Declared], object] = _nothing
    words: tuple[str, ...] = ()
    """The command, if it is not `preview`."""

    first: Callable[[Declared], object] | None = None
    """What is brought up before; the stack goes back to its own settings after it."""

    by_hand: Callable[[docker.DockerClient], contextlib.AbstractContextManager[None]] = _nobody
    """What somebody does behind Pulumi's back meanwhile."""


def change(*path: str, **values: object) -> Change:
    """Other values under a section."""

    def declare(declared: Declared) -> None:
        for key in path:
            declared = declared.setdefault(key, {})
        declared.update(values)

    return Change(declare=declare)


def _first_variable(declared: Declared, **values: object) -> None:
    declared["project"]["variables"][0].update(values)


def _other_variables(declared: Declared) -> None:
    declared["project"]["variables"] = []
    declared["project"]["secret_variables"].append({"key": "NPM_TOKEN"})
    declared["renewed"] = {"ci-runners:secrets.NPM_TOKEN": "a-token-of-npm"}


def _renamed(declared: Declared) -> None:
    declared["name"] = "explain-other"


def _lets_everybody_push(declared: Declared) -> None:
    declared["project"]["protected_branches"][0].update(allow_force_push=True, push_access_level="developer")


@contextlib.contextmanager
def _runner_removed(engine: docker.DockerClient) -> Iterator[None]:
    """Somebody removes the runner's container; it is not put back, so this change comes last."""
    engine.containers.get("explain-dind-runner").remove(force=True)
    yield


_DESTROY = ("destroy", "--preview-only")
_REFRESH = ("preview", "--refresh")
_DIND = "ci-runners:index:BuildStation$ci-runners:index:DindDaemon"
_NEW_TOKEN = "another-deploy-token"

CHANGES: dict[str, dict[str, Change]] = {
    "dind": {
        "nothing": Change(),
        "nothing-refreshed": Change(words=_REFRESH),
        "concurrent": change("runner", concurrent=4),
        "runner-memory": change("runner", memory=512),
        "runner-image": change(
            "runner",
            image="gitlab/gitlab-runner:v19.4.1",
            helper_image="gitlab/gitlab-runner-helper:x86_64-v19.4.1",
        ),
        "runner-drain": change("runner", drain_seconds=7200),
        "runner-network": change("runner", networks=["bridge"]),
        "runner-labels": change("runner", labels={"team": "a"}),
        "daemon-labels": change("dind", labels={"team": "a"}),
        "daemon-image": change("dind", image="docker:29.7.3-dind"),
        "daemon-memory": change("dind", memory=4096),
        "daemon-cpus": change("dind", cpus=1.5),
        "daemon-json": change("dind", "daemon_json", dns=["192.0.2.53"]),
        "daemon-mtu": change("dind", "daemon_json", mtu=1400),
        "daemon-grace": change("dind", stop_grace_seconds=120),
        "daemon-names": change("dind", tls_names=["dind.example.com"]),
        "rotate-certificates": change("dind", "certificates", rotate="2026-11-01"),
        "rotate-later": change("dind", "certificates", rotate="2999-01-01"),
        "rootless": change("dind", variant="rootless"),
        "rootless-drop": Change(
            declare=lambda declared: (
                change("dind", variant="rootless").declare(declared),
                declared.update(keep_caches=False),
            )
        ),
        "to-buildkit": change(builder="buildkit"),
        "to-buildkit-drop": change(builder="buildkit", keep_caches=False),
        "to-dood": change(builder="dood"),
        "to-kaniko": change(builder="kaniko"),
        "renamed": Change(declare=_renamed),
        "retain": change("dind", retain_data=True),
        "rotate-token": change("project", "registration", rotate="2026-12"),
        "unlocked": change("project", "registration", locked=False, untagged=True),
        "protected-only": change("project", "registration", access_level="ref_protected"),
        "settings": change("project", settings={"trust": "one-team"}),
        "variable": Change(declare=lambda declared: _first_variable(declared, value="bye")),
        "secret": Change(
            declare=lambda declared: declared.update(renewed={"ci-runners:secrets.DEPLOY_TOKEN": _NEW_TOKEN})
        ),
        "variables": Change(declare=_other_variables),
        "branch": Change(declare=_lets_everybody_push),
        "schedule": change("project", schedules=[{"description": "weekly"}]),
        "pipeline": change("pipeline", timeout_minutes=20),
        "refused": change("runner", drain_seconds=10),
        "authority": Change(
            words=(
                "preview",
                "--replace",
                f"urn:pulumi:dev::ci-runners::{_DIND}$docker:index/volume:Volume::explain-dind-dind-ca",
            )
        ),
        "destroy": Change(words=_DESTROY),
        "destroy-retained": Change(words=_DESTROY, first=change("dind", retain_data=True).declare),
        "destroy-protected": Change(words=_DESTROY, first=change("dind", protect_data=True).declare),
        "runner-gone": Change(words=_REFRESH, by_hand=_runner_removed),
    },
    "dood": {
        "nothing": Change(),
        "no-proxy": change("dood", socket_proxy=False),
        "proxy-image": change("dood", proxy_image="caddy:2.11.5-alpine"),
        "to-dind": change(builder="dind"),
        "destroy": Change(words=_DESTROY),
    },
    "buildkit": {
        "nothing-refreshed": Change(words=_REFRESH),
        "cache-size": change("buildkit", cache_size="50GB"),
        "daemon-names": change("buildkit", tls_names=["buildkit.example.com"]),
        "daemon-labels": change("buildkit", labels={"team": "a"}),
        "to-dind": change(builder="dind"),
        "to-kaniko-drop": change(builder="kaniko", keep_caches=False),
        "destroy": Change(words=_DESTROY),
    },
    "github": {
        "nothing": Change(),
        "fewer-runners": change("github_runner", concurrent=1),
        "more-runners": change("github_runner", concurrent=3),
        "credential": Change(
            declare=lambda declared: declared.update(
                renewed={"ci-runners:github_token": "github_pat_" + "a" * 82}
            )
        ),
        "memory": change("github_runner", memory=1024),
        "labels": change("github_runner", runner_labels=["big"]),
        "secret": Change(
            declare=lambda declared: declared.update(renewed={"ci-runners:secrets.DEPLOY_TOKEN": _NEW_TOKEN})
        ),
        "workflow": change("workflow", timeout_minutes=20),
        "to-buildkit": change(builder="buildkit"),
        "destroy": Change(words=_DESTROY),
    },
}

PLAIN = """
import json
from pathlib import Path

import pulumi
import pulumi_docker as docker

given = json.loads(Path("given.json").read_text())
for name, options in given["volumes"].items():
    docker.Volume(name, name=name, **options)
for name, options in given["containers"].items():
    docker.Container(name, name=name, opts=pulumi.ResourceOptions(delete_before_replace=True), **options)
"""
"""Nothing of ours: what people write by hand."""


_USUAL: Declared = {
    "image": "debian:13.1-slim",
    "command": ["sleep", "infinity"],
    "network_mode": "bridge",
    "memory": 64,
    "memory_swap": 64,
    "destroy_grace_seconds": 5,
}
_LABELS = ({"label": "team", "value": "a"}, {"label": "zone", "value": "b"})


def plain_settings(socket: str) -> Declared:
    """A volume, a container that uses it, and one with a health check and no grace."""
    health = {"tests": ["CMD", "true"], "interval": "5s", "timeout": "5s", "retries": 3, "start_period": "1s"}
    cache = {"volume_name": "explain-plain-cache", "container_path": "/cache"}
    return {
        "socket": socket,
        "volumes": {"explain-plain-cache": {"labels": [*_LABELS]}},
        "containers": {
            "explain-plain-app": {**_USUAL, "labels": [*_LABELS], "volumes": [cache]},
            "explain-plain-health": {**_USUAL, "healthcheck": health, "destroy_grace_seconds": None},
        },
    }


def _noisy(declared: Declared) -> None:
    """Containers that the provider reads back otherwise than they were written."""
    declared["containers"] |= {
        # Without memory_swap the engine sets twice the memory.
        "explain-plain-swap": {**_USUAL, "memory_swap": None},
        # The engine adds label=disable to a privileged container's options.
        "explain-plain-options": {**_USUAL, "privileged": True, "security_opts": ["no-new-privileges:true"]},
        "explain-plain-cpus": {**_USUAL, "cpus": "1"},
        # The engine has its own spelling of capabilities.
        "explain-plain-kept": {**_USUAL, "capabilities": {"adds": ["NET_ADMIN"], "drops": ["all"]}},
    }


def _app(**values: object) -> Change:
    return change("containers", "explain-plain-app", **values)


def _with_the_socket(declared: Declared) -> None:
    mount = {"host_path": declared["socket"], "container_path": "/var/run/docker.sock"}
    declared["containers"]["explain-plain-app"]["volumes"].append(mount)


def _sorted_anew(declared: Declared) -> None:
    declared["containers"]["explain-plain-app"]["labels"].reverse()


def _volume_label(declared: Declared) -> None:
    declared["volumes"]["explain-plain-cache"]["labels"][0] = {"label": "team", "value": "c"}


def _other_interval(declared: Declared) -> None:
    declared["containers"]["explain-plain-health"]["healthcheck"]["interval"] = "9s"


PLAIN_CHANGES: dict[str, Change] = {
    "nothing-refreshed": Change(words=_REFRESH),
    "noise": Change(declare=_noisy, first=_noisy, words=_REFRESH),
    "labels-order": Change(declare=_sorted_anew),
    "health-check": Change(declare=_other_interval),
    "provider-only": _app(destroy_grace_seconds=30, must_run=False),
    "privileged": _app(privileged=True),
    "socket": Change(declare=_with_the_socket),
    "capabilities": _app(capabilities={"adds": ["CAP_SYS_ADMIN"]}),
    "host-network": _app(network_mode="host"),
    "ports": _app(ports=[{"internal": 80, "external": 28080}]),
    "no-grace": change("containers", "explain-plain-health", command=["sleep", "1000000"]),
    "volume-label": Change(declare=_volume_label),
}
