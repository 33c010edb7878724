"""What a change costs: the change itself, and what must go with it."""

from contextlib import closing
from typing import Any, cast

import pytest
from docker.models.containers import Container

from tests.e2e.conftest import RESOURCES, Station, said
from tests.e2e.pulumi_cli import counts

pytestmark = pytest.mark.e2e

CONFIG = ("sh", "-c", 'cat "$CONFIG_FILE"')
AUTHORITY = ("cat", "/certs/server/ca.pem")
DAEMON_MARKS = ("/var/lib/docker/mark",)
RUNNER_MARK = "/etc/gitlab-runner/mark"
CPU_SHARE = "cd /sys/fs/cgroup; cat cpu.max 2>/dev/null || cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us"
ALL = RESOURCES + 1


def life(container: Container) -> tuple[str, str]:
    """Which container it is, and since when it runs."""
    return container.id or "", container.attrs["State"]["StartedAt"]


def wait_for_log(container: Container, text: str) -> None:
    """Until its log says this. One that never does ends in the client's own timeout."""
    seen = ""
    pieces = container.logs(stream=True, follow=True)
    # The SDK's own close() leaves the connection to the garbage collector.
    with closing(cast(Any, pieces)._response):
        for piece in pieces:
            seen += piece.decode()
            if text in seen:
                return
    pytest.fail(f"the container ended and did not say {text!r}:\n{seen}")


def memory_mib(container: Container) -> tuple[int, int]:
    """Its limits: of memory, and of memory and swap together."""
    host = container.attrs["HostConfig"]
    return host["Memory"] >> 20, host["MemorySwap"] >> 20


def leave_marks(station: Station) -> None:
    """A file on each of the station's volumes with data."""
    said(station.daemon(), "touch", *DAEMON_MARKS)
    said(station.runner(), "touch", RUNNER_MARK)


def assert_marks(station: Station) -> None:
    said(station.daemon(), "ls", *DAEMON_MARKS)
    said(station.runner(), "ls", RUNNER_MARK)


def deletions(shown: str) -> list[str]:
    """The containers in the order in which they were deleted."""
    kinds = ("runner-container", "runner-config-writer", "daemon-container", "daemon-certificates")
    lines = [line for line in shown.splitlines() if " deleted original " in line]
    return [kind for line in lines for kind in kinds if f"-{kind} " in line]


def test_a_change_of_config_toml_leaves_the_runner_alone(station: Station) -> None:
    station.declare(runner={"concurrent": 1})
    station.cli.up()
    before = life(station.runner())
    assert "concurrent = 1\n" in said(station.runner(), *CONFIG)

    station.declare(runner={"concurrent": 4})
    assert counts(station.cli.up()) == {"replaced": 1, "unchanged": ALL - 1}
    assert "concurrent = 4\n" in said(station.runner(), *CONFIG)
    wait_for_log(station.runner(), '"max_builds":4')
    assert life(station.runner()) == before


def test_limits_of_memory_change_in_place_but_are_lifted_by_a_new_container(station: Station) -> None:
    station.declare(daemon={"memory": 512}, runner={"memory": 128})
    station.cli.up()
    before = life(station.daemon()), life(station.runner())

    station.declare(daemon={"memory": 768, "memory_swap": 1024}, runner={"memory": 256})
    assert counts(station.cli.up()) == {"updated": 2, "unchanged": ALL - 2}
    assert (life(station.daemon()), life(station.runner())) == before
    assert (memory_mib(station.daemon()), memory_mib(station.runner())) == ((768, 1024), (256, 256))

    station.declare(daemon={"cpus": 0.05}, runner={"memory": 256})
    assert counts(station.cli.up()) == {"replaced": 3, "unchanged": ALL - 3}
    assert memory_mib(station.daemon()) == (0, 0)
    assert said(station.daemon(), "sh", "-c", CPU_SHARE).split() == ["5000", "100000"]
    assert counts(station.cli.up("--refresh", "--expect-no-changes")) == {"unchanged": ALL}


def test_a_new_daemon_json_stops_the_runner_first_and_keeps_the_data(station: Station) -> None:
    station.cli.up()
    before = {life(station.daemon()), life(station.runner())}
    authority = said(station.daemon(), *AUTHORITY)
    leave_marks(station)

    station.declare(daemon={"daemon_json": {"max_concurrent_downloads": 2}})
    shown = station.cli.up()
    assert counts(shown) == {"replaced": 3, "unchanged": ALL - 3}
    gone = deletions(shown)
    assert gone.index("runner-container") < gone.index("daemon-container")
    assert not before & {life(station.daemon()), life(station.runner())}
    assert '"max-concurrent-downloads": 2' in said(station.daemon(), "cat", "/etc/docker/daemon.json")
    assert said(station.daemon(), *AUTHORITY) == authority
    assert_marks(station)


@pytest.mark.case(number=36, component="a station", title="new labels leave every volume alone")
def test_new_labels_leave_the_volumes_alone(station: Station) -> None:
    labels = {"team": "builds"}
    station.cli.up()
    leave_marks(station)

    station.declare(daemon={"labels": labels}, runner={"labels": labels})
    shown = station.cli.up()
    assert "docker:index:Volume" not in shown
    assert counts(shown) == {"replaced": 5, "unchanged": ALL - 5}
    assert [container.labels.get("team") for container in station.containers()] == ["builds"] * 4
    assert_marks(station)
    assert counts(station.cli.up("--refresh", "--expect-no-changes")) == {"unchanged": ALL}
