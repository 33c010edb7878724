"""What of a cleanup takes longer than `make test` has: buildx's own builders, and a sweep of the build cache."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ci_runners.images import BUILDKIT
from tests.e2e.cleanups import STATE, deployed, wait_for

BUILDERS = f"""
mkdir -p /tmp/made; cd /tmp/made
echo 1 > file
printf 'FROM scratch\\nCOPY file /\\n' > Dockerfile
for name in idle busy; do
  docker buildx create --name $name --driver docker-container --driver-opt image={BUILDKIT} \
    --buildkitd-flags --oci-worker-no-process-sandbox
  docker buildx --builder $name build .
done
"""
SLOW = "cd /tmp/made; (sleep 20; tar -c .) | docker buildx --builder busy build -"
"""A build that waits for its files."""


def test_a_builder_goes_once_nobody_builds_with_it_and_cache_before_young_images(tmp_path: Path) -> None:
    with deployed(tmp_path) as cleanups, ThreadPoolExecutor() as pool:
        dind = cleanups["dind"]
        dind.in_daemon(BUILDERS)
        dind.in_daemon("cd /tmp/made; docker build --tag young:1 .")
        wait_for(lambda: "builder" in dind.shell(f"cat {STATE}/events 2> /dev/null || true"))
        build = pool.submit(dind.in_daemon, SLOW)
        wait_for(lambda: dind.in_daemon("grep -x sleep /proc/[0-9]*/comm || true"))
        wait_for(
            lambda: dind.in_daemon("docker inspect --format '{{.ExecIDs}}' buildx_buildkit_busy0") != "[]"
        )
        dind.do("check")
        names = "buildx_buildkit_idle0 buildx_buildkit_busy0"
        dind.age(*dind.in_daemon(f"docker inspect --format '{{{{.Id}}}}' {names}").split())

        receipt = dind.receipt("run")

        assert receipt["removed"]["builders"] == 1
        assert dind.in_daemon("docker ps --format '{{.Names}}'") == "buildx_buildkit_busy0"
        assert "buildx_buildkit_idle0_state" not in dind.in_daemon("docker volume ls --quiet")
        build.result()

        receipt = dind.receipt("run", CLEANUP_UNUSED_SECONDS="1")

        assert receipt["removed"]["images"] == 0
        assert receipt["freed_bytes"]["build_cache"] > 0
