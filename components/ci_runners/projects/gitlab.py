"""`GitLabProject`: what GitLab is told of an existing project or group, so that a runner takes its jobs safely.

Trust boundary: it acts with the rights of the provider's token, and gives two kinds of secrets on: the runner's token
to the runner, and the variables' values to GitLab.
"""

import pulumi
import pulumi_gitlab as gitlab

from ci_runners.connection import Connection
from ci_runners.problems import refuse
from ci_runners.projects import gitlab_children as children
from ci_runners.projects.checked import checked_secrets
from ci_runners.projects.gitlab_args import GitLabProjectArgs
from ci_runners.render.ci_variables import connection_variables
from ci_runners.render.gitlab_later_rules import (
    connection_variable_problems,
    later_problems,
    plain_args,
    secret_problems,
    shared_value_problems,
)
from ci_runners.render.gitlab_project import GitLabProjectSpec
from ci_runners.render.gitlab_project_rules import project_problems
from ci_runners.specs import spec_from_args
from ci_runners.validate import Rules


class GitLabProject(pulumi.ComponentResource):
    """Registration, variables, protection, pipeline and schedules of an existing project or group."""

    runner_token: pulumi.Output[str]
    """The runner's authentication token, for `GitLabRunner`. A secret. Empty without `registration`."""
    runner_id: pulumi.Output[str]
    """The runner's number. Empty without `registration`."""
    project_id: pulumi.Output[str]
    """The project's number. Empty for a group."""
    group_id: pulumi.Output[str]
    """The group's number. Empty for a project."""
    web_url: pulumi.Output[str]
    """Address of the project's or group's page."""

    def __init__(
        self, name: str, args: GitLabProjectArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        rules = Rules(component=f"GitLabProject {name!r}")
        spec = spec_from_args(
            GitLabProjectSpec,
            plain_args(args),
            rules,
            lambda spec: [
                *project_problems(name, spec, has_connection=args.get("connection") is not None),
                *later_problems(name, spec, args),
            ],
        )
        super().__init__("ci-runners:index:GitLabProject", name, {}, opts)
        target = children.looked_up(self, name, spec)
        runner = _make(target, rules, spec, args)

        self.runner_token = pulumi.Output.secret("" if runner is None else runner.token)
        self.runner_id = pulumi.Output.from_input("" if runner is None else runner.id)
        self.project_id = target.project
        self.group_id = target.group
        self.web_url = target.web_url
        outputs = ("runner_token", "runner_id", "project_id", "group_id", "web_url")
        self.register_outputs({output: getattr(self, output) for output in outputs})


def _make(
    target: children.Target, rules: Rules, spec: GitLabProjectSpec, args: GitLabProjectArgs
) -> gitlab.UserRunner | None:
    """Everything; returns the runner."""
    connection = args.get("connection")
    wired = None if connection is None else pulumi.Output.from_input(connection)
    made: list[pulumi.Resource] = []
    if spec.settings is not None:
        made.append(children.set_up(target, spec, spec.settings))
    runner = None
    if spec.registration is not None:
        runner = children.register(target, spec, spec.registration, wired)
        made.append(runner)
        for path in spec.enabled_projects:
            children.enable(target, runner, path)
    made += [children.set_variable(target, each, each.value) for each in spec.variables]
    made += _secrets(target, rules, spec, args)
    implied = _implied(target, rules, spec, wired)
    if spec.job_token_scope is not None:
        children.limit_job_tokens(target, spec.job_token_scope)
    for branch in spec.protected_branches:
        children.protect(target, branch)
    files = []
    if spec.pipeline_file is not None:
        after = implied.apply(lambda more: [*made, *more])
        content = args["pipeline_file"]["content"]
        files.append(children.commit(target, spec.pipeline_file, content, after))
    for schedule in spec.schedules:
        children.schedule(target, schedule, files)
    return runner


def _secrets(
    target: children.Target, rules: Rules, spec: GitLabProjectSpec, args: GitLabProjectArgs
) -> list[pulumi.Resource]:
    shared = pulumi.Output.from_input(args.get("secret_values", {})).apply(
        lambda values: _with_good_keys(rules, args, values)
    )
    values = checked_secrets(
        [
            each["value"] if "value" in each else shared[each["key"]]
            for each in args.get("secret_variables", [])
        ],
        lambda known: refuse(secret_problems(rules, spec, known)),
    )
    secret = zip(spec.secret_variables, values, strict=True)
    return [children.set_variable(target, variable, value) for variable, value in secret]


def _with_good_keys(rules: Rules, args: GitLabProjectArgs, values: dict[str, str]) -> dict[str, str]:
    refuse(shared_value_problems(rules, args, values))
    return values


def _implied(
    target: children.Target, rules: Rules, spec: GitLabProjectSpec, wired: pulumi.Output[str] | None
) -> pulumi.Output[list[pulumi.Resource]]:
    """The variables that the connection implies.

    Only the connection says which they are, so they are made in an apply. A daemon's connection is known to the first
    preview, and so are they.
    """

    def make(text: str) -> list[pulumi.Resource]:
        variables = connection_variables(Connection.parse(text).job_environment)
        refuse(connection_variable_problems(rules, spec, variables))
        return [children.set_variable(target, each, each.value) for each in variables]

    if wired is None or spec.connection_variables is False:
        return pulumi.Output.from_input([])
    return wired.apply(make)
