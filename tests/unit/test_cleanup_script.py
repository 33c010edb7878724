"""What a cleanup's script removes and what not. What the engine itself does is tested in tests/e2e."""

import shutil
import subprocess
import time
from importlib.resources import files
from pathlib import Path

import pytest

from tests.unit.cleanup_shell import (
    ANONYMOUS,
    HOUR,
    JOBS,
    PROGRAMS,
    WEEK,
    Cleanup,
    cleanup_in,
    container,
    image,
)


@pytest.fixture(params=PROGRAMS)
def cleanup(request: pytest.FixtureRequest, tmp_path: Path) -> Cleanup:
    return cleanup_in(tmp_path, programs_of=request.param)


@pytest.mark.parametrize("own", ["cleanup_docker.sh", "cleanup_buildkit.sh"])
def test_shellcheck_finds_nothing(tmp_path: Path, own: str) -> None:
    checker = shutil.which("shellcheck")
    assert checker, "shellcheck is not on PATH; `make test` installs it"
    folder = files("ci_runners.render").joinpath("scripts")
    both = tmp_path / own
    both.write_text("".join(folder.joinpath(part).read_text() for part in (own, "cleanup.sh")))

    found = subprocess.run([checker, "--shell=sh", both], capture_output=True, text=True, check=False)

    assert (found.returncode, found.stdout) == (0, "")


def test_what_was_never_seen_before_is_used_now(cleanup: Cleanup) -> None:
    cleanup.set_world(
        images=[image("a"), image("b")],
        volumes=[ANONYMOUS],
        containers=[container("ended", "exited"), container("running", "running", image="sha256:a")],
    )
    (cleanup.state / "events").write_text(f"{int(time.time())} image b:1\n")

    receipt = cleanup.receipt("run")

    assert receipt["removed"] == {"containers": 0, "builders": 0, "images": 0, "volumes": 0}
    assert cleanup.names() == ["a", "b"]
    assert min(cleanup.seen().values()) > time.time() - 60


def test_an_image_goes_when_its_last_use_is_long_ago(cleanup: Cleanup) -> None:
    cleanup.set_world(images=[image("old"), image("new")])
    cleanup.do("check")
    cleanup.age(WEEK, "old")

    receipt = cleanup.receipt("run", "schedule")

    assert cleanup.names() == ["new"]
    assert (receipt["trigger"], receipt["removed"]["images"]) == ("schedule", 1)
    assert receipt["freed_bytes"]["images"] == 100_000_000
    assert cleanup.world()["pruned"] == [f"until={WEEK}s"]


def test_an_image_in_use_or_used_a_minute_ago_or_kept_stays(cleanup: Cleanup) -> None:
    names = ("running", "stopped", "pulled", "started", "kept", "old")
    cleanup.set_world(
        images=[image(name) for name in names],
        containers=[
            container("one", "running", image="sha256:running"),
            container("two", "exited", image="sha256:stopped"),
        ],
    )
    cleanup.do("check")
    cleanup.age(WEEK, *names)
    now = int(time.time())
    (cleanup.state / "events").write_text(
        f"{now} image pulled:1\n{now} image sha256:started\n{now} image gone:1\n"
    )

    cleanup.receipt("run", CLEANUP_KEEP_IMAGES="nothing:* k?pt:*")

    assert cleanup.names() == ["running", "stopped", "pulled", "started", "kept"]


def test_of_stopped_containers_only_old_ones_go_and_never_ours(cleanup: Cleanup) -> None:
    ended = [
        container("old", "exited"),
        container("ours", "exited", labels=["ci-runners.component"]),
        container("new", "exited"),
        container("runs", "running"),
    ]
    cleanup.set_world(containers=ended)
    cleanup.do("check")
    cleanup.age(WEEK, "old", "ours", "runs")

    cleanup.receipt("run")

    assert [each["id"] for each in cleanup.world()["containers"]] == ["ours", "new", "runs"]


def test_on_a_host_only_a_job_s_containers_go(cleanup: Cleanup) -> None:
    job = container("job", "exited", labels=["com.gitlab.gitlab-runner.managed"])
    cleanup.set_world(containers=[job, container("somebody-s", "exited")])
    cleanup.do("check")
    cleanup.age(WEEK, "job", "somebody-s")

    cleanup.receipt("run", CLEANUP_JOBS_ONLY="1")

    assert [each["id"] for each in cleanup.world()["containers"]] == ["somebody-s"]


def test_of_volumes_only_a_job_s_go(cleanup: Cleanup) -> None:
    volumes = [ANONYMOUS, JOBS, "database", "buildx_buildkit_b0_state", "runner-cache"]
    cleanup.set_world(volumes=volumes)
    cleanup.do("check")
    cleanup.age(WEEK, *volumes)

    cleanup.receipt("run", CLEANUP_BUILDERS="0")

    assert cleanup.world()["volumes"] == ["database", "buildx_buildkit_b0_state", "runner-cache"]


def test_a_builder_goes_with_its_cache_once_nobody_builds_with_it(cleanup: Cleanup) -> None:
    idle = container("buildx_buildkit_idle0", "running")
    busy = container("buildx_buildkit_busy0", "running", building=True)
    cleanup.set_world(
        containers=[idle, busy], volumes=["buildx_buildkit_idle0_state", "buildx_buildkit_busy0_state"]
    )
    cleanup.do("check")
    cleanup.age(WEEK, idle["id"], busy["id"])

    receipt = cleanup.receipt("run")

    assert [each["id"] for each in cleanup.world()["containers"]] == [busy["id"]]
    assert receipt["removed"]["builders"] == 1
    assert cleanup.world()["volumes"] == ["buildx_buildkit_busy0_state"]


def test_time_in_which_nobody_looked_does_not_count(cleanup: Cleanup) -> None:
    cleanup.set_world(images=[image("old")])
    cleanup.do("check")
    cleanup.age(WEEK, "old")
    (cleanup.state / "looked").write_text(f"{int(time.time()) - 2 * HOUR}\n")

    cleanup.receipt("run")

    assert cleanup.names() == ["old"]
    assert cleanup.seen()["old"] == pytest.approx(time.time() - WEEK + 2 * HOUR, abs=60)


def test_a_clock_that_was_ahead_leaves_no_use_in_the_future(cleanup: Cleanup) -> None:
    cleanup.set_world(images=[image("old")])
    cleanup.do("check")
    cleanup.age(-WEEK, "old")

    cleanup.do("check")

    assert cleanup.seen()["old"] <= time.time()


def test_what_is_unreadable_in_the_record_was_never_used_long_ago(cleanup: Cleanup) -> None:
    cleanup.set_world(images=[image("a"), image("b")])
    (cleanup.state / "seen").write_text("image sha256:a \nimage sha256:b never\n")

    cleanup.receipt("run")

    assert cleanup.names() == ["a", "b"]
