"""GitHub's resource types: names, types and rules from pulumi_github 6.15.0, paths from GitHub's REST API docs.

Another `repository` always makes a new object here. The real plugin compares the repositories' numbers and changes
in place where one was only renamed.
"""

from bootstrap.standins.fields import obj, objs, text, texts, truth, whole, wholes
from bootstrap.standins.github_environments import DeploymentPolicy, Environment
from bootstrap.standins.github_organizations import OrganizationSecret, OrganizationVariable
from bootstrap.standins.github_verbs import (
    RepositoryFile,
    RepositoryPermissions,
    RunnerGroup,
    Secret,
    WorkflowPermissions,
)
from bootstrap.standins.resource import Resource

REPOSITORY = text("repository", "repository", required=True, replaces=True)
IN_ENVIRONMENT = (REPOSITORY, text("environment", "environment", required=True, replaces=True))
SHARED_WITH = (
    text("visibility", "visibility", required=True, choices=("all", "private", "selected")),
    wholes("selectedRepositoryIds", "selected_repository_ids"),
)
VARIABLE = (
    text("variableName", "name", required=True, replaces=True),
    text("value", "value", required=True),
    text("createdAt", "created_at", computed=True, kept=True),
    text("updatedAt", "updated_at", computed=True),
)
SECRET = (
    text("secretName", "name", required=True, replaces=True),
    text("value", "value", secret=True, local=True),
    text("valueEncrypted", "encrypted_value", secret=True, local=True),
    text("keyId", "key_id", local=True),
    text("createdAt", "created_at", computed=True, kept=True),
    text("updatedAt", "updated_at", computed=True),
    text("remoteUpdatedAt", "updated_at", computed=True),
)

ACTIONS_VARIABLE = Resource(
    type_name="github:index/actionsVariable:ActionsVariable",
    identity="{repository}:{variableName}",
    collection="/repos/{owner}/{repository}/actions/variables",
    item="/repos/{owner}/{repository}/actions/variables/{variableName}",
    update_verb="PATCH",
    fields=(REPOSITORY, *VARIABLE),
)

ENVIRONMENT_VARIABLE = Resource(
    type_name="github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable",
    identity="{repository}:{environment}:{variableName}",
    collection="/repos/{owner}/{repository}/environments/{environment}/variables",
    item="/repos/{owner}/{repository}/environments/{environment}/variables/{variableName}",
    update_verb="PATCH",
    fields=(*IN_ENVIRONMENT, *VARIABLE),
)

ORGANIZATION_VARIABLE = OrganizationVariable(
    type_name="github:index/actionsOrganizationVariable:ActionsOrganizationVariable",
    identity="{variableName}",
    collection="/orgs/{owner}/actions/variables",
    item="/orgs/{owner}/actions/variables/{variableName}",
    update_verb="PATCH",
    fields=(*VARIABLE, *SHARED_WITH),
)

ACTIONS_SECRET = Secret(
    type_name="github:index/actionsSecret:ActionsSecret",
    identity="{repository}:{secretName}",
    item="/repos/{owner}/{repository}/actions/secrets/{secretName}",
    public_key="/repos/{owner}/{repository}/actions/secrets/public-key",
    fields=(REPOSITORY, *SECRET),
)

ENVIRONMENT_SECRET = Secret(
    type_name="github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret",
    identity="{repository}:{environment}:{secretName}",
    item="/repos/{owner}/{repository}/environments/{environment}/secrets/{secretName}",
    public_key="/repos/{owner}/{repository}/environments/{environment}/secrets/public-key",
    fields=(*IN_ENVIRONMENT, *SECRET),
)

ORGANIZATION_SECRET = OrganizationSecret(
    type_name="github:index/actionsOrganizationSecret:ActionsOrganizationSecret",
    identity="{secretName}",
    item="/orgs/{owner}/actions/secrets/{secretName}",
    public_key="/orgs/{owner}/actions/secrets/public-key",
    fields=(*SECRET, *SHARED_WITH),
)

