"""Where jobs on the host's engine keep what lasts from one to the next: their working copies' caches."""

import pulumi
import pulumi_docker as docker

from ci_runners.resources import volume_labels


def jobs_volume(parent: pulumi.Resource, name: str, labels: list[tuple[str, str]]) -> docker.Volume:
    """A volume of the engine's own driver, whose `mountpoint` is GitLab Runner's `cache_dir`; it goes with its daemon.

    GitLab Runner gives each project, and each of its jobs at a time, a folder of its own there. Without it, it makes
    volumes of the engine instead, which nobody removes.
    """
    return docker.Volume(
        f"{name}-jobs",
        name=f"{name}-jobs",
        driver="local",
        labels=volume_labels(labels),
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["labels"]),
    )
