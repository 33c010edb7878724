"""The resources of a `GitHubRepository`, one kind after the other."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_github as github

from ci_runners.connection import Connection
from ci_runners.problems import refuse
from ci_runners.render.github_environments import EnvironmentSpec
from ci_runners.render.github_repository import (
    AllowedActions,
    GitHubRepositorySpec,
    PermissionsSpec,
    WorkflowFileSpec,
    allowed_patterns,
    selected_workflows,
)
from ci_runners.render.github_values import (
    JOB_ENVIRONMENT,
    RUNS_ON,
    Found,
    connection_variables,
    content_problems,
    repository_ids,
    value_problems,
)
from ci_runners.render.shared_rules import github_connection_problems
from ci_runners.validate import Rules

Values = Mapping[str, pulumi.Input[str]]


class Parts:
    """Makes the children of one component."""

    def __init__(
        self, parent: pulumi.Resource, name: str, spec: GitHubRepositorySpec, found: list[Found]
    ) -> None:
        self._name, self._spec, self._found = name, spec, found
        self._rules = Rules(component=f"GitHubRepository {name!r}")
        self._child = pulumi.ResourceOptions(parent=parent)
        self._made: list[pulumi.Resource] = []

    def variables(self, given: Values, connection: pulumi.Input[str] | None) -> None:
        """The user's variables, and the connection's."""
        values = {key: self._value(f"variables.{key}", value, secret=False) for key, value in given.items()}
        if connection is not None:
            told = pulumi.Output.from_input(connection).apply(self._told)
            values |= {key: _pick(told, key) for key in (RUNS_ON, JOB_ENVIRONMENT)}
        for key, value in values.items():
            name = f"{self._name}-variable-{key}"
            if self._spec.organization is None:
                self._keep(
                    github.ActionsVariable(
                        name,
                        repository=self._found[0].name,
                        variable_name=key,
                        value=value,
                        opts=self._child,
                    )
                )
            else:
                self._keep(
                    github.ActionsOrganizationVariable(
                        name,
                        variable_name=key,
                        value=value,
                        visibility="selected",
                        selected_repository_ids=repository_ids(self._found),
                        opts=self._child,
                    )
                )

    def secrets(self, given: Values) -> None:
        """Secrets of the repository, or of the organization for its selected repositories."""
        for key, value in given.items():
            name = f"{self._name}-secret-{key}"
            checked = self._value(f"secrets.{key}", value, secret=True)
            if self._spec.organization is None:
                self._keep(
                    github.ActionsSecret(
                        name,
                        repository=self._found[0].name,
                        secret_name=key,
                        value=checked,
                        opts=self._child,
                    )
                )
            else:
                self._organization_secret(name, key, checked)

    def _organization_secret(self, name: str, key: str, value: pulumi.Output[str]) -> None:
        """A secret of the organization, with its repositories in the same call.

        When its repositories change, GitHub gives it another date, and by that the provider tells that someone else
        has set it. The SDK warns at every `up` that they should be a resource of their own; then the refresh after
        each change of that would set the secret once more. So they are added behind the warning.
        """
        selected = {"selectedRepositoryIds": repository_ids(self._found)}

        def share(given: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
            return pulumi.ResourceTransformationResult(props={**given.props, **selected}, opts=given.opts)

        options = pulumi.ResourceOptions(transformations=[share])
        github.ActionsOrganizationSecret(
            name,
            secret_name=key,
            value=value,
            visibility="selected",
            opts=pulumi.ResourceOptions.merge(self._child, options),
        )

    def environment(self, environment: str, variables: Values, secrets: Values) -> None:
        """An environment, who may deploy to it, and what its jobs find there."""
        spec = self._spec.environments[environment]
        name = f"{self._name}-{environment}"
        made = github.RepositoryEnvironment(
            name,
            repository=self._found[0].name,
            environment=environment,
            wait_timer=spec.wait_timer,
            prevent_self_review=spec.prevent_self_review,
            can_admins_bypass=spec.can_admins_bypass,
            reviewers=_reviewers(spec),
            deployment_branch_policy=github.RepositoryEnvironmentDeploymentBranchPolicyArgs(
                protected_branches=spec.protected_branches,
                custom_branch_policies=not spec.protected_branches,
            ),
            opts=self._child,
        )
        self._keep(made)
        self._deployment_policies(name, spec, made)
        where = f"environments.{environment}"
        inside: dict[str, Any] = {"repository": made.repository, "environment": made.environment}
        for key, value in variables.items():
            checked = self._value(f"{where}.variables.{key}", value, secret=False)
            self._keep(
                github.ActionsEnvironmentVariable(
                    f"{name}-variable-{key}", variable_name=key, value=checked, opts=self._child, **inside
                )
            )
        for key, value in secrets.items():
            checked = self._value(f"{where}.secrets.{key}", value, secret=True)
            self._keep(
                github.ActionsEnvironmentSecret(
                    f"{name}-secret-{key}", secret_name=key, value=checked, opts=self._child, **inside
                )
            )

    def _deployment_policies(
        self, name: str, spec: EnvironmentSpec, made: github.RepositoryEnvironment
    ) -> None:
        patterns: dict[str, dict[str, str | None]] = {
            **{f"branch-{each}": {"branch_pattern": each} for each in spec.branches},
            **{f"tag-{each}": {"tag_pattern": each} for each in spec.tags},
        }
        if not patterns and not spec.protected_branches:
            patterns["default-branch"] = {"branch_pattern": self._found[0].default_branch}
        for suffix, pattern in patterns.items():
            self._keep(
                github.RepositoryEnvironmentDeploymentPolicy(
                    f"{name}-{suffix}",
                    repository=made.repository,
                    environment=made.environment,
                    opts=self._child,
                    **pattern,
                )
            )

    def permissions(self) -> None:
        """What the repository's workflows may use and do."""
        spec = self._spec.permissions or PermissionsSpec()
        if self._spec.organization is not None or not spec.managed:
            return
        selected = spec.allowed_actions is AllowedActions.SELECTED
        config = github.ActionsRepositoryPermissionsAllowedActionsConfigArgs(
            github_owned_allowed=spec.github_owned_allowed,
            verified_allowed=spec.verified_allowed,
            patterns_alloweds=allowed_patterns(spec),
        )
        self._keep(
            github.ActionsRepositoryPermissions(
                f"{self._name}-actions",
                repository=self._found[0].name,
                enabled=True,
                allowed_actions=spec.allowed_actions.value,
                allowed_actions_config=config if selected else None,
                sha_pinning_required=spec.sha_pinning_required,
                opts=self._child,
            )
        )
        self._keep(
            github.WorkflowRepositoryPermissions(
                f"{self._name}-token",
                repository=self._found[0].name,
                default_workflow_permissions=spec.default_workflow_permissions.value,
                can_approve_pull_request_reviews=spec.can_approve_pull_request_reviews,
                opts=self._child,
            )
        )

    def runner_group(self) -> github.ActionsRunnerGroup | None:
        """The runner group, if there is to be one."""
        spec = self._spec.runner_group
        if spec is None:
            return None
        group = github.ActionsRunnerGroup(
            f"{self._name}-runner-group",
            name=spec.name,
            visibility="selected",
            selected_repository_ids=repository_ids(self._found),
            allows_public_repositories=any(each.is_public for each in self._found),
            restricted_to_workflows=spec.restricted_to_workflows,
            selected_workflows=selected_workflows(self._spec, self._found[0]),
            opts=self._child,
        )
        self._keep(group)
        return group

    def workflow_file(self, spec: WorkflowFileSpec, content: pulumi.Input[str]) -> None:
        """The workflow, once everything that its first run needs is there: its commit starts it."""
        github.RepositoryFile(
            f"{self._name}-workflow",
            repository=self._found[0].name,
            file=spec.path,
            branch=spec.branch or self._found[0].default_branch,
            content=pulumi.Output.from_input(content).apply(self._content),
            commit_message=spec.commit_message,
            commit_author=spec.commit_author,
            commit_email=spec.commit_email,
            overwrite_on_create=spec.overwrite_on_create,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=self._made)),
        )

    def _keep(self, resource: pulumi.Resource) -> None:
        self._made.append(resource)

    def _value(self, field: str, value: pulumi.Input[str], *, secret: bool) -> pulumi.Output[str]:
        """A value, checked once it is known."""

        def checked(text: str) -> str:
            refuse(value_problems(self._rules, field, text, secret=secret))
            return text

        known = pulumi.Output.secret(value) if secret else pulumi.Output.from_input(value)
        return known.apply(checked)

    def _told(self, connection: str) -> dict[str, str]:
        refuse(github_connection_problems(self._rules, connection))
        return connection_variables(Connection.parse(connection))

    def _content(self, content: str) -> str:
        refuse(content_problems(self._name, content))
        return content


def _pick(told: pulumi.Output[dict[str, str]], key: str) -> pulumi.Output[str]:
    return told.apply(lambda values: values[key])


def _reviewers(spec: EnvironmentSpec) -> list[github.RepositoryEnvironmentReviewerArgs]:
    if not spec.reviewer_users and not spec.reviewer_teams:
        return []
    both = github.RepositoryEnvironmentReviewerArgs(
        users=list(spec.reviewer_users), teams=list(spec.reviewer_teams)
    )
    return [both]
