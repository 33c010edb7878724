"""daemon.json: the configuration file of dockerd (Docker docs, dockerd, Daemon configuration file)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from ci_runners.problems import Problem
from ci_runners.validate import Rules

STORAGE_DRIVERS = ("btrfs", "fuse-overlayfs", "overlay2", "zfs")
"""`vfs` copies every layer whole and is refused: builds take several times the disk and the time."""


@dataclass(frozen=True, kw_only=True)
class DaemonJson:
    """What daemon.json says. None and empty leave a matter to dockerd."""

    registry_mirrors: tuple[str, ...] = ()
    """URLs of pull-through mirrors of Docker Hub. Default: none."""

    insecure_registries: tuple[str, ...] = ()
    """`host[:port]` of registries reached without TLS, or with a certificate nobody vouches for. Default: none."""

    dns: tuple[str, ...] = ()
    """Name servers of the daemon's containers. Default: what the daemon's own container has."""

    address_pool: str = "10.223.0.0/16"
    """IPv4 network, /20 or larger, from which the daemon's own networks take /24s. Without one dockerd takes
    172.17.0.0/16 first, as the host's engine did: every address of the host's bridge is then out of a job's reach."""

    mtu: int | None = None
    """Bytes of the largest packet, 576 to 65535. Default: dockerd's 1500. A value above the outer network's makes
    transfers hang without a message (GitLab docs, Docker executor, MTU)."""

    storage_driver: str | None = None
    """Default: dockerd's choice."""

    max_concurrent_downloads: int | None = None
    """Layers pulled at once. Default: dockerd's 3."""

    max_concurrent_uploads: int | None = None
    """Layers pushed at once. Default: dockerd's 5."""

    log_max_size: str = "10m"
    """Size at which a container's log is rotated (json-file driver)."""

    log_max_files: int = 3
    """Log files kept for a container."""

    build_cache_size: str | None = "20GB"
    """BuildKit's build cache is collected above this size, oldest first (`builder.gc`). None leaves it to dockerd."""

    userns_remap: bool = False
    """Root in the daemon's containers is an ordinary user of the daemon's own: dockremap, with ids from 165536 on in
    the official image (Docker docs, Isolate containers with a user namespace)."""


def daemon_json_problems(spec: DaemonJson, rules: Rules) -> Iterator[Problem]:
    """Say what dockerd would refuse or, worse, accept and not do."""
    at = "daemon_json."
    yield from rules.each(f"{at}registry_mirrors", spec.registry_mirrors, "url")
    yield from rules.each(f"{at}insecure_registries", spec.insecure_registries, "registry_host")
    yield from rules.each(f"{at}dns", spec.dns, "address")
    for name in ("registry_mirrors", "insecure_registries", "dns"):
        yield from rules.no_repeats(f"{at}{name}", getattr(spec, name))
    yield from rules.address_pool(f"{at}address_pool", spec.address_pool)
    yield from rules.within(f"{at}mtu", spec.mtu, 576, 65535, "use the outer network's MTU, 1500 if unsure")
    yield from rules.at_least(f"{at}max_concurrent_downloads", spec.max_concurrent_downloads, 1, "downloads")
    yield from rules.at_least(f"{at}max_concurrent_uploads", spec.max_concurrent_uploads, 1, "uploads")
    yield from rules.at_least(f"{at}log_max_files", spec.log_max_files, 1, "files")
    yield from rules.size(f"{at}log_max_size", spec.log_max_size)
    yield from rules.size(f"{at}build_cache_size", spec.build_cache_size)
    if spec.storage_driver is not None and spec.storage_driver not in STORAGE_DRIVERS:
        yield rules.problem(
            f"{at}storage_driver",
            spec.storage_driver,
            f"one of {', '.join(STORAGE_DRIVERS)}",
            "leave it out if unsure",
        )


def render_daemon_json(spec: DaemonJson, *, shutdown_seconds: int) -> str:
    """Render daemon.json. `shutdown_seconds` is how long dockerd lets its containers end when it is stopped."""
    document: dict[str, object] = {
        "registry-mirrors": list(spec.registry_mirrors),
        "insecure-registries": list(spec.insecure_registries),
        "dns": list(spec.dns),
        "default-address-pools": [{"base": spec.address_pool, "size": 24}],
        "mtu": spec.mtu,
        "storage-driver": spec.storage_driver,
        "max-concurrent-downloads": spec.max_concurrent_downloads,
        "max-concurrent-uploads": spec.max_concurrent_uploads,
        "log-driver": "json-file",
        "log-opts": {"max-size": spec.log_max_size, "max-file": str(spec.log_max_files)},
        "shutdown-timeout": shutdown_seconds,
        "userns-remap": "default" if spec.userns_remap else None,
    }
    if spec.build_cache_size is not None:
        document["builder"] = {"gc": {"enabled": True, "defaultKeepStorage": spec.build_cache_size}}
    said = {key: value for key, value in document.items() if value is not None and value != []}
    return json.dumps(said, indent=2, sort_keys=True) + "\n"
