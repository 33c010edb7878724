"""An engine of our own: its socket's group is a number that no image knows, and rootless engines get their device."""

import stat
from pathlib import Path

import pytest

from bootstrap import engine
from bootstrap.layout import Layout
from bootstrap.steps import How, StepFailed


@pytest.fixture
def places(tmp_path: Path) -> Layout:
    return Layout(root=tmp_path / "checkout", cache=tmp_path / "cache")


def test_our_engine_s_socket_has_the_group_of_a_fixed_number(places: Layout) -> None:
    assert f"--group={engine.GROUP}" in engine._dockerd(places)


def test_the_group_is_none_that_this_machine_knows() -> None:
    known = {int(line.split(":")[2]) for line in Path("/etc/group").read_text().splitlines()}

    assert engine.GROUP not in known


def test_our_engine_listens_only_where_its_clients_are_sent(places: Layout) -> None:
    hosts = [word for word in engine._dockerd(places) if word.startswith("--host=")]

    assert hosts == [f"--host={engine.own_engine(places).host}"]


def test_the_tun_device_is_opened_to_all_once(tmp_path: Path) -> None:
    device = tmp_path / "tun"
    device.touch(mode=0o600)

    assert engine.open_tun(device).how is How.BUILT
    assert stat.S_IMODE(device.stat().st_mode) == 0o666
    assert engine.open_tun(device).how is How.FOUND


def test_a_machine_without_the_tun_device_is_told_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(StepFailed) as caught:
        engine.open_tun(tmp_path / "tun")

    assert caught.value.fix == "load the kernel's module: modprobe tun"
