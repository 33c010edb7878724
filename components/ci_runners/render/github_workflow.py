"""The workflow of a repository whose images are built on a station, or on GitHub's own runners.

On a station a workflow names neither a daemon nor a certificate: the job's steps run in the runner's container, which
has the connection's environment and mounts, so a workflow cannot disagree with its daemon. What it takes from the
connection are the way to build and the tags: the runner's labels, which decide that the job reaches that daemon at all.

No workflow is triggered by a pull request. One from a fork would run a stranger's code on a station (GitHub docs,
Secure use reference, Hardening for self-hosted runners), and gets no credentials to push with elsewhere.
"""

from typing import Any

import yaml

from ci_runners.connection import Connection, DaemonKind
from ci_runners.images import BUILDKIT, SBOM_SCANNER
from ci_runners.problems import refuse
from ci_runners.render.actions import ACTIONS, BUILD_PUSH, CHECKOUT, LOGIN, METADATA, SETUP_BUILDX, Action
from ci_runners.render.build_scripts import Build
from ci_runners.render.workflow_rules import (
    DOCKER_HUB,
    GITHUB_REGISTRY,
    GitHubWorkflowSpec,
    attests,
    is_own_package,
    registry,
    way_problems,
)
from ci_runners.render.workflow_scripts import BRANCH, GITHUB, LOWER_CASE, SCRIPTS

HOSTED_RUNNER = "ubuntu-24.04"
"""GitHub's own runner with Docker (GitHub docs, GitHub-hosted runners reference)."""
HOSTED_BUILDKIT = BUILDKIT.removesuffix("-rootless")
"""The BuildKit of a job there: of the same release as a station's."""

_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
"""What Docker's clients call Docker Hub in their file of credentials."""
# PyYAML writes YAML 1.1, where `on` is a truth value and as a key needs quotes; everyone writes it plain.
_HEAD = """\
# Rendered by ci-runners: change the settings, not this file.
name: Build
on:
  push:
  workflow_dispatch:
"""
_SELF_HOSTED_HEAD = f"""\
{_HEAD}\
# The runner gives the job what it needs to reach its builder; nothing here may set that again.
"""
_NOTES = {
    **{f"uses: {action.uses}": action.version for action in ACTIONS},
    "packages: write": f"the image is pushed to {GITHUB_REGISTRY}",
}
"""What stands in a comment beside a line: for people, and for the tools that raise versions."""
_CHECKOUT = {
    "name": "Check out",
    "uses": CHECKOUT.uses,
    # No later step needs the token, and every later step could read it.
    "with": {"persist-credentials": False},
}


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as one sees it in an editor."""


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text_node)


def render_github_workflow(spec: GitHubWorkflowSpec, connection: Connection) -> str:
    """Render the workflow that builds and pushes one image in the connection's way.

    Keywords: GitHub docs, Workflow syntax. Raises `InvalidInput` for Kaniko, and for attestations that the connection's
    builder cannot make: a workflow that is asked for them never leaves them out.
    """
    kind = connection.kind
    refuse(way_problems(spec, kind))
    environment = {"DOCKER_CONFIG": "${{ runner.temp }}/docker"}
    if kind is DaemonKind.BUILDKIT:
        environment["BUILDX_CONFIG"] = "${{ runner.temp }}/buildx"
    if spec.login:
        host = registry(spec.image_name)
        by_file = kind is DaemonKind.BUILDKIT and host == DOCKER_HUB
        environment["REGISTRY"] = _DOCKER_HUB_KEY if by_file else host
        environment["REGISTRY_USER"], environment["REGISTRY_PASSWORD"] = _credentials(spec)
    environment["IMAGE"] = spec.image_name
    if spec.layer_cache is not None:
        environment["CACHE"] = spec.layer_cache
    commands = [
        *([LOWER_CASE] if is_own_package(spec.image_name) else []),
        *([BRANCH] if spec.branch_tag else []),
        *SCRIPTS[kind](_build(spec, kind)),
    ]
    script = "".join(f"{command}\n" for command in commands)
    step = {"name": "Build and push", "shell": "bash", "env": environment, "run": script}
    return _dump(_SELF_HOSTED_HEAD, spec, ["self-hosted", *connection.tags], [_CHECKOUT, step])


def _build(spec: GitHubWorkflowSpec, kind: DaemonKind) -> Build:
    commit = "$IMAGE:$GITHUB_SHA"
    return Build(
        context=spec.context,
        dockerfile=spec.dockerfile,
        forge=GITHUB,
        images=(commit, "$IMAGE:$branch") if spec.branch_tag else (commit,),
        cache="" if spec.layer_cache is None else "$CACHE",
        login=spec.login,
        sbom_scanner=SBOM_SCANNER if attests(kind) and spec.sbom is not False else "",
        provenance=attests(kind) and spec.provenance is not False,
    )


def render_hosted_workflow(spec: GitHubWorkflowSpec) -> str:
    """Render the workflow that builds and pushes one image on GitHub's own runners."""
    user, password = _credentials(spec)
    login = {"registry": registry(spec.image_name), "username": user, "password": password}
    branch = "type=ref,event=branch\ntype=ref,event=tag\n" if spec.branch_tag else ""
    names = {
        "images": spec.image_name,
        "flavor": "latest=false",
        "tags": f"type=sha,format=long,prefix=\n{branch}",
    }
    steps = [
        _CHECKOUT,
        _use("Set up BuildKit", SETUP_BUILDX, {"driver-opts": f"image={HOSTED_BUILDKIT}"}),
        *([_use("Log in", LOGIN, login)] if spec.login else []),
        {"id": "meta", **_use("Name the image", METADATA, names)},
        _use("Build and push", BUILD_PUSH, _hosted_build(spec)),
    ]
    return _dump(_HEAD, spec, HOSTED_RUNNER, steps)


