"""`GitHubRunner`: runners that take jobs from GitHub, each for one job, and run them on a daemon.

Trust boundary: GitHub runs a job's steps in the runner's own container, so nothing that outlives the job is in there.
The credential that registers runners is in another container, the registrar's. What a job can reach of the runner is
the registration that ends with it, and what the connection gives to jobs.
"""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi

from ci_runners.connection import Connection
from ci_runners.problems import refuse
from ci_runners.render.github_runner import GitHubRunnerSpec, render_credential
from ci_runners.render.github_runner_rules import (
    app_problems,
    group_problems,
    rules_for,
    runner_problems,
    token_problems,
    url_problems,
    wiring_problems,
)
from ci_runners.render.shared_rules import github_connection_problems
from ci_runners.resources import label_pairs
from ci_runners.runners.github_containers import (
    Runners,
    credential_writer,
    registrar_container,
    runner_container,
)
from ci_runners.specs import spec_from_args

WIRING = frozenset({"url", "connection", "runner_group", "token", "app"})


class GitHubAppArgs(TypedDict):
    """A GitHub App, installed where the runners are to be."""

    client_id: pulumi.Input[str]
    """The App's client ID, or its App ID."""
    installation_id: pulumi.Input[str]
    """The number of its installation, as text."""
    private_key: pulumi.Input[str]
    """Its private key, the text of the .pem file. A secret, whether marked as one or not."""


class GitHubRunnerSectionArgs(TypedDict):
    """What of a `GitHubRunner` is plain."""

    runner_labels: NotRequired[list[str]]
    """Further labels of the runners. self-hosted, linux, x64 and the connection's tags are there always."""
    concurrent: NotRequired[int]
    """Runners, and so jobs at once, 1 to 100. Defaults to 1."""
    image: NotRequired[str]
    """Image of the runners and of the registrar, with a fixed tag or digest. Defaults to `images.ACTIONS_RUNNER`."""
    environment: NotRequired[dict[str, str]]
    """Environment of the registrar, the runners and their jobs, such as HTTPS_PROXY; not for secrets. Defaults to the
    connection's alone."""
    networks: NotRequired[list[str]]
    """Existing Docker networks that registrar and runners join, to reach a GitHub there. Defaults to none."""
    extra_hosts: NotRequired[list[str]]
    """`name:address` lines for their /etc/hosts. Defaults to none."""
    memory: NotRequired[int]
    """MiB of memory of each runner with its job, 256 or more. Defaults to no limit."""
    memory_swap: NotRequired[int]
    """MiB of memory and swap together. Defaults to `memory`: no swap."""
    cpus: NotRequired[float]
    """CPUs of each runner with its job. Defaults to no limit."""
    drain_seconds: NotRequired[int]
    """Seconds that a running job gets to end when its runner is stopped or replaced. Defaults to 3600."""
    labels: NotRequired[dict[str, str]]
    """Docker labels on every child. Defaults to none."""


class GitHubRunnerArgs(GitHubRunnerSectionArgs):
    """Arguments of `GitHubRunner`.

    `url`, `connection`, `runner_group`, `token` and what `app` holds may be outputs; the rest are plain values, checked
    before anything is created. A change of the credential, of a label or of the number of runners leaves the others'
    containers, and their jobs, alone.
    """

    url: pulumi.Input[str]
    """Where the runners are registered, as in https://github.com/owner/repository or https://github.com/organization;
    on a GitHub Enterprise Server with its host."""
    connection: pulumi.Input[str]
    """The `connection` output of a daemon: DinD, DooD or BuildKit. Kaniko is refused."""
    token: NotRequired[pulumi.Input[str]]
    """A fine-grained personal access token: for a repository with Administration, read and write; for an organization
    with Self-hosted runners, read and write. A secret, whether marked as one or not. This or `app`."""
    app: NotRequired[GitHubAppArgs]
    """A GitHub App with the same permissions. This or `token`."""
    runner_group: NotRequired[pulumi.Input[str]]
    """Name of the organization's runner group that the runners join. Defaults to the organization's default group."""


class GitHubRunner(pulumi.ComponentResource):
    """GitHub's runner, registered for one job at a time (just-in-time), in unprivileged containers."""

    container_names: pulumi.Output[list[str]]
    """Names of the runners' containers."""
    registrar_name: pulumi.Output[str]
    """Name of the registrar's container. Its log says whether the forge takes the credential, its health too."""
    credential_volume: pulumi.Output[str]
    """Name of the volume with the credential."""

    def __init__(self, name: str, args: GitHubRunnerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        plain = {key: value for key, value in args.items() if key not in WIRING}
        spec = spec_from_args(
            GitHubRunnerSpec,
            plain,
            rules_for(name),
            lambda spec: [*runner_problems(name, spec), *wiring_problems(name, args)],
        )
        super().__init__("ci-runners:index:GitHubRunner", name, {}, opts)
        runners = Runners(
            parent=self,
            name=name,
            spec=spec,
            labels=label_pairs("github-runner", name, spec.labels),
            connection=pulumi.Output.from_input(args["connection"]).apply(lambda text: _checked(name, text)),
        )
        url = pulumi.Output.all(args["url"], args.get("runner_group", "")).apply(
            lambda values: _address(name, *values)
        )
        writer, volume = credential_writer(runners, _credential(name, args))
        registrar, folders = registrar_container(runners, url=url, credential=volume, writer=writer)
        containers = [
            runner_container(runners, number, folder, registrar) for number, folder in folders.items()
        ]

        self.container_names = pulumi.Output.all(*[container.name for container in containers])
        self.registrar_name = registrar.name
        self.credential_volume = volume.name
        self.register_outputs(
            {
                "container_names": self.container_names,
                "registrar_name": self.registrar_name,
                "credential_volume": self.credential_volume,
            }
        )


def _checked(name: str, connection: str) -> Connection:
    refuse(github_connection_problems(rules_for(name), connection))
    return Connection.parse(connection)


def _address(name: str, url: str, group: str) -> tuple[str, str]:
    refuse([*url_problems(name, url), *(group_problems(name, url, group) if group else [])])
    return url, group


def _credential(name: str, args: GitHubRunnerArgs) -> pulumi.Output[str]:
    """The credential's file, checked once its parts are known."""
    token: pulumi.Output[str | None] = pulumi.Output.secret(args.get("token"))
    app: pulumi.Output[Any] = pulumi.Output.secret(args.get("app"))
    return pulumi.Output.all(token, app).apply(lambda given: _credential_file(name, *given))


def _credential_file(name: str, token: str | None, app: Mapping[str, str] | None) -> str:
    rules = rules_for(name)
    refuse(
        [
            *(token_problems(rules, token) if token is not None else []),
            *(app_problems(rules, app) if app else []),
        ]
    )
    return render_credential(token, app)
