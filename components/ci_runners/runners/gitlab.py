"""`GitLabRunner`: a gitlab-runner container that takes jobs from GitLab and runs them on a daemon.

Trust boundary: the container is unprivileged and holds two secrets, the runner's token and the daemon's client
certificate. Jobs run on the daemon, not in this container.
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_docker as docker

from ci_runners.connection import SOCKET, Connection
from ci_runners.problems import refuse
from ci_runners.render.config_toml import (
    GitLabRunnerSpec,
    LogFormat,
    LogLevel,
    render_config_toml,
)
from ci_runners.render.runner_rules import runner_problems
from ci_runners.render.wiring_rules import token_problems, url_problems, wiring_problems
from ci_runners.resources import container_networks, label_pairs, standing
from ci_runners.runners.config_volume import CONFIG_FOLDER, config_volume, config_writer
from ci_runners.specs import spec_from_args
from ci_runners.validate import Rules


class S3CacheArgs(TypedDict):
    """An S3 bucket for jobs' caches, reached with the machine's own role."""

    server_address: str
    """Host of the S3 service, such as s3.amazonaws.com."""
    bucket_name: str
    """Name of the bucket."""
    bucket_location: NotRequired[str]
    """Region of the bucket. Defaults to none."""
    path: NotRequired[str]
    """Prefix of the objects. Defaults to none."""
    shared: NotRequired[bool]
    """Whether runners share the cache. Defaults to false."""
    insecure: NotRequired[bool]
    """Whether the service is reached without TLS. Defaults to false."""


class RunnerSectionArgs(TypedDict):
    """What of a `GitLabRunner` is plain."""

    image: NotRequired[str]
    """Image of the runner, with a fixed tag or digest. Defaults to `images.GITLAB_RUNNER`."""
    description: NotRequired[str]
    """`name` in config.toml, shown in logs. Defaults to the component's name."""
    concurrent: NotRequired[int]
    """Jobs at once, 1 or more. Defaults to 1."""
    limit: NotRequired[int]
    """Jobs at once of this registration, at most `concurrent`. Defaults to `concurrent`."""
    request_concurrency: NotRequired[int]
    """Requests for jobs that may wait at GitLab at once. Defaults to `limit`, but 2 at least, so that no job waits
    behind another's long poll (GitLab docs, Advanced configuration, long polling)."""
    check_interval: NotRequired[int]
    """Seconds between two requests for a job. Defaults to 3."""
    log_level: NotRequired[LogLevel]
    """Defaults to info."""
    log_format: NotRequired[LogFormat]
    """Defaults to json."""
    shutdown_timeout: NotRequired[int]
    """Seconds that a forced stop (SIGTERM) waits for jobs to be aborted. Defaults to 30."""
    metrics_address: NotRequired[str]
    """Address on which the runner serves Prometheus metrics inside its networks, like :9252; a change takes effect
    when the runner starts anew. Defaults to none."""
    output_limit: NotRequired[int]
    """KB of log that a job may write. Defaults to 4096."""
    job_image: NotRequired[str]
    """Image of jobs that name none. Defaults to the connection's: the one with the daemon's client."""
    helper_image: NotRequired[str]
    """Image that clones and uploads for jobs; of the runner's version. Defaults to `images.GITLAB_RUNNER_HELPER`."""
    pull_policies: NotRequired[list[str]]
    """`PullPolicy` values (always, if-not-present, never), tried in this order. Defaults to always: a job cannot
    use a private image that another job has pulled."""
    allowed_pull_policies: NotRequired[list[str]]
    """`PullPolicy` values that a job may ask for. Defaults to those of `pull_policies`."""
    allowed_images: NotRequired[list[str]]
    """Patterns of images that jobs may use. Defaults to all."""
    allowed_services: NotRequired[list[str]]
    """Patterns of images that jobs may use as services. Defaults to all."""
    allowed_privileged_services: NotRequired[list[str]]
    """Patterns of images that run privileged as a service. Defaults to none at all; an empty list is refused, since
    to GitLab Runner it means every service (executors/docker/docker.go)."""
    volumes: NotRequired[list[str]]
    """Volumes of jobs: /path for a cache, source:/path[:ro] with a source where the daemon runs. Defaults to /cache."""
    extra_hosts: NotRequired[list[str]]
    """`name:address` lines for jobs' /etc/hosts. Defaults to none beyond the connection's."""
    dns: NotRequired[list[str]]
    """Addresses of name servers for jobs. Defaults to the daemon's."""
    environment: NotRequired[dict[str, str]]
    """Environment of jobs; not for secrets. Defaults to the connection's alone."""
    feature_flags: NotRequired[dict[str, bool]]
    """GitLab Runner's feature flags (FF_...). Defaults to FF_NETWORK_PER_BUILD as `network_per_build` says."""
    job_memory: NotRequired[str]
    """Memory of a job's container, like 2g. Defaults to no limit of its own; the daemon's holds for all."""
    job_cpus: NotRequired[str]
    """CPUs of a job's container, like 1.5. Defaults to no limit of its own."""
    service_memory: NotRequired[str]
    """Memory of a service's container, like 1g. Defaults to no limit of its own."""
    shm_size: NotRequired[int]
    """Bytes of /dev/shm in a job. Defaults to the daemon's 64 MiB."""
    network_per_build: NotRequired[bool]
    """Whether each job gets a network of its own. Defaults to true."""
    network_mtu: NotRequired[int]
    """MTU of those networks, bytes. Defaults to the daemon's."""
    wait_for_services_timeout: NotRequired[int]
    """Seconds to wait for a job's services, -1 for no wait. Defaults to 30."""
    pre_build_script: NotRequired[str]
    """Shell commands before every job's script. Defaults to none."""
    post_build_script: NotRequired[str]
    """Shell commands after every job's script. Defaults to none."""
    s3_cache: NotRequired[S3CacheArgs]
    """Where jobs' caches go. Defaults to volumes of the daemon."""
    networks: NotRequired[list[str]]
    """Existing Docker networks that the runner joins, to reach a GitLab there. Defaults to none."""
    memory: NotRequired[int]
    """MiB of memory of the runner itself, 64 or more. Defaults to 256."""
    memory_swap: NotRequired[int]
    """MiB of memory and swap together. Defaults to `memory`: no swap."""
    cpus: NotRequired[float]
    """CPUs of the runner itself. Defaults to no limit."""
    drain_seconds: NotRequired[int]
    """Seconds that running jobs get to end when the runner is stopped or replaced. Defaults to 3600."""
    labels: NotRequired[dict[str, str]]
    """Labels on every child. Defaults to none."""
    retain_config: NotRequired[bool]
    """Whether `pulumi destroy` leaves the volume with config.toml. Defaults to false."""


