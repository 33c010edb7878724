"""Debian's packages: what an engine of our own needs, and the file trees of the stand-in images."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from bootstrap.commands import run_logged
from bootstrap.fingerprint import fingerprint
from bootstrap.layout import Layout
from bootstrap.steps import How, Outcome, StepFailed

SUITE = "trixie"
BASE_PACKAGES = ("ca-certificates", "docker-buildx", "docker-cli", "dumb-init", "git", "openssl")
LEFT_OUT = ("doc", "info", "locale", "man")
"""Folders of /usr/share that no container needs."""

ENGINE_PROGRAMS = {"dockerd": "docker.io", "iptables": "iptables", "ip": "iproute2"}
IMAGE_PROGRAMS = {"mmdebstrap": "mmdebstrap"}
IN_OWN_MOUNTS = ("unshare", "--mount", "--propagation", "private")
"""What is mounted on the way is gone with the command, even a killed one: nothing is left for a clean-up to walk into."""

_APT_FIX = "check that `apt-get update` works, then run this again"


def install_host_packages(places: Layout, *, own_engine: bool) -> Outcome:
    """What stand-in images, and an engine of our own, need of Debian; nothing is installed that is there already."""
    return install(
        places,
        {**IMAGE_PROGRAMS, **(ENGINE_PROGRAMS if own_engine else {})},
        tried="PATH, apt-get; for the engine: DOCKER_HOST and the default socket",
        fix="start Docker Engine (docs.docker.com/engine/install) or name one with DOCKER_HOST;"
        " install mmdebstrap; run this again",
    )


def install(places: Layout, wanted: Mapping[str, str], *, tried: str, fix: str) -> Outcome:
    """Install the packages (values) of programs (keys) that are not there already."""
    search = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = [package for program, package in wanted.items() if not shutil.which(program, path=search)]
    if not missing:
        return Outcome(how=How.FOUND, source=", ".join(wanted))
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise StepFailed(
            f"{', '.join(missing)} is missing, and installing it needs root and Debian's apt-get",
            tried=tried,
            fix=fix,
        )
    log = places.logs / "apt.log"
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run_logged(["apt-get", "update"], log=log, fix=_APT_FIX, env=env)
    run_logged(
        ["apt-get", "install", "--yes", "--no-install-recommends", *missing], log=log, fix=_APT_FIX, env=env
    )
    return Outcome(how=How.FETCHED, source=f"Debian packages {', '.join(missing)}")


def base_tree(places: Layout) -> Path:
    """Where the unpacked base of every stand-in image lies."""
    return places.cache / "debian" / f"base-{fingerprint([SUITE, *BASE_PACKAGES, *LEFT_OUT])}"


def make_base_tree(places: Layout) -> Outcome:
    """Unpack Debian's packages into the base tree, unless it is there."""
    tree = base_tree(places)
    if tree.is_dir():
        return Outcome(how=How.FOUND, source="cache")
    tree.parent.mkdir(parents=True, exist_ok=True)
    partial = tree.with_name(f"{tree.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    left_out = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in LEFT_OUT]
    packages = f"--include={','.join(BASE_PACKAGES)}"
    run_logged(
        [
            *IN_OWN_MOUNTS,
            "mmdebstrap",
            "--quiet",
            "--format=dir",
            "--variant=minbase",
            *left_out,
            packages,
            SUITE,
            partial,
        ],
        log=places.logs / "base-tree.log",
        fix=_APT_FIX,
    )
    partial.rename(tree)
    return Outcome(how=How.BUILT, source=f"Debian {SUITE} packages")


def layer(places: Layout, name: str, packages: tuple[str, ...]) -> Path:
    """A tar file of what Debian packages add to the base tree; made once, then taken from the cache."""
    base = base_tree(places)
    target = base.with_name(f"{base.name}-{name}-{fingerprint(packages)}.tar")
    if target.is_file():
        return target
    work = base.with_name(f"{name}.partial")
    shutil.rmtree(work, ignore_errors=True)
    log = places.logs / f"layer-{name}.log"
    script = places.root / "bootstrap" / "debian_layer.sh"
    run_logged([*IN_OWN_MOUNTS, "sh", script, base, work, *packages], log=log, fix=_APT_FIX)
    unneeded = ("var/lib/apt/lists", "var/cache", "var/log", "run", "tmp", "etc/resolv.conf", "proc")
    excludes = [f"--exclude=./{path}" for path in unneeded]
    partial = target.with_suffix(".partial")
    run_logged(
        ["tar", "-C", work / "upper", *excludes, "-cf", partial, "."],
        log=log,
        fix="free disk space, run this again",
    )
    partial.rename(target)
    shutil.rmtree(work)
    return target
