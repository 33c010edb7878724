"""The volume with a runner's secret file, and the container that writes it there."""

import pulumi
import pulumi_docker as docker

from ci_runners.resources import LOG_OPTS, container_labels, named_volume

STAGING = "/ci-runners"
"""Where a writer finds the new file: outside the volume, so that the runner never sees half of it."""
CONFIG_FOLDER = "/etc/gitlab-runner"
STAGED = f"{STAGING}/config.toml"

# The runner re-reads its file when its time of change has moved on. An upload may carry an old one, so the writer
# copies the file (a new time), in one step as far as a reader can see, and leaves no second copy of the token: of other
# connections' files only the newest stays, which the runner may still be reading while it drains.
WRITE = f"""set -e
umask 077
cd {CONFIG_FOLDER}
cp {STAGED} .new
mv .new "$CONFIG_NAME"
rm {STAGED}
ls -t | grep '^config.*\\.toml$' | grep -vx "$CONFIG_NAME" | tail -n +2 | xargs -r rm --
"""


def secret_writer(
    parent: pulumi.Resource,
    name: str,
    labels: list[tuple[str, str]],
    *,
    image: str,
    volume: docker.Volume,
    folder: str,
    script: str,
    staged: str,
    content: pulumi.Output[str],
    envs: list[pulumi.Input[str]] | None = None,
    user: str | None = None,
) -> docker.Container:
    """Puts a file on the volume and ends. A new one replaces this container, never the one that reads the file."""
    return docker.Container(
        name,
        name=name,
        image=image,
        user=user,
        entrypoints=["/bin/sh"],
        command=["-c", script],
        envs=envs,
        network_mode="none",
        volumes=[docker.ContainerVolumeArgs(volume_name=volume.name, container_path=folder)],
        uploads=[docker.ContainerUploadArgs(file=staged, content=content, permissions="0600")],
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges:true"],
        attach=True,
        must_run=False,
        log_driver="json-file",
        log_opts=LOG_OPTS,
        labels=container_labels(labels),
        opts=pulumi.ResourceOptions(parent=parent, additional_secret_outputs=["uploads"]),
    )


def config_volume(
    parent: pulumi.Resource, name: str, labels: list[tuple[str, str]], *, retain: bool
) -> docker.Volume:
    """The volume with a GitLab Runner's config.toml."""
    return named_volume(parent, f"{name}-config", labels, retain=retain)


def config_writer(
    parent: pulumi.Resource,
    name: str,
    labels: list[tuple[str, str]],
    *,
    image: str,
    volume: docker.Volume,
    config_name: pulumi.Output[str],
    config: pulumi.Output[str],
) -> docker.Container:
    """Writes a GitLab Runner's config.toml."""
    return secret_writer(
        parent,
        f"{name}-config-writer",
        labels,
        image=image,
        volume=volume,
        folder=CONFIG_FOLDER,
        script=WRITE,
        staged=STAGED,
        content=config,
        envs=[config_name.apply(lambda file: f"CONFIG_NAME={file}")],
    )
