"""`RunnerDrain`: pauses a GitLab runner at GitLab before it goes, and waits for its jobs.

Trust boundary: one unprivileged container without a published port. It holds a token that may administer runners, in a
file of mode 0600 on a volume that no other container mounts; jobs reach neither.
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_docker as docker

from ci_runners.problems import refuse
from ci_runners.render.drain import (
    REGISTRATION_FILE,
    SCRATCH,
    STATE,
    STOP_SECONDS,
    RunnerDrainSpec,
    api_token_problems,
    drain_command,
    drain_environment,
    drain_problems,
    drain_ready_test,
    drain_rules,
    drain_url_problems,
    drain_wiring_problems,
    render_registration,
    runner_id_problems,
)
from ci_runners.resources import container_hosts, container_networks, label_pairs, named_volume, standing
from ci_runners.runners.config_volume import STAGING, secret_writer
from ci_runners.specs import spec_from_args

ROOT = "0:0"
"""The writer's user too, whose file it must read. It has no capability."""
MEMORY = 64
"""MiB: a shell and the few programs that it starts."""
STAGED = f"{STAGING}/{REGISTRATION_FILE}"
WRITE = f"""set -e
umask 077
cd {STATE}
cp {STAGED} .new
mv .new {REGISTRATION_FILE}
rm {STAGED}
"""


class DrainSectionArgs(TypedDict):
    """What of a `RunnerDrain` is plain."""

    image: NotRequired[str]
    """An image with bash and curl, with a fixed tag or digest. Defaults to `images.GITLAB_RUNNER`."""
    seconds: NotRequired[int]
    """Seconds that running jobs get to end before the runner is told to stop, at most a week. Its own `drain_seconds`
    begin after that. Defaults to 3600."""
    networks: NotRequired[list[str]]
    """Existing Docker networks to join, to reach a GitLab there. Defaults to none."""
    extra_hosts: NotRequired[list[str]]
    """`name:address` lines for /etc/hosts. Defaults to none."""
    labels: NotRequired[dict[str, str]]
    """Labels on every child. Defaults to none."""


class RunnerDrainArgs(DrainSectionArgs):
    """Arguments of `RunnerDrain`.

    `url`, `api_token`, `runner_id` and `runner_container` may be outputs; the rest are plain values, checked before
    anything is created. Another URL, token or number leaves the drain's container, and the runner's jobs, alone.
    """

    url: pulumi.Input[str]
    """GitLab's URL, as in https://gitlab.example.com."""
    api_token: pulumi.Input[str]
    """A project, group or personal access token with the scope `manage_runner`, of somebody who may administer the
    runner (GitLab docs, Personal access tokens). A secret, whether marked as one or not."""
    runner_id: pulumi.Input[str]
    """The runner's number at GitLab: `GitLabProject.runner_id`, or as the runner's page shows it."""
    runner_container: pulumi.Input[str]
    """The `container_name` output of the runner. It is what makes the drain go before the runner does, and come back
    after it."""


class RunnerDrain(pulumi.ComponentResource):
    """Keeps a GitLab runner paused at GitLab while its container goes and comes."""

    container_name: pulumi.Output[str]
    """Name of the drain's container. Its log says whether GitLab takes the token, its health too."""
    state_volume: pulumi.Output[str]
    """Name of the volume with the token."""

    def __init__(self, name: str, args: RunnerDrainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        wiring = {"url", "api_token", "runner_id", "runner_container"}
        spec = spec_from_args(
            RunnerDrainSpec,
            {key: value for key, value in args.items() if key not in wiring},
            drain_rules(name),
            lambda spec: [*drain_problems(name, spec), *drain_wiring_problems(name, args)],
        )
        super().__init__("ci-runners:index:RunnerDrain", name, {}, opts)
        labels = label_pairs("runner-drain", name, spec.labels)
        volume = named_volume(self, f"{name}-state", labels)
        parts = pulumi.Output.all(args["url"], args["runner_id"], pulumi.Output.secret(args["api_token"]))
        writer = secret_writer(
            self,
            f"{name}-writer",
            labels,
            image=spec.image,
            volume=volume,
            folder=STATE,
            script=WRITE,
            staged=STAGED,
            content=parts.apply(lambda values: _registration(name, *values)),
            user=ROOT,
        )
        runner = pulumi.Output.from_input(args["runner_container"])
        container = _container(self, name, labels, spec=spec, volume=volume, writer=writer, runner=runner)

        self.container_name = container.name
        self.state_volume = volume.name
        self.register_outputs({"container_name": self.container_name, "state_volume": self.state_volume})


def _container(
    parent: pulumi.Resource,
    name: str,
    labels: list[tuple[str, str]],
    *,
    spec: RunnerDrainSpec,
    volume: docker.Volume,
    writer: docker.Container,
    runner: pulumi.Output[str],
) -> docker.Container:
    """The drain's own container.

    It is deleted before the runner's container is, since its mounts are made from that one's name. Its environment
    alone would not do: what the provider may compute itself does not count as changed by a value that is not known.
    """
    state = docker.ContainerVolumeArgs(volume_name=volume.name, container_path=STATE)
    grace = spec.seconds + STOP_SECONDS
    return docker.Container(
        f"{name}-container",
        name=name,
        hostname=name,
        image=spec.image,
        user=ROOT,
        working_dir="/",
        entrypoints=["/bin/bash"],
        command=drain_command(),
        envs=runner.apply(lambda container: drain_environment(spec, runner_container=container)),
        network_mode="bridge",
        networks_advanced=container_networks(spec.networks),
        hosts=container_hosts(spec.extra_hosts),
        read_only=True,
        tmpfs={SCRATCH: "size=4m,mode=0700"},
        volumes=runner.apply(lambda _: [state]),
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        security_opts=["no-new-privileges:true"],
        healthcheck=docker.ContainerHealthcheckArgs(
            tests=drain_ready_test(), interval="10s", timeout="10s", start_period="5s", retries=3
        ),
        # The image's own is SIGQUIT.
        stop_signal="SIGTERM",
        stop_timeout=grace,
        **standing(parent, labels, stop_seconds=grace, memory=MEMORY, depends_on=[writer]),
    )


def _registration(name: str, url: str, runner_id: str, api_token: str) -> str:
    rules = drain_rules(name)
    refuse(
        [
            *drain_url_problems(rules, url),
            *runner_id_problems(rules, runner_id),
            *api_token_problems(rules, api_token),
        ]
    )
    return render_registration(url=url, runner_id=runner_id, api_token=api_token)