def _hosted_build(spec: GitHubWorkflowSpec) -> dict[str, Any]:
    cache = "type=gha" if spec.layer_cache is None else f"type=registry,ref={spec.layer_cache}"
    return {
        "context": spec.context,
        "file": spec.dockerfile,
        "pull": True,
        "push": True,
        "tags": "${{ steps.meta.outputs.tags }}",
        "labels": "${{ steps.meta.outputs.labels }}",
        "cache-from": cache,
        "cache-to": f"{cache},mode=max",
        "provenance": "mode=min" if spec.provenance is not False else False,
        "sbom": f"generator={SBOM_SCANNER}" if spec.sbom is not False else False,
    }


def _use(name: str, action: Action, inputs: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "uses": action.uses, "with": inputs}


def _credentials(spec: GitHubWorkflowSpec) -> tuple[str, str]:
    """The user and the password at the image's registry, in GitHub's words."""
    if registry(spec.image_name) == GITHUB_REGISTRY:
        return "${{ github.actor }}", "${{ secrets.GITHUB_TOKEN }}"
    return "${{ secrets.REGISTRY_USER }}", "${{ secrets.REGISTRY_PASSWORD }}"


def _dump(head: str, spec: GitHubWorkflowSpec, runner: str | list[str], steps: list[dict[str, Any]]) -> str:
    """The text of a workflow with one job, which builds.

    The commit's own tag never moves; the branch's does, so a newer commit of a branch ends the build of an older one.
    """
    own_registry = registry(spec.image_name) == GITHUB_REGISTRY
    job = {
        "name": "Build",
        "runs-on": runner,
        "timeout-minutes": spec.timeout_minutes,
        **({"environment": spec.environment} if spec.environment is not None else {}),
        "permissions": {"contents": "read", **({"packages": "write"} if own_registry else {})},
        "steps": steps,
    }
    workflow = {
        "permissions": {},
        "concurrency": {"group": "${{ github.workflow }}-${{ github.ref }}", "cancel-in-progress": True},
        "jobs": {"build": job},
    }
    text = yaml.dump(workflow, Dumper=_Dumper, sort_keys=False, width=1000)
    for line, note in _NOTES.items():
        text = text.replace(f"{line}\n", f"{line} # {note}\n")
    return head + text