REPOSITORY_FILE = RepositoryFile(
    type_name="github:index/repositoryFile:RepositoryFile",
    identity="{repository}:{file}:{branch}",
    item="/repos/{owner}/{repository}/contents/{file:/}",
    fields=(
        REPOSITORY,
        text("file", "path", required=True, replaces=True),
        text("branch", "branch", replaces=True),
        text("content", "content", required=True),
        text("commitMessage", "message", local=True),
        text("commitAuthor", "name", local=True),
        text("commitEmail", "email", local=True),
        truth("overwriteOnCreate", "overwrite_on_create", local=True, default=False),
        text("sha", "sha", computed=True),
        text("commitSha", "commit_sha", computed=True),
    ),
)

REPOSITORY_PERMISSIONS = RepositoryPermissions(
    type_name="github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions",
    identity="{repository}",
    item="/repos/{owner}/{repository}/actions/permissions",
    fields=(
        REPOSITORY,
        truth("enabled", "enabled", default=True),
        text("allowedActions", "allowed_actions", choices=("all", "local_only", "selected")),
        obj(
            "allowedActionsConfig",
            "allowed_actions_config",
            truth("githubOwnedAllowed", "github_owned_allowed", required=True),
            texts("patternsAlloweds", "patterns_allowed"),
            truth("verifiedAllowed", "verified_allowed"),
        ),
        truth("shaPinningRequired", "sha_pinning_required"),
    ),
)

WORKFLOW_PERMISSIONS = WorkflowPermissions(
    type_name="github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions",
    identity="{repository}",
    item="/repos/{owner}/{repository}/actions/permissions/workflow",
    fields=(
        REPOSITORY,
        text("defaultWorkflowPermissions", "default_workflow_permissions", choices=("read", "write")),
        truth("canApprovePullRequestReviews", "can_approve_pull_request_reviews", default=False),
    ),
)

RUNNER_GROUP = RunnerGroup(
    type_name="github:index/actionsRunnerGroup:ActionsRunnerGroup",
    identity="{id}",
    collection="/orgs/{owner}/actions/runner-groups",
    item="/orgs/{owner}/actions/runner-groups/{id}",
    update_verb="PATCH",
    fields=(
        text("name", "name", required=True),
        text("visibility", "visibility", required=True, choices=("all", "selected", "private")),
        truth("allowsPublicRepositories", "allows_public_repositories", default=False),
        truth("restrictedToWorkflows", "restricted_to_workflows", default=False),
        texts("selectedWorkflows", "selected_workflows"),
        wholes("selectedRepositoryIds", "selected_repository_ids"),
        truth("default", "default", computed=True, kept=True),
        truth("inherited", "inherited", computed=True, kept=True),
        text("runnersUrl", "runners_url", computed=True, kept=True),
        text("selectedRepositoriesUrl", "selected_repositories_url", computed=True, kept=True),
    ),
)

ENVIRONMENT = Environment(
    type_name="github:index/repositoryEnvironment:RepositoryEnvironment",
    identity="{repository}:{environment}",
    item="/repos/{owner}/{repository}/environments/{environment}",
    fields=(
        *IN_ENVIRONMENT,
        whole("waitTimer", "wait_timer"),
        truth("canAdminsBypass", "can_admins_bypass", default=True),
        truth("preventSelfReview", "prevent_self_review", default=False),
        obj(
            "deploymentBranchPolicy",
            "deployment_branch_policy",
            truth("protectedBranches", "protected_branches", required=True),
            truth("customBranchPolicies", "custom_branch_policies", required=True),
        ),
        objs("reviewers", "reviewers", wholes("teams", "teams"), wholes("users", "users")),
    ),
)

DEPLOYMENT_POLICY = DeploymentPolicy(
    type_name="github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy",
    identity="{repository}:{environment}:{policyId}",
    collection="/repos/{owner}/{repository}/environments/{environment}/deployment-branch-policies",
    item="/repos/{owner}/{repository}/environments/{environment}/deployment-branch-policies/{policyId}",
    fields=(
        *IN_ENVIRONMENT,
        text("branchPattern", "branch_pattern"),
        text("tagPattern", "tag_pattern"),
    ),
)

RESOURCES = (
    ACTIONS_VARIABLE,
    ENVIRONMENT_VARIABLE,
    ORGANIZATION_VARIABLE,
    ACTIONS_SECRET,
    ENVIRONMENT_SECRET,
    ORGANIZATION_SECRET,
    REPOSITORY_FILE,
    REPOSITORY_PERMISSIONS,
    WORKFLOW_PERMISSIONS,
    RUNNER_GROUP,
    ENVIRONMENT,
    DEPLOYMENT_POLICY,
)
