"""`CacheCleanup` on the real engine: a DinD daemon, a buildkitd and the host's own engine, each with its cleanup.

What a shell can decide alone is tested in tests/unit/test_cleanup_script.py and _runs.py. Here: what the daemons do with it.
"""

import io
import json
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.cleanups import STATE, Cleanups, deployed, wait_for
from tests.e2e.pulumi_cli import counts


@pytest.fixture(scope="module")
def cleanups(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cleanups]:
    with deployed(tmp_path_factory.mktemp("cleanup")) as found:
        yield found


MAKE = """
mkdir -p /tmp/made; cd /tmp/made
echo 1 > file
for name in old used; do tar -c file | docker import - $name:1; done > /dev/null
printf 'FROM scratch\\nCOPY file /\\n' > Dockerfile
docker build --quiet --build-arg SOURCE_DATE_EPOCH=1 --tag ancient:1 . > /dev/null
docker network create quiet > /dev/null
docker create --name stopped --network quiet used:1 /file > /dev/null
docker create --name old ancient:1 /file > /dev/null
docker volume create database > /dev/null
docker volume create > /dev/null
docker pull --quiet debian:13.1-slim > /dev/null
"""
THERE = """
docker image ls --format '{{.Repository}}:{{.Tag}}'
docker ps --all --format '{{.Names}}'
docker network ls --format '{{.Name}}'
docker volume ls --quiet
"""
BUILD = """
cd /tmp/made
printf 'FROM debian:13.1-slim\\nRUN sleep 6 && echo built > /built\\n' | docker build --quiet --tag survives:1 -
"""


@pytest.mark.case(
    number=40,
    component="CacheCleanup",
    title="Nothing in use, named or young is cleaned, and no build breaks",
)
def test_a_cleanup_leaves_what_is_used_named_or_young_and_a_build_that_runs(cleanups: Cleanups) -> None:
    dind = cleanups["dind"]
    dind.in_daemon(MAKE)
    made_in_1970 = dind.in_daemon("docker image inspect --format '{{.Created}}' ancient:1")
    ids = dind.in_daemon("docker image inspect --format '{{.Id}}' old:1 used:1 ancient:1").split()
    containers = dind.in_daemon("docker inspect --format '{{.Id}}' old stopped").split()
    anonymous = dind.in_daemon("docker volume ls --quiet | grep -v database")
    dind.do("check")
    dind.age(*ids, containers[0], anonymous, "database")
    dind.in_daemon("docker tag ancient:1 ancient:2")  # a use, which the engine tells in an event
    wait_for(lambda: dind.shell(f"ls {STATE}/events 2> /dev/null || true"))

    with ThreadPoolExecutor() as pool:
        build = pool.submit(dind.in_daemon, BUILD)
        wait_for(lambda: dind.in_daemon("grep -x sleep /proc/[0-9]*/comm || true"))
        runs = [pool.submit(dind.do, "run") for _ in range(2)]
        prune = pool.submit(dind.in_daemon, "docker image prune --force; docker builder prune --force")
        said = [run.result() for run in runs]
        prune.result()
        build.result()

    assert made_in_1970.startswith("1970-01-01")
    assert [code for code, _ in said] == [0, 0]
    (receipt,) = [json.loads(text) for _, text in said if text]
    assert receipt["removed"] == {"containers": 1, "builders": 0, "images": 1, "volumes": 1}
    there = set(dind.in_daemon(THERE).split())
    assert {"ancient:1", "ancient:2", "used:1", "survives:1", "stopped", "quiet", "database"} <= there
    assert not {"old:1", "old", anonymous} & there


@pytest.mark.case(
    number=40, component="CacheCleanup", title="The engine's own prune judges by build date", baseline=True
)
def test_the_engine_s_own_prune_takes_what_was_used_a_moment_ago(cleanups: Cleanups) -> None:
    dind = cleanups["dind"]
    dind.in_daemon(
        "mkdir -p /tmp/base; cd /tmp/base; echo 2 > file; printf 'FROM scratch\\nCOPY file /\\n' > Dockerfile;"
        " docker build --quiet --build-arg SOURCE_DATE_EPOCH=1 --tag fresh:1 . > /dev/null"
    )

    said = dind.in_daemon("docker image prune --all --force --filter until=168h")

    assert "untagged: fresh:1" in said