class GitLabRunnerArgs(RunnerSectionArgs):
    """Arguments of `GitLabRunner`.

    `url`, `token` and `connection` may be outputs; the rest are plain values, checked
    before anything is created. A change of what config.toml says leaves the runner's container, and its jobs, alone.
    """

    url: pulumi.Input[str]
    """GitLab's URL, as in https://gitlab.example.com."""
    token: pulumi.Input[str]
    """The runner's authentication token (glrt-...). A secret, whether marked as one or not."""
    connection: pulumi.Input[str]
    """The `connection` output of a daemon."""


class GitLabRunner(pulumi.ComponentResource):
    """GitLab Runner (docker executor) in an unprivileged container, wired to a daemon by its connection."""

    container_name: pulumi.Output[str]
    """Name of the runner's container."""
    config_volume: pulumi.Output[str]
    """Name of the volume with config.toml."""

    def __init__(self, name: str, args: GitLabRunnerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plain = {key: value for key, value in args.items() if key not in {"url", "token", "connection"}}
        rules = Rules(component=f"GitLabRunner {name!r}")
        spec = spec_from_args(
            GitLabRunnerSpec,
            plain,
            rules,
            lambda spec: [*runner_problems(name, spec), *wiring_problems(name, args)],
        )
        super().__init__("ci-runners:index:GitLabRunner", name, {}, opts)
        labels = label_pairs("gitlab-runner", name, spec.labels)
        connection = pulumi.Output.from_input(args["connection"])
        volume = config_volume(self, name, labels, retain=spec.retain_config)
        parts = pulumi.Output.all(connection, args["url"], pulumi.Output.secret(args["token"]))
        config: pulumi.Output[str] = parts.apply(lambda values: _config(name, spec, *values))
        config_name = connection.apply(lambda text: f"config-{Connection.parse(text).wiring_digest()}.toml")
        writer = config_writer(
            self, name, labels, image=spec.image, volume=volume, config_name=config_name, config=config
        )
        container = self._container(
            name,
            spec,
            labels,
            volume=volume,
            connection=connection,
            config_name=config_name,
            writer=writer,
        )

        self.container_name = container.name
        self.config_volume = volume.name
        self.register_outputs({"container_name": self.container_name, "config_volume": self.config_volume})

    def _container(
        self,
        name: str,
        spec: GitLabRunnerSpec,
        labels: list[tuple[str, str]],
        *,
        volume: docker.Volume,
        connection: pulumi.Output[str],
        config_name: pulumi.Output[str],
        writer: docker.Container,
    ) -> docker.Container:
        """The runner's own container.

        It has no health check: its process is the container's first, so its end is the container's, and any command
        that would ask it more asks GitLab. Its file is named after what it holds of the daemon (CONFIG_FILE is GitLab
        Runner's own variable): while it drains after a switch, it does not read the next runner's.
        """
        config = docker.ContainerVolumeArgs(volume_name=volume.name, container_path=CONFIG_FOLDER)
        return docker.Container(
            f"{name}-container",
            name=name,
            hostname=name,
            image=spec.image,
            # The image's own command changes into a home that only its user may enter: root without capabilities too.
            command=["run", "--working-directory=/"],
            envs=[config_name.apply(lambda file: f"CONFIG_FILE={CONFIG_FOLDER}/{file}")],
            group_adds=connection.apply(_groups),
            network_mode="bridge",
            networks_advanced=connection.apply(lambda text: _networks(text, spec)),
            volumes=connection.apply(lambda text: [config, *_mounts(text)]),
            capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
            security_opts=["no-new-privileges:true"],
            stop_signal="SIGQUIT",
            stop_timeout=spec.drain_seconds,
            **standing(
                self,
                labels,
                stop_seconds=spec.drain_seconds,
                memory=spec.memory,
                memory_swap=spec.memory_swap,
                cpus=spec.cpus,
                depends_on=[writer],
            ),
        )


def _config(name: str, spec: GitLabRunnerSpec, connection: str, url: str, token: str) -> str:
    refuse([*url_problems(name, url), *token_problems(name, token)])
    return render_config_toml(spec, name=name, url=url, token=token, connection=Connection.parse(connection))


def _groups(connection: str) -> list[str] | None:
    return list(Connection.parse(connection).runner_groups) or None


def _networks(connection: str, spec: GitLabRunnerSpec) -> list[docker.ContainerNetworksAdvancedArgs]:
    network = Connection.parse(connection).network
    names = dict.fromkeys([network, *spec.networks])
    return container_networks(name for name in names if name)


def _mounts(connection: str) -> list[docker.ContainerVolumeArgs]:
    wired = Connection.parse(connection)
    volumes = [
        docker.ContainerVolumeArgs(volume_name=volume, container_path=path, read_only=True)
        for volume, path in wired.runner_volumes.items()
    ]
    if wired.runner_socket:
        volumes.append(docker.ContainerVolumeArgs(host_path=wired.runner_socket, container_path=SOCKET))
    return volumes
