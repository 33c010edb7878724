"""The package installed by pip from a folder of a git repository, without an extra, and then with one."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import ci_runners
from ci_runners.extras import EXTRAS
from tests.package.builds import declared, extras
from tests.package.installed import Installed, git_repository

NAMES = """
import json, sys
import ci_runners
from ci_runners import DindDaemon, GitLabRunner

told = {}
for name in ci_runners.__all__:
    try:
        getattr(ci_runners, name)
    except ModuleNotFoundError as error:
        told[name] = str(error)
print(json.dumps({"told": told, "there": [name for name in %r if name in sys.modules], "file": ci_runners.__file__}))
"""
STATION = """
import json
import pulumi
from ci_runners import BuildStation

made = []


class Engine(pulumi.runtime.Mocks):
    def new_resource(self, args):
        made.append(args.name)
        return args.name, args.inputs

    def call(self, args):
        return {}


pulumi.runtime.set_mocks(Engine())
args = {"builder": "kaniko", "gitlab": {"url": "https://gitlab.example.com"}, "project": {"project": "team/app", "registration": {}}}
try:
    BuildStation("ci", {**args, "pipeline": {"image_name": "registry.example.com/team/app"}})
except ModuleNotFoundError as error:
    print(json.dumps({"told": str(error), "made": made}))
"""


@dataclass(frozen=True, kw_only=True)
class Core:
    """Only what the package itself asks for, and what could be seen of it before a test added more."""

    installed: Installed
    distributions: set[str]
    said: dict[str, Any]


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Core:
    folder = tmp_path_factory.mktemp("core")
    installed = Installed.new(folder / "venv")
    address = git_repository(folder / "repository")
    installed.pip(f"ci-runners @ {address}#subdirectory=components")
    said = json.loads(installed.run("-c", NAMES % (sorted(EXTRAS),)))
    return Core(installed=installed, distributions=installed.names(), said=said)


def test_a_git_repositorys_folder_can_be_installed_and_tried_part_by_part(core: Core) -> None:
    assert core.said["there"] == [], "an extra's SDK was imported"
    assert Path(core.said["file"]).is_relative_to(core.installed.folder)
    components = {name: said for name, said in core.said["told"].items() if not name.endswith("Args")}
    assert set(components) == {"GitHubRepository", "GitLabProject"}
    for name, message in components.items():
        extra = "gitlab" if "GitLab" in name else "github"
        assert message.startswith(f"{name} needs the package pulumi-{extra}, which is not installed.")
        assert message.endswith(f"pip install 'ci-runners[{extra}]'")


def test_only_what_the_package_needs_is_installed(core: Core) -> None:
    wanted = {canonicalize_name(Requirement(line).name) for line in declared()["dependencies"]}
    others = {canonicalize_name(Requirement(line).name) for lines in extras().values() for line in lines}

    assert wanted <= core.distributions
    assert others & core.distributions == set()


def test_a_station_without_its_forges_sdk_is_refused_before_anything_is_made(core: Core) -> None:
    said = json.loads(core.installed.run("-c", STATION))

    assert said["made"] == []
    assert said["told"].startswith("project of BuildStation needs the package pulumi-gitlab")


def test_the_commands_that_need_the_docker_sdk_say_what_brings_it(core: Core) -> None:
    said = core.installed.run(
        "-c", "from ci_runners.status import read_containers; print(read_containers().failure)"
    )

    assert said.strip().endswith("pip install 'ci-runners[preflight]'")


def test_the_commands_that_need_no_sdk_work_without_one(core: Core) -> None:
    image = ("--image-name", "registry.example.com/team/app")

    said = core.installed.run("-m", "ci_runners", "render", "gitlab", "--way", "kaniko", *image)

    assert "registry.example.com/team/app" in said


def test_the_command_that_the_error_names_mends_it(core: Core) -> None:
    said = core.said["told"]["GitHubRepository"]
    program, verb, wanted = shlex.split(said.partition("Fix:")[2].partition(": ")[2])
    assert (program, verb) == ("pip", "install")

    core.installed.pip(wanted)

    shown = core.installed.run(
        "-c", "from ci_runners import GitHubRepository, __version__ as v; print(GitHubRepository.__name__, v)"
    )
    assert shown.split() == ["GitHubRepository", ci_runners.__version__]
    assert "pulumi-github" in core.installed.names()
