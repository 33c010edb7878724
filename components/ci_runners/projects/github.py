"""`GitHubRepository`: what a repository at GitHub needs so that its workflows build images on runners of one's own.

Trust boundary: whoever can make a workflow run decides what runs on the runners. So a repository whose fork pull
requests run is refused, a job's token reads only, actions are those that are named, each at a commit, and a runner
group is for the named repositories' named workflows only.
"""

import pulumi
import pulumi_github as github

from ci_runners.projects.github_args import GitHubRepositoryArgs
from ci_runners.projects.github_parts import Parts
from ci_runners.projects.github_repositories import look_up
from ci_runners.render.github_repository import (
    GitHubRepositorySpec,
    plain_args,
    repository_problems,
    runner_url,
)
from ci_runners.render.github_values import given_problems
from ci_runners.specs import spec_from_args
from ci_runners.validate import Rules


class GitHubRepository(pulumi.ComponentResource):
    """Variables, secrets, environments, permissions, runner group and workflow of an existing repository at GitHub."""

    url: pulumi.Output[str]
    """Where a runner for it registers: the organization where there is a runner group, else the repository."""
    full_name: pulumi.Output[str]
    """OWNER/NAME of the repository, or the organization's name."""
    runner_group: pulumi.Output[str]
    """Name of the runner group, once it is there. Empty where there is none."""

    def __init__(
        self, name: str, args: GitHubRepositoryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        connection = args.get("connection")
        spec = spec_from_args(
            GitHubRepositorySpec,
            plain_args(args),
            Rules(component=f"GitHubRepository {name!r}"),
            lambda spec: [
                *repository_problems(name, spec, connected=connection is not None),
                *given_problems(name, args),
            ],
        )
        super().__init__("ci-runners:index:GitHubRepository", name, {}, opts)
        found = look_up(self, name, spec)
        parts = Parts(self, name, spec, found)
        parts.variables(args.get("variables", {}), connection)
        parts.secrets(args.get("secrets", {}))
        for environment, given in args.get("environments", {}).items():
            parts.environment(environment, given.get("variables", {}), given.get("secrets", {}))
        parts.permissions()
        group = parts.runner_group()
        if spec.workflow_file is not None:
            parts.workflow_file(spec.workflow_file, args["workflow_file"]["content"])

        self.url = pulumi.Output.from_input(runner_url(spec, found[0]))
        self.full_name = pulumi.Output.from_input(spec.organization or found[0].full_name or "")
        self.runner_group = _name_of(group)
        self.register_outputs(
            {"url": self.url, "full_name": self.full_name, "runner_group": self.runner_group}
        )


def _name_of(group: github.ActionsRunnerGroup | None) -> pulumi.Output[str]:
    return pulumi.Output.from_input("") if group is None else group.name
