"""The other languages' hosts: those that came with Pulumi, or what is built and stands in for them."""

from pathlib import Path

import pytest

from bootstrap import languages, programs
from bootstrap.layout import Layout, layout
from bootstrap.programs import GoProgram
from bootstrap.steps import How, Outcome

GO = layout().root / "bootstrap" / "go"
HOSTS = ("pulumi-language-yaml", *languages.STAND_INS)


@pytest.fixture
def places(tmp_path: Path) -> Layout:
    """A machine with a Pulumi that brought nothing along."""
    places = Layout(root=tmp_path / "checkout", cache=tmp_path / "cache")
    vendor = places.cache / "vendor"
    vendor.mkdir(parents=True)
    (vendor / "pulumi").touch()
    programs.link(places, vendor / "pulumi")
    return places


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[GoProgram]:
    """What is built; nothing is."""
    asked: list[GoProgram] = []

    def build_and_link(_: Layout, program: GoProgram) -> Outcome:
        asked.append(program)
        return Outcome(how=How.BUILT, source="Go modules")

    monkeypatch.setattr(programs, "build_and_link", build_and_link)
    return asked


def test_without_the_vendors_hosts_they_are_built_and_the_stand_ins_say_so(
    places: Layout, built: list[GoProgram]
) -> None:
    assert languages.yaml_host(places).how is How.BUILT
    assert languages.other_hosts(places).how is How.BUILT

    assert built == [languages.YAML_HOST, languages.GENERATOR]
    for name, module in languages.STAND_INS.items():
        text = (places.bin / name).read_text()
        assert f"{name}: a stand-in" in text
        assert f"-m {module} " in text


def test_hosts_that_came_with_pulumi_are_used_and_no_stand_in_is_left(
    places: Layout, built: list[GoProgram]
) -> None:
    for name in HOSTS:
        (places.cache / "vendor" / name).touch()
        (places.bin / name).touch()
    for name in languages.YAML_HOST.binaries:
        (places.bin / name).touch()

    assert languages.yaml_host(places).how is How.FOUND
    assert languages.other_hosts(places).how is How.FOUND

    assert built == []
    assert [file.name for file in places.bin.iterdir()] == ["pulumi"]


def test_the_yaml_host_that_we_build_says_its_version() -> None:
    required = (GO / "pulumi-yaml" / "go.mod").read_text()

    assert f"github.com/pulumi/pulumi-yaml v{languages.YAML_VERSION} " in required
    assert languages.YAML_HOST.stamp.endswith(f"Version=v{languages.YAML_VERSION}")


def test_sdks_are_written_by_the_generators_of_the_pulumi_that_we_build() -> None:
    required = (GO / "codegen" / "go.mod").read_text()

    assert f"github.com/pulumi/pulumi/pkg/v3 v{programs.PULUMI_VERSION}" in required


def test_no_station_waits_for_another_languages_host(places: Layout) -> None:
    assert [step.name for step in languages.language_steps(places) if step.dev_station] == []