def test_a_budget_takes_the_oldest_first(cleanups: Cleanups) -> None:
    dind = cleanups["dind"]
    dind.in_daemon(
        "cd /tmp; for name in older newer; do head -c 20000000 /dev/urandom > $name;"
        " tar -c $name | docker import - $name:1 > /dev/null; done"
    )
    dind.do("check")
    for reference, ago in (("older", 7200), ("newer", 3600)):
        image = dind.in_daemon(f"docker image inspect --format '{{{{.Id}}}}' {reference}:1")
        dind.shell(f'cd {STATE}; sed -i "s/{image} .*/{image} $(($(date +%s) - {ago}))/" seen')
    held = int(
        dind.shell(
            f"awk '/held_bytes.*(images|build_cache)/ {{ n += $2 }} END {{ print n }}' {STATE}/cleanup.prom"
        )
    )

    receipt = dind.receipt("check", CLEANUP_MAX_BYTES=str(held - 5_000_000))

    assert receipt["trigger"] == "budget"
    assert receipt["freed_bytes"]["images"] == pytest.approx(20_000_000, rel=0.05)
    left = dind.in_daemon("docker image ls --format '{{.Repository}}'").split()
    assert "newer" in left
    assert "older" not in left


def test_a_run_that_failed_is_seen_and_one_that_was_missed_is_made_up_for(cleanups: Cleanups) -> None:
    dind = cleanups["dind"]

    code, said = dind.do("run", DOCKER_HOST="tcp://127.0.0.1:1")
    assert (code, len(json.loads(said)["errors"])) == (1, 1)
    assert dind.do("health")[0] == 1
    assert dind.receipt("run")["errors"] == []
    assert dind.do("health") == (0, "")

    dind.shell(f"echo 1 > {STATE}/last_success")
    dind.container().restart(timeout=10)
    wait_for(dind.log)
    assert [receipt["trigger"] for receipt in dind.log()] == ["missed"]


def test_on_a_host_nobody_else_s_containers_and_images_go(cleanups: Cleanups) -> None:
    dood, engine, name = cleanups["dood"], cleanups.engine, cleanups.name
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("file"))
    repository = f"{name}/image"
    for tag in ("old", "new"):
        engine.api.import_image_from_data(layer.getvalue() + tag.encode(), repository=repository, tag=tag)
    old, new = (engine.images.get(f"{repository}:{tag}") for tag in ("old", "new"))
    managed = {"com.gitlab.gitlab-runner.managed": "true"}
    theirs = engine.containers.create(new, "/file", name=f"{name}-theirs")
    job = engine.containers.create(new, "/file", name=f"{name}-job", labels=managed)
    dood.do("check")
    dood.age(*(str(each.id) for each in (old, new, theirs, job)))

    receipt = dood.receipt("run")

    assert receipt["removed"] == {"containers": 1, "builders": 0, "images": 1, "volumes": 0}
    left = [each.name for each in engine.containers.list(all=True, filters={"ancestor": str(new.id)})]
    assert left == [f"{name}-theirs"]
    assert engine.images.list(repository) == [new]
    theirs.remove()
    engine.images.remove(str(new.id))


def test_buildkit_s_cache_is_kept_within_a_budget_and_the_schedule_runs(cleanups: Cleanups) -> None:
    buildkit = cleanups["buildkit"]
    build = "cd /tmp; mkdir c; head -c 3000000 /dev/urandom > c/file; printf 'FROM scratch\\nCOPY file /\\n' > c/Dockerfile"
    build += "; buildctl build --frontend dockerfile.v0 --local context=c --local dockerfile=c"
    buildkit.in_daemon(build)

    assert buildkit.receipt("run")["freed_bytes"]["build_cache"] == 0
    receipt = buildkit.receipt("check", CLEANUP_MAX_BYTES="1000000")

    assert (receipt["trigger"], receipt["errors"]) == ("budget", [])
    assert receipt["freed_bytes"]["build_cache"] > 2_000_000
    wait_for(lambda: any(each["trigger"] == "schedule" for each in buildkit.log()))
    metrics = buildkit.shell(f"cat {STATE}/cleanup.prom")
    assert f'freed_bytes_total{{component="{buildkit.name}",kind="build_cache"}} ' in metrics


@pytest.mark.parametrize("kind", ["dind", "buildkit"])
def test_the_script_gets_on_with_busybox_s_programs_as_alpine_has_them(cleanups: Cleanups, kind: str) -> None:
    cleanup = cleanups[kind]
    cleanup.shell(
        "mkdir /tmp/alpine; for name in $(busybox --list); do ln -s /usr/bin/busybox /tmp/alpine/$name; done"
    )

    receipt = cleanup.receipt("run", PATH="/tmp/alpine:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin")

    assert receipt["errors"] == []
    assert cleanup.do("health") == (0, "")


def test_nothing_changes_afterwards(cleanups: Cleanups) -> None:
    assert set(counts(cleanups.cli.up("--refresh"))) == {"unchanged"}
    for kind in ("dind", "buildkit", "dood"):
        assert cleanups.cli.output(f"{kind}-volume") == f"{cleanups.name}-{kind}-cleanup-state"
