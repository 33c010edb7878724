"""The programs: their versions agree wherever they are written, and what is built is always verified."""

import re
from pathlib import Path

import pytest

from bootstrap import languages, programs
from bootstrap.commands import clean_go_environment
from bootstrap.layout import Layout, layout
from bootstrap.programs import link, reachable
from bootstrap.steps import How
from ci_runners import images

ROOT = layout().root
GO = ROOT / "bootstrap" / "go"
BUILT = [
    programs.PULUMI,
    programs.DOCKER_PLUGIN,
    programs.GITLAB_RUNNER,
    programs.BUILDKIT,
    programs.KANIKO,
    programs.CADDY,
    programs.ACTIONLINT,
    languages.YAML_HOST,
    languages.GENERATOR,
]


@pytest.fixture
def places(tmp_path: Path) -> Layout:
    return Layout(root=tmp_path / "checkout", cache=tmp_path / "cache")


def locked(package: str) -> str:
    """The version that requirements.lock pins."""
    found = re.search(rf"^{package}==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert found, f"{package} is not in requirements.lock"
    return found[1]


def test_a_name_that_nobody_has_is_not_reachable() -> None:
    assert reachable("no-such-host.invalid") is False


def test_an_address_needs_no_look_up_and_is_reachable() -> None:
    assert reachable("127.0.0.1") is True


@pytest.mark.parametrize(
    "switch", ["GONOSUMDB", "GONOSUMCHECK", "GOPRIVATE", "GONOPROXY", "GOINSECURE", "GOFLAGS"]
)
def test_no_switch_that_turns_verification_off_reaches_go(
    monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    monkeypatch.setenv(switch, "-insecure")

    assert clean_go_environment(Path("/cache")).get(switch) != "-insecure"


def test_go_may_not_change_go_mod() -> None:
    assert "-mod=readonly" in clean_go_environment(Path("/cache"))["GOFLAGS"].split()


def test_the_checksum_database_cannot_be_turned_off_but_can_be_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOSUMDB", "off")
    assert "GOSUMDB" not in clean_go_environment(Path("/cache"))
    monkeypatch.setenv("GOSUMDB", "sum.example.com")
    assert clean_go_environment(Path("/cache"))["GOSUMDB"] == "sum.example.com"


def test_go_keeps_what_it_makes_in_our_cache_and_the_rest_of_the_environment_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOPROXY", "https://proxy.example.com")
    env = clean_go_environment(Path("/cache"))

    assert (env["GOCACHE"], env["GOMODCACHE"]) == ("/cache/go/build", "/cache/go/mod")
    assert env["GOPROXY"] == "https://proxy.example.com"


@pytest.mark.parametrize(
    ("package", "version"),
    [
        ("pulumi-docker", programs.DOCKER_PLUGIN_VERSION),
        *((f"pulumi-{name}", version) for name, version in programs.FORGE_PLUGINS.items()),
    ],
)
def test_a_plugin_has_the_version_of_its_sdk(package: str, version: str) -> None:
    assert locked(package) == version


def test_the_docker_plugin_that_we_build_says_its_version() -> None:
    said = set(re.findall(r'"(\d+\.\d+\.\d+)"', (GO / "docker-plugin" / "main.go").read_text()))

    assert said == {programs.DOCKER_PLUGIN_VERSION}


def test_the_pulumi_that_we_build_is_the_version_that_we_look_for() -> None:
    required = (GO / "pulumi" / "go.mod").read_text()

    assert f"github.com/pulumi/pulumi/pkg/v3 v{programs.PULUMI_VERSION}" in required
    assert programs.PULUMI.stamp.endswith(f"Version={programs.PULUMI_VERSION}")


def test_the_runner_that_we_build_is_the_version_of_the_images() -> None:
    tag = f"v{programs.GITLAB_RUNNER_VERSION}"

    assert images.GITLAB_RUNNER.endswith(f":{tag}")
    assert images.GITLAB_RUNNER_HELPER.endswith(f"-{tag}")


def test_the_buildkit_that_we_build_is_the_version_of_the_image() -> None:
    required = (GO / "buildkit" / "go.mod").read_text()

    assert images.BUILDKIT.endswith(f":v{programs.BUILDKIT_VERSION}-rootless")
    assert f"github.com/moby/buildkit v{programs.BUILDKIT_VERSION} " in required
    assert programs.BUILDKIT.stamp.endswith(f"Version=v{programs.BUILDKIT_VERSION}")


def test_the_kaniko_that_we_build_says_its_version() -> None:
    required = (GO / "kaniko" / "go.mod").read_text()

    assert f"github.com/GoogleContainerTools/kaniko v{programs.KANIKO_VERSION} " in required
    assert programs.KANIKO.stamp.endswith(f"version=v{programs.KANIKO_VERSION}")


def test_the_actionlint_that_we_build_says_its_version() -> None:
    required = (GO / "actionlint" / "go.mod").read_text()

    assert f"github.com/rhysd/actionlint v{programs.ACTIONLINT_VERSION} " in required
    assert programs.ACTIONLINT.stamp.endswith(f"version={programs.ACTIONLINT_VERSION}")


@pytest.mark.parametrize(
    "program",
    [programs.BUILDKIT, programs.KANIKO, programs.ACTIONLINT],
    ids=lambda program: program.folder,
)
def test_the_tools_of_a_module_are_what_we_build_of_it(program: programs.GoProgram) -> None:
    text = (GO / program.folder / "go.mod").read_text()
    tools = re.findall(r"^(?:tool )?\s*(github\.com/\S+/cmd/\w+)$", text, re.MULTILINE)

    assert sorted(tools) == sorted(program.packages)
    assert sorted(tool.rsplit("/", 1)[1] for tool in tools) == sorted(program.binaries)


@pytest.mark.parametrize("program", BUILT, ids=lambda program: program.folder)
def test_what_is_timed_at_its_work_is_compiled_with_optimization(program: programs.GoProgram) -> None:
    timed = program in {programs.BUILDKIT, programs.KANIKO}

    assert ("-N" not in program.compiler.split("=")[1].split()) == timed


def test_every_module_that_we_build_has_its_checksums_beside_its_go_mod() -> None:
    modules = {file.parent.name for file in GO.glob("*/go.mod")}

    assert modules == {program.folder for program in BUILT}
    assert {file.parent.name for file in GO.glob("*/go.sum") if file.stat().st_size} == modules


def test_every_other_module_of_ours_takes_the_place_of_one_in_a_build_that_checks_it() -> None:
    inner = [file.parent for file in GO.glob("*/*/**/go.mod")]

    assert inner
    for folder in inner:
        built = GO / folder.relative_to(GO).parts[0]
        assert f"=> ./{folder.relative_to(built)}\n" in (built / "go.mod").read_text()


def test_a_link_takes_the_place_of_an_older_one(places: Layout, tmp_path: Path) -> None:
    old, new = tmp_path / "old" / "pulumi", tmp_path / "new" / "pulumi"
    link(places, old)
    link(places, new)

    assert [entry.name for entry in places.bin.iterdir()] == ["pulumi"]
    assert (places.bin / "pulumi").readlink() == new


def test_a_stand_in_plugin_says_that_it_is_one(places: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "reachable", lambda _: False)

    outcome = programs.language_host_and_forges(places)

    assert outcome.how is How.BUILT
    for name, module in programs.STAND_INS.items():
        launcher = places.bin / name
        assert launcher.stat().st_mode & 0o111
        assert "stand-in" in launcher.read_text()
        assert f"-m {module} " in launcher.read_text()
        assert name in outcome.source


def test_where_the_vendor_answers_the_real_plugins_are_installed(
    places: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(programs, "reachable", lambda _: True)
    monkeypatch.setattr(
        programs, "run_logged", lambda words, **_: asked.append([str(word) for word in words[1:]])
    )
    vendor = places.cache / "vendor"
    for folder in (places.bin, vendor):
        folder.mkdir(parents=True)
    for real in ("pulumi", "pulumi-language-python"):
        (vendor / real).touch()
    programs.link(places, vendor / "pulumi")
    for stale in programs.STAND_INS:
        (places.bin / stale).touch()

    outcome = programs.language_host_and_forges(places)

    assert outcome.how is How.FETCHED
    assert [file.name for file in places.bin.iterdir()] == ["pulumi"], "no stand-in is left"
    wanted = [["plugin", "install", "resource", *pair] for pair in programs.FORGE_PLUGINS.items()]
    assert asked == wanted
