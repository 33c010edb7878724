"""What `GitLabProject` makes at GitLab, one function a kind of thing."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_gitlab as gitlab

from ci_runners.connection import Connection
from ci_runners.render.ci_variables import EVERY_ENVIRONMENT, CiVariable
from ci_runners.render.gitlab_project import (
    GitLabProjectSpec,
    GitLabRunnerType,
    GitLabSettings,
    JobTokenScope,
    PipelineFile,
    PipelineSchedule,
    ProtectedBranch,
    Registration,
    is_locked,
    project_settings,
    runner_type,
)

SAME_AS_PUBLIC_JOBS = "public_builds"
"""The old name of a setting that is given by its new one: the provider takes only one of the two."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """The project or group that everything is made in, and what makes it."""

    parent: pulumi.Resource
    name: str
    is_group: bool
    project: pulumi.Output[str]
    """The project's number. Empty for a group."""
    group: pulumi.Output[str]
    """The group's number. Empty for a project."""
    title: pulumi.Output[str]
    default_branch: pulumi.Output[str]
    web_url: pulumi.Output[str]


def looked_up(parent: pulumi.Resource, name: str, spec: GitLabProjectSpec) -> Target:
    """Ask GitLab for the project or group."""
    nothing = pulumi.Output.from_input("")
    if spec.project is not None:
        project = find_project(parent, spec.project)
        return Target(
            parent=parent,
            name=name,
            is_group=False,
            project=project.id,
            group=nothing,
            title=project.name,
            default_branch=project.default_branch,
            web_url=project.web_url,
        )
    group = find_group(parent, spec.group or "")
    return Target(
        parent=parent,
        name=name,
        is_group=True,
        project=nothing,
        group=group.id,
        title=group.name,
        default_branch=nothing,
        web_url=group.web_url,
    )


def find_project(parent: pulumi.Resource, path: str) -> pulumi.Output[gitlab.GetProjectResult]:
    """A project by its full path or number."""
    asked = {"id": path} if path.isdecimal() else {"path_with_namespace": path}
    return gitlab.get_project_output(**asked, opts=pulumi.InvokeOutputOptions(parent=parent))


def find_group(parent: pulumi.Resource, path: str) -> pulumi.Output[gitlab.GetGroupResult]:
    """A group by its full path or number."""
    options = pulumi.InvokeOutputOptions(parent=parent)
    if path.isdecimal():
        return gitlab.get_group_output(group_id=int(path), opts=options)
    return gitlab.get_group_output(full_path=path, opts=options)


def set_up(target: Target, spec: GitLabProjectSpec, settings: GitLabSettings) -> gitlab.Project:
    """The project itself. Pulumi takes it over at its first `up`, then changes what is given and leaves all the rest.

    It is never deleted: without the component Pulumi only forgets it.
    """
    given = project_settings(settings)
    known = inspect.signature(gitlab.ProjectArgs).parameters
    others = [name for name in known if name not in {*given, SAME_AS_PUBLIC_JOBS}]
    return gitlab.Project(
        f"{target.name}-settings",
        name=target.title,
        **given,
        opts=pulumi.ResourceOptions(
            parent=target.parent,
            import_=spec.project,
            ignore_changes=others,
            retain_on_delete=True,
        ),
    )


def register(
    target: Target, spec: GitLabProjectSpec, given: Registration, wired: pulumi.Output[str] | None
) -> gitlab.UserRunner:
    """The runner. A new one is there before the old one goes, so that the running process never has a dead token."""
    kind = runner_type(spec)
    own = list(given.tags)
    tags = own if wired is None else wired.apply(lambda text: _tags(text, own))
    return gitlab.UserRunner(
        f"{target.name}-registration",
        runner_type=kind.value,
        project_id=target.project.apply(int) if kind is GitLabRunnerType.PROJECT else None,
        group_id=target.group.apply(int) if kind is GitLabRunnerType.GROUP else None,
        description=given.description or target.name,
        tag_lists=tags,
        untagged=given.untagged,
        locked=is_locked(spec),
        access_level=given.access_level.value,
        maximum_timeout=given.maximum_timeout,
        paused=given.paused,
        opts=pulumi.ResourceOptions(
            parent=target.parent,
            replacement_trigger=given.rotate,
            additional_secret_outputs=["token"],
        ),
    )


def _tags(connection: str, own: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*Connection.parse(connection).tags, *own]))


