"""What checks and runs pipelines on this machine: gitlab-ci-local with a Node, GitHub's API description, actionlint."""

import shutil
from functools import partial
from pathlib import Path

from bootstrap import debian, programs
from bootstrap.commands import run_logged
from bootstrap.fingerprint import fingerprint
from bootstrap.layout import Layout
from bootstrap.steps import How, Outcome, Step, StepFailed

PROGRAMS = {"faketime": "faketime", "rsync": "rsync", "shellcheck": "shellcheck"}
"""Which Debian package holds what moves a clock for a test, what gitlab-ci-local copies a project with, and what
actionlint reads scripts with."""

_NPM_FIX = "check that `npm ping` reaches a registry, run this again"


def _source(places: Layout) -> Path:
    return places.root / "bootstrap" / "npm"


def node_modules(places: Layout) -> Path:
    """Where the npm packages of bootstrap/npm are installed."""
    return places.cache / "npm" / fingerprint([_source(places)]) / "node_modules"


def debian_programs(places: Layout) -> Outcome:
    """The programs that the tools start."""
    return debian.install(
        places,
        PROGRAMS,
        tried="PATH, apt-get",
        fix=f"install {', '.join(PROGRAMS.values())}, run this again",
    )


def npm_packages(places: Layout) -> Outcome:
    """The npm packages, each as package-lock.json says by its checksum; gitlab-ci-local and Node on our PATH.

    None of them may run anything while it is installed. gitlab-ci-local and Pulumi's TypeScript want a newer Node than
    Debian has: one of the packages is Node.
    """
    modules = node_modules(places)
    outcome = Outcome(how=How.FOUND, source="cache")
    if not modules.is_dir():
        _install(places, modules.parent)
        outcome = Outcome(how=How.FETCHED, source="npm, bootstrap/npm/package-lock.json")
    node = next(modules.glob("node-linux-*/bin/node"), None)
    if node is None:
        raise StepFailed(
            "no Node for this processor was installed",
            tried=f"npm ci, with the optional packages of {_source(places) / 'package.json'}",
            fix=f"remove {modules.parent}; add Node's package for this processor there; run this again",
        )
    programs.link(places, node)
    script = modules / "gitlab-ci-local" / "dist" / "index.js"
    programs.launcher(places, "gitlab-ci-local", f'#!/bin/sh\nexec "{node}" "{script}" "$@"\n')
    return outcome


def _install(places: Layout, folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise StepFailed(
            "npm is missing",
            tried="npm on PATH",
            fix="install npm 9 or later (Debian's package is npm), run this again",
        )
    unfinished = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(_source(places), unfinished)
    run_logged(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        log=places.logs / "npm.log",
        fix=_NPM_FIX,
        cwd=unfinished,
    )
    unfinished.rename(folder)


def tool_steps(places: Layout) -> list[Step]:
    """The tools: no station needs them, its tests do."""
    return [
        Step(
            name="tools' Debian packages",
            work=partial(debian_programs, places),
            needs=("Debian packages",),
            dev_station=False,
        ),
        Step(name="npm packages", work=partial(npm_packages, places), dev_station=False),
        Step(
            name=programs.ACTIONLINT.name,
            work=partial(programs.build_and_link, places, programs.ACTIONLINT),
            needs=(programs.PULUMI.name,),
            dev_station=False,
        ),
    ]
