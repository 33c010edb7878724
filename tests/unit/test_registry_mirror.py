"""A mirror's rules, its config.yml, and the command that asks whether it is ready."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ci_runners.render.registry_config import (
    PORT,
    RegistryLogLevel,
    RegistryMirrorSpec,
    mirror_problems,
    mirror_ready_test,
    password_problems,
    render_registry_config,
)

VERSION_3 = "registry:3.0.0"
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"remote_url": "registry-1.docker.io"}, "remote_url"),
    ({"remote_url": "ftp://registry-1.docker.io"}, "remote_url"),
    ({"remote_url": "https://me:secret@registry.example.com"}, "remote_url"),
    ({"remote_url": "https://registry.example.com/"}, "remote_url"),
    ({"remote_url": "https://registry.example.com/team"}, "remote_url"),
    ({"remote_url": "https://registry.example.com?x=1"}, "remote_url"),
    ({"remote_url": "https://docker.io"}, "remote_url"),
    ({"remote_url": "https://hub.docker.com"}, "remote_url"),
    ({"username": ""}, "username"),
    ({"username": "me"}, "password"),
    ({"image": "registry:latest"}, "image"),
    ({"memory": 63}, "memory"),
    ({"networks": ("a b",)}, "networks[0]"),
    ({"networks": ("mirror",)}, "networks"),
    ({"extra_hosts": ("registry",)}, "extra_hosts[0]"),
    ({"labels": {"ci-runners.kind": "x"}}, "labels.ci-runners.kind"),
    ({"ttl": ""}, "ttl"),
    ({"ttl": "7d"}, "ttl"),
    ({"ttl": "-1h"}, "ttl"),
    ({"ttl": "168"}, "ttl"),
    ({"ttl": "24h"}, "ttl"),
    ({"ttl": "24h", "image": "registry.example.com:5000/mirror/registry:2"}, "ttl"),
    ({"ttl": "24h", "image": "registry:2-alpine"}, "ttl"),
    ({"ttl": "24h", "image": f"registry:2.8.3@sha256:{'0' * 64}"}, "ttl"),
]
ACCEPTED: list[dict[str, Any]] = [
    {},
    {"ttl": "168h"},
    {"ttl": "24h", "image": VERSION_3},
    {"ttl": "1h30m", "image": VERSION_3},
    {"ttl": "0s", "image": VERSION_3},
    {"ttl": "24h", "image": "registry.example.com:5000/distribution:20.1"},
    {"ttl": "24h", "image": f"registry.example.com/distribution@sha256:{'2' * 64}"},
    {"remote_url": "http://registry.example.com:5000"},
    {"networks": ("registries",), "extra_hosts": ("a:10.0.0.2",)},
]


def fields(spec: RegistryMirrorSpec, *, name: str = "mirror", has_password: bool = False) -> list[str]:
    return [problem.field for problem in mirror_problems(name, spec, has_password=has_password)]


def written(password: str | None = None, **change: Any) -> dict[str, Any]:  # noqa: ANN401  any field's value
    found: dict[str, Any] = yaml.safe_load(
        render_registry_config(RegistryMirrorSpec(**change), password=password)
    )
    return found


@pytest.mark.parametrize(("change", "field"), REFUSED, ids=str)
def test_a_wrong_argument_is_named_and_nothing_else_is(change: dict[str, Any], field: str) -> None:
    assert fields(RegistryMirrorSpec(**change)) == [field]


@pytest.mark.parametrize("change", ACCEPTED, ids=str)
def test_what_works_is_not_refused(change: dict[str, Any]) -> None:
    assert fields(RegistryMirrorSpec(**change)) == []


def test_a_name_that_cannot_be_a_host_name_is_refused() -> None:
    assert fields(RegistryMirrorSpec(), name="my_mirror") == ["name"]


def test_a_password_needs_an_account_and_is_never_shown() -> None:
    assert fields(RegistryMirrorSpec(username="me"), has_password=True) == []
    assert fields(RegistryMirrorSpec(), has_password=True) == ["username"]
    assert list(password_problems("mirror", "hunter2")) == []
    (problem,) = password_problems("mirror", "")
    assert "a secret value" in str(problem)


def test_a_time_that_version_2_would_ignore_is_refused_with_the_way_out() -> None:
    (problem,) = mirror_problems("mirror", RegistryMirrorSpec(ttl="24h"), has_password=False)

    assert "registry:3" in problem.fix
    assert "reads no other time" in problem.expected


def test_the_mirror_is_a_cache_of_the_remote_registry_that_may_delete_what_expires() -> None:
    found = written()

    assert found["proxy"] == {"remoteurl": "https://registry-1.docker.io"}
    assert found["storage"]["delete"] == {"enabled": True}
    assert found["storage"]["filesystem"] == {"rootdirectory": "/var/lib/registry"}
    assert found["http"]["addr"] == ":5000"
    assert found["log"] == {"level": "info"}


def test_what_is_said_is_written_under_its_key() -> None:
    found = written(
        "hunter2",
        remote_url="http://registry:5000",
        username="me",
        ttl="24h",
        image=VERSION_3,
        log_level=RegistryLogLevel.DEBUG,
    )

    assert found["proxy"] == {
        "remoteurl": "http://registry:5000",
        "username": "me",
        "password": "hunter2",
        "ttl": "24h",
    }
    assert found["log"] == {"level": "debug"}


@given(name=st.text(min_size=1), password=st.text(min_size=1))
def test_every_account_and_password_is_read_as_it_was_written(name: str, password: str) -> None:
    proxy = written(password, username=name)["proxy"]

    assert (proxy["username"], proxy["password"]) == (name, password)


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A server on a free port that gives every request the same status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def ask(folder: Path, *, port: int) -> bool:
    """Run the health check with nothing on PATH but what lies in the folder."""
    kind, command = mirror_ready_test()
    assert kind == "CMD-SHELL"
    ran = subprocess.run(
        ["/bin/sh", "-c", command.replace(str(PORT), str(port))],
        env={"PATH": str(folder)},
        capture_output=True,
        check=False,
    )
    return ran.returncode == 0


@pytest.mark.parametrize(("status", "ready"), [(200, True), (401, False), (503, False)])
def test_without_wget_ready_is_an_answer_of_200(tmp_path: Path, status: int, *, ready: bool) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    (tmp_path / "bash").symlink_to(bash)

    with answering(status) as port:
        assert ask(tmp_path, port=port) is ready


@pytest.mark.parametrize(("exit_code", "ready"), [(0, True), (1, False)])
def test_wget_alone_is_enough_to_tell(tmp_path: Path, exit_code: int, *, ready: bool) -> None:
    wget = tmp_path / "wget"
    wget.write_text(f"#!/bin/sh\nexit {exit_code}\n")
    wget.chmod(0o755)

    assert ask(tmp_path, port=PORT) is ready
