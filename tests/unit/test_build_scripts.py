"""The commands of the rendered jobs. Their text is in the snapshots of `test_gitlab_ci.py`; here is what it must do."""

import base64
import csv
import json
import os
import re
import subprocess
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import pytest

from ci_runners.connection import DaemonKind
from ci_runners.images import SBOM_SCANNER
from ci_runners.render.build_scripts import ATTESTING, SCRIPTS, Build, Forge
from ci_runners.render.gitlab_ci import PROJECT_REGISTRY, GitLabPipelineSpec
from tests.unit.pipelines import CONNECTIONS, OTHER, SPECS, build_job, every_spec, every_way

DOCKER = [DaemonKind.DIND, DaemonKind.DOOD]
OWN_AUTH_FILE = [DaemonKind.BUILDKIT, DaemonKind.KANIKO]
FIRST = {
    DaemonKind.DIND: "docker version",
    DaemonKind.DOOD: "docker version",
    DaemonKind.BUILDKIT: 'buildctl --tlsdir "$BUILDKIT_TLS_DIR" debug info',
    DaemonKind.KANIKO: "/kaniko/executor version",
}
PASSWORD = "glcbt-" + "secret" * 20
"""Long enough for base64 to break the line."""
CREDENTIALS = {
    "CI_REGISTRY": "registry.example.com:5050",
    "CI_REGISTRY_USER": "gitlab-ci-token",
    "CI_REGISTRY_PASSWORD": PASSWORD,
}


def script(kind: DaemonKind, name: str) -> list[str]:
    found: list[str] = build_job(kind, SPECS[name])["script"]
    return found


def words_of(line: str) -> list[str]:
    """A command's words, as a shell makes them of the line."""
    given = {"IMAGE": "app:1", "BRANCH_IMAGE": "app:main", "CI_COMMIT_SHA": "1", "BUILDKIT_TLS_DIR": "/c"}
    page = {"CI_PROJECT_URL": "https://gitlab.example.com/team/app"}
    shown = subprocess.run(
        ["sh", "-euc", f"printf '%s\\n' {line}"],
        env={**given, **page},
        capture_output=True,
        text=True,
        check=True,
    )
    return shown.stdout.splitlines()


def used(lines: Iterable[str]) -> set[str]:
    """The variables that commands take."""
    return {name for line in lines for name in re.findall(r"\$([A-Z_]+)", line)}


@every_way
@every_spec
def test_every_line_is_one_that_a_shell_can_read(kind: DaemonKind, spec: GitLabPipelineSpec) -> None:
    for line in build_job(kind, spec)["script"]:
        checked = subprocess.run(["sh", "-n"], input=line, capture_output=True, text=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, ""), line
        assert "\n" not in line, "GitLab shows a command of several lines by its first one only"


@every_way
@every_spec
def test_a_script_takes_no_variable_that_nothing_gives_it(kind: DaemonKind, spec: GitLabPipelineSpec) -> None:
    job = build_job(kind, spec)

    given = {*job["variables"], *CONNECTIONS[kind].job_environment}
    exported = {name for line in job["script"] for name in re.findall(r"export ([A-Z_]+)", line)}
    assert {name for name in used(job["script"]) - given - exported if not name.startswith("CI_")} == set()


@every_way
@every_spec
def test_a_job_that_cannot_reach_its_builder_says_so_first(
    kind: DaemonKind, spec: GitLabPipelineSpec
) -> None:
    assert build_job(kind, spec)["script"][0].startswith(FIRST[kind])


@every_way
@pytest.mark.parametrize("name", ["another registry, cached", "the project's registry, cached"])
def test_a_layer_cache_is_taken_from_and_given_to_the_pipelines_own_repository(
    kind: DaemonKind, name: str
) -> None:
    job = build_job(kind, SPECS[name])

    assert job["variables"]["CACHE"] == SPECS[name].layer_cache
    assert "CACHE" in used(job["script"])


@every_way
def test_without_a_layer_cache_none_is_named(kind: DaemonKind) -> None:
    job = build_job(kind, SPECS["another registry"])

    assert "CACHE" not in job["variables"]
    assert "CACHE" not in used(job["script"])


@pytest.mark.parametrize("kind", DOCKER, ids=lambda kind: kind.value)
def test_the_layer_cache_of_a_docker_daemon_is_inline_and_pushed(kind: DaemonKind) -> None:
    *_, build, push, push_branch, push_cache = script(kind, "another registry, cached")

    assert "--build-arg BUILDKIT_INLINE_CACHE=1" in build
    assert "type=registry" not in build
    assert (push, push_branch, push_cache) == (
        'docker push "$IMAGE"',
        'docker push "$BRANCH_IMAGE"',
        'docker push "$CACHE"',
    )


@every_way
def test_one_build_gives_the_image_both_its_tags(kind: DaemonKind) -> None:
    lines = [line for line in script(kind, "another registry") if not line.startswith("docker push ")]

    assert sum(line.count("$IMAGE") for line in lines) == 1
    assert sum(line.count("$BRANCH_IMAGE") for line in lines) == 1
    assert "$BRANCH_IMAGE" in lines[-1]


def test_buildctl_gets_two_names_as_one_field_of_its_output() -> None:
    words = words_of(script(DaemonKind.BUILDKIT, "another registry")[-1])

    output = words[words.index("--output") + 1]
    assert next(csv.reader([output])) == ["type=image", "name=app:1,app:main", "push=true"]