def enable(target: Target, runner: gitlab.UserRunner, path: str) -> None:
    """Let a further project use the runner."""
    gitlab.ProjectRunnerEnablement(
        f"{target.name}-for-{path.replace('/', '-')}",
        project=find_project(target.parent, path).id,
        runner_id=runner.id.apply(int),
        opts=pulumi.ResourceOptions(parent=target.parent),
    )


def set_variable(target: Target, variable: CiVariable, value: pulumi.Input[str]) -> pulumi.Resource:
    """A variable of the project or group."""
    scope = variable.environment_scope
    suffix = "" if scope == EVERY_ENVIRONMENT else f"@{scope}"
    said: dict[str, Any] = {
        "key": variable.key,
        "value": value,
        "masked": variable.masked,
        "hidden": variable.hidden,
        "protected": variable.protected,
        "raw": variable.raw,
        "environment_scope": scope,
        "variable_type": variable.variable_type.value,
        "description": variable.description,
    }
    # GitLab tells variables apart by key and scope: a new one under both can only follow the old one.
    options = pulumi.ResourceOptions(parent=target.parent, delete_before_replace=True)
    name = f"{target.name}-variable-{variable.key}{suffix}"
    if target.is_group:
        return gitlab.GroupVariable(name, group=target.group, **said, opts=options)
    return gitlab.ProjectVariable(name, project=target.project, **said, opts=options)


def limit_job_tokens(target: Target, scope: JobTokenScope) -> None:
    """Let only the project's own jobs, and those of the named projects and groups, in."""
    projects = [find_project(target.parent, path).id.apply(int) for path in scope.projects]
    groups = [find_group(target.parent, path).group_id for path in scope.groups]
    gitlab.ProjectJobTokenScopes(
        f"{target.name}-job-token-scope",
        project=target.project,
        enabled=True,
        target_project_ids=projects,
        target_group_ids=groups,
        opts=pulumi.ResourceOptions(parent=target.parent),
    )


def protect(target: Target, branch: ProtectedBranch) -> None:
    """Protect a branch. It stays so: GitLab protects a default branch itself, and a deletion would lift that too."""
    gitlab.BranchProtection(
        f"{target.name}-branch-{branch.branch}",
        project=target.project,
        branch=branch.branch,
        push_access_level=branch.push_access_level.value,
        merge_access_level=branch.merge_access_level.value,
        allow_force_push=branch.allow_force_push,
        opts=pulumi.ResourceOptions(parent=target.parent, retain_on_delete=True, delete_before_replace=True),
    )


def commit(
    target: Target,
    file: PipelineFile,
    content: pulumi.Input[str],
    after: pulumi.Input[Sequence[pulumi.Resource]],
) -> gitlab.RepositoryFile:
    """The pipeline's file. Its commit starts the pipeline, which is to find everything else."""
    message = file.commit_message
    return gitlab.RepositoryFile(
        f"{target.name}-pipeline",
        project=target.project,
        branch=file.branch or target.default_branch,
        file_path=file.path,
        content=content,
        encoding="text",
        create_commit_message=message or f"Add {file.path}",
        update_commit_message=message or f"Update {file.path}",
        delete_commit_message=message or f"Remove {file.path}",
        overwrite_on_create=file.overwrite,
        opts=pulumi.ResourceOptions(parent=target.parent, depends_on=after),
    )


def schedule(target: Target, given: PipelineSchedule, after: Sequence[pulumi.Resource]) -> None:
    """A pipeline schedule and its variables. GitLab refuses one for a branch that is not there yet."""
    branch = pulumi.Output.from_input(given.ref or target.default_branch)
    made = gitlab.PipelineSchedule(
        f"{target.name}-schedule-{given.description}",
        project=target.project,
        description=given.description,
        ref=branch.apply(lambda name: name if name.startswith("refs/") else f"refs/heads/{name}"),
        cron=given.cron,
        cron_timezone=given.cron_timezone,
        active=given.active,
        opts=pulumi.ResourceOptions(parent=target.parent, depends_on=after),
    )
    for key, value in given.variables.items():
        gitlab.PipelineScheduleVariable(
            f"{target.name}-schedule-{given.description}-{key}",
            project=target.project,
            pipeline_schedule_id=made.pipeline_schedule_id,
            key=key,
            value=value,
            opts=pulumi.ResourceOptions(parent=target.parent),
        )
