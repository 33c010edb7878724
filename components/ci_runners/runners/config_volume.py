"""The volume with a GitLab Runner's configuration, and the container that writes it there."""

import pulumi
import pulumi_docker as docker

from ci_runners.resources import LOG_OPTS, container_labels, volume_labels

CONFIG_FOLDER = "/etc/gitlab-runner"
STAGED = "/ci-runners/config.toml"
"""Where the writer finds the new file: outside the volume, so that the runner never sees half of it."""

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


def config_volume(
    parent: pulumi.Resource, name: str, labels: list[tuple[str, str]], *, retain: bool
) -> docker.Volume:
    """A volume under a fixed name; a new label must not replace it."""
    return docker.Volume(
        f"{name}-config",
        name=f"{name}-config",
        labels=volume_labels(labels),
        opts=pulumi.ResourceOptions(
            parent=parent, ignore_changes=["labels"], retain_on_delete=retain or None
        ),
    )


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
    """Puts the configuration on the volume and ends. A new one replaces this container, never the runner's."""
    return docker.Container(
        f"{name}-config-writer",
        name=f"{name}-config-writer",
        image=image,
        entrypoints=["/bin/sh"],
        command=["-c", WRITE],
        envs=[config_name.apply(lambda file: f"CONFIG_NAME={file}")],
        network_mode="none",
        volumes=[docker.ContainerVolumeArgs(volume_name=volume.name, container_path=CONFIG_FOLDER)],
        uploads=[docker.ContainerUploadArgs(file=STAGED, content=config, permissions="0600")],
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges:true"],
        attach=True,
        must_run=False,
        log_driver="json-file",
        log_opts=LOG_OPTS,
        labels=container_labels(labels),
        opts=pulumi.ResourceOptions(parent=parent, additional_secret_outputs=["uploads"]),
    )