def test_buildkit_attests_what_is_in_the_image_and_what_it_came_from() -> None:
    words = words_of(script(DaemonKind.BUILDKIT, "another registry")[-1])

    options = [after for word, after in pairwise(words) if word == "--opt"]
    assert options[1:] == [
        f"attest:sbom=generator={SBOM_SCANNER}",
        "attest:provenance=mode=min",
        "vcs:source=https://gitlab.example.com/team/app",
        "vcs:revision=1",
    ]


def test_without_attestations_buildkit_is_asked_for_none() -> None:
    last = script(DaemonKind.BUILDKIT, "everything set")[-1]

    assert "attest" not in last
    assert "vcs:" not in last


@pytest.mark.parametrize("kind", [*DOCKER, DaemonKind.KANIKO], ids=lambda kind: kind.value)
def test_a_builder_that_makes_no_attestations_is_not_asked_for_any(kind: DaemonKind) -> None:
    assert "attest" not in "".join(script(kind, "another registry"))


def test_a_script_takes_its_words_from_its_forge_alone() -> None:
    forge = Forge(
        registry="registry.example.com",
        user="$A_USER",
        password="$A_PASSWORD",
        working_copy="$A_FOLDER",
        project_url="$A_PAGE",
        revision="$A_COMMIT",
    )
    for kind, render in SCRIPTS.items():
        build = Build(
            context=".",
            dockerfile="Dockerfile",
            forge=forge,
            images=("$IMAGE",),
            login=True,
            provenance=kind in ATTESTING,
        )
        text = "\n".join(render(build))
        assert "$CI_" not in text
        assert '"registry.example.com"' in text
        assert {"A_USER", "A_PASSWORD"} <= used([text])


def test_kaniko_builds_last_and_what_the_pipeline_says_comes_after_the_connections_flags() -> None:
    last = script(DaemonKind.KANIKO, "everything set")[-1]

    shown = subprocess.run(
        ["sh", "-euc", last.replace("/kaniko/executor", "printf '%s\\n'"), "sh", "an earlier word"],
        env={
            "KANIKO_FLAGS": "--cache=false --registry-mirror=10.0.0.2:5000",
            "CI_PROJECT_DIR": "/builds/a b",
            "IMAGE": "app:1",
            "CACHE": "app/cache",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.splitlines() == [
        *("--cache=false", "--registry-mirror=10.0.0.2:5000"),
        *("--context", "/builds/a b/services/web"),
        *("--dockerfile", "/builds/a b/services/web/Dockerfile.ci"),
        *("--destination", "app:1"),
        *("--cache=true", "--cache-repo", "app/cache"),
    ]


@every_way
@pytest.mark.parametrize(
    ("image_name", "layer_cache", "logs_in"),
    [
        (PROJECT_REGISTRY, None, True),
        (f"{PROJECT_REGISTRY}/web", None, True),
        (OTHER, None, False),
        (OTHER, f"{PROJECT_REGISTRY}/cache", True),
        (PROJECT_REGISTRY, OTHER, True),
        (OTHER, f"{OTHER}/cache", False),
    ],
)
def test_the_job_logs_in_where_gitlab_gives_it_credentials(
    kind: DaemonKind,
    image_name: str,
    layer_cache: str | None,
    logs_in: bool,  # noqa: FBT001
) -> None:
    lines = build_job(kind, GitLabPipelineSpec(image_name=image_name, layer_cache=layer_cache))["script"]

    assert ("CI_REGISTRY_PASSWORD" in used(lines)) is logs_in


@pytest.mark.parametrize("kind", DOCKER, ids=lambda kind: kind.value)
def test_dockers_client_reads_the_password_from_its_input(kind: DaemonKind) -> None:
    (login,) = [line for line in script(kind, "the project's registry") if "CI_REGISTRY_PASSWORD" in line]

    assert login.startswith('echo "$CI_REGISTRY_PASSWORD" | docker login ')
    assert " --password-stdin " in login, "a password on a command line is seen by everybody"


@pytest.mark.parametrize("kind", OWN_AUTH_FILE, ids=lambda kind: kind.value)
def test_the_password_goes_into_a_file_that_only_its_owner_reads_and_nowhere_else(
    kind: DaemonKind, tmp_path: Path
) -> None:
    lines = [line.replace("/kaniko/", f"{tmp_path}/") for line in script(kind, "the project's registry")]
    shown = 'umask; stat -c %a "$DOCKER_CONFIG/config.json"; cat "$DOCKER_CONFIG/config.json"'
    project = tmp_path / "project"
    project.mkdir()

    ran = subprocess.run(
        ["sh", "-euc", "\n".join(["umask 022", *lines[1:-1], "echo silent so far", shown])],
        cwd=project,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), **CREDENTIALS},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    silence, umask, mode, auth = ran.stdout.splitlines()
    assert (silence, umask, mode) == ("silent so far", "0022", "600")
    entry = json.loads(auth)["auths"][CREDENTIALS["CI_REGISTRY"]]
    assert base64.b64decode(entry["auth"]).decode() == f"gitlab-ci-token:{PASSWORD}"
    assert list(project.iterdir()) == [], "the build context must not hold it"


def test_kaniko_finds_its_password_where_it_takes_no_file_into_an_image() -> None:
    assert "export DOCKER_CONFIG=/kaniko/.docker" in script(DaemonKind.KANIKO, "the project's registry")
