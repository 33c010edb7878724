"""GitLab's resource types: names, types and rules from pulumi_gitlab 10.4.0, paths from GitLab's REST API docs."""

from bootstrap.standins.fields import obj, text, texts, truth, whole, wholes
from bootstrap.standins.gitlab_verbs import (
    CLEANUP,
    BranchProtection,
    JobTokenScopes,
    Project,
    RepositoryFile,
    RunnerEnablement,
    Schedule,
    ScheduleVariable,
    UserRunner,
    Variable,
)

PROJECT_KEY = text("project", "project", required=True, replaces=True)
ACCESS = ("disabled", "private", "enabled")
LEVELS = ("no one", "developer", "maintainer", "admin")
VARIABLE_TYPE = text("variableType", "variable_type", default="env_var", choices=("env_var", "file"))

VARIABLE = (
    text("key", "key", required=True, replaces=True),
    text("environmentScope", "environment_scope", replaces=True, default="*"),
    text("value", "value", required=True),
    truth("hidden", "hidden", replaces=True, default=False),
    truth("masked", "masked", default=False),
    truth("protected", "protected", default=False),
    truth("raw", "raw", default=False),
    text("description", "description"),
    VARIABLE_TYPE,
)

USER_RUNNER = UserRunner(
    type_name="gitlab:index/userRunner:UserRunner",
    identity="{id}",
    collection="/user/runners",
    item="/runners/{id}",
    fields=(
        text(
            "runnerType",
            "runner_type",
            required=True,
            replaces=True,
            choices=("instance_type", "group_type", "project_type"),
        ),
        whole("groupId", "group_id", replaces=True),
        whole("projectId", "project_id", replaces=True),
        text("description", "description"),
        truth("paused", "paused"),
        truth("locked", "locked"),
        truth("untagged", "run_untagged"),
        texts("tagLists", "tag_list"),
        text("accessLevel", "access_level", choices=("not_protected", "ref_protected")),
        whole("maximumTimeout", "maximum_timeout"),
        text("maintenanceNote", "maintenance_note"),
        text("token", "token", computed=True, kept=True, secret=True),
    ),
)

RUNNER_ENABLEMENT = RunnerEnablement(
    type_name="gitlab:index/projectRunnerEnablement:ProjectRunnerEnablement",
    identity="{project}:{runnerId}",
    collection="/projects/{project}/runners",
    item="/projects/{project}/runners/{runnerId}",
    fields=(PROJECT_KEY, whole("runnerId", "runner_id", required=True, replaces=True)),
)

PROJECT_VARIABLE = Variable(
    type_name="gitlab:index/projectVariable:ProjectVariable",
    identity="{project}:{key}:{environmentScope}",
    collection="/projects/{project}/variables",
    item="/projects/{project}/variables/{key}",
    item_query={"filter[environment_scope]": "{environmentScope}"},
    fields=(PROJECT_KEY, *VARIABLE),
)

GROUP_VARIABLE = Variable(
    type_name="gitlab:index/groupVariable:GroupVariable",
    identity="{group}:{key}:{environmentScope}",
    collection="/groups/{group}/variables",
    item="/groups/{group}/variables/{key}",
    item_query={"filter[environment_scope]": "{environmentScope}"},
    fields=(text("group", "group", required=True, replaces=True), *VARIABLE),
)

REPOSITORY_FILE = RepositoryFile(
    type_name="gitlab:index/repositoryFile:RepositoryFile",
    identity="{project}:{branch}:{filePath}",
    item="/projects/{project}/repository/files/{filePath}",
    fields=(
        PROJECT_KEY,
        text("branch", "branch", required=True, replaces=True),
        text("filePath", "file_path", required=True, replaces=True),
        text("content", "content", required=True),
        text("encoding", "encoding", required=True, choices=("base64", "text")),
        truth("executeFilemode", "execute_filemode"),
        text("authorName", "author_name", local=True),
        text("authorEmail", "author_email", local=True),
        text("commitMessage", "commit_message", local=True),
        text("createCommitMessage", "commit_message", local=True),
        text("updateCommitMessage", "commit_message", local=True),
        text("deleteCommitMessage", "commit_message", local=True),
        text("startBranch", "start_branch", local=True),
        truth("overwriteOnCreate", "overwrite_on_create", local=True, default=False),
        text("fileName", "file_name", computed=True),
        text("ref", "ref", computed=True),
        text("blobId", "blob_id", computed=True),
        text("commitId", "commit_id", computed=True),
        text("lastCommitId", "last_commit_id", computed=True),
        text("contentSha256", "content_sha256", computed=True),
        whole("size", "size", computed=True),
    ),
)

PIPELINE_SCHEDULE = Schedule(
    type_name="gitlab:index/pipelineSchedule:PipelineSchedule",
    identity="{project}:{pipelineScheduleId}",
    collection="/projects/{project}/pipeline_schedules",
    item="/projects/{project}/pipeline_schedules/{pipelineScheduleId}",
    fields=(
        PROJECT_KEY,
        text("description", "description", required=True),
        text("ref", "ref", required=True),
        text("cron", "cron", required=True),
        text("cronTimezone", "cron_timezone", default="UTC"),
        truth("active", "active", default=True),
        truth("takeOwnership", "take_ownership", local=True, default=False),
        whole("pipelineScheduleId", "id", computed=True, kept=True),
        whole("owner", "owner", computed=True),
    ),
)

PIPELINE_SCHEDULE_VARIABLE = ScheduleVariable(
    type_name="gitlab:index/pipelineScheduleVariable:PipelineScheduleVariable",
    identity="{project}:{pipelineScheduleId}:{key}",
    collection="/projects/{project}/pipeline_schedules/{pipelineScheduleId}/variables",
    item="/projects/{project}/pipeline_schedules/{pipelineScheduleId}/variables/{key}",
    fields=(
        PROJECT_KEY,
        whole("pipelineScheduleId", "pipeline_schedule_id", required=True, replaces=True),
        text("key", "key", required=True, replaces=True),
        text("value", "value", required=True),
        VARIABLE_TYPE,
    ),
)

BRANCH_PROTECTION = BranchProtection(
    type_name="gitlab:index/branchProtection:BranchProtection",
    identity="{project}:{branch}",
    collection="/projects/{project}/protected_branches",
    item="/projects/{project}/protected_branches/{branch}",
    update_verb="PATCH",
    fields=(
        PROJECT_KEY,
        text("branch", "name", required=True, replaces=True),
        text("pushAccessLevel", "push_access_level", replaces=True, choices=LEVELS),
        text("mergeAccessLevel", "merge_access_level", replaces=True, choices=LEVELS),
        truth("allowForcePush", "allow_force_push", default=False),
        truth("codeOwnerApprovalRequired", "code_owner_approval_required"),
        whole("branchProtectionId", "id", computed=True, kept=True),
    ),
)

JOB_TOKEN_SCOPES = JobTokenScopes(
    type_name="gitlab:index/projectJobTokenScopes:ProjectJobTokenScopes",
    identity="{project}",
    item="/projects/{project}/job_token_scope",
    fields=(
        PROJECT_KEY,
        truth("enabled", "inbound_enabled", default=True),
        wholes("targetProjectIds", "target_project_ids", default=[]),
        wholes("targetGroupIds", "target_group_ids", default=[]),
    ),
)


PROJECT = Project(
    type_name="gitlab:index/project:Project",
    identity="{id}",
    collection="/projects",
    item="/projects/{id}",
    fields=(
        text("name", "name", required=True),
        text("path", "path"),
        whole("namespaceId", "namespace_id", replaces=True),
        text("description", "description"),
        text("visibilityLevel", "visibility", choices=("private", "internal", "public")),
        text("defaultBranch", "default_branch"),
        truth("initializeWithReadme", "initialize_with_readme", replaces=True),
        text("ciConfigPath", "ci_config_path"),
        whole("buildTimeout", "build_timeout"),
        text("buildGitStrategy", "build_git_strategy", choices=("clone", "fetch")),
        text("buildsAccessLevel", "builds_access_level", choices=ACCESS),
        truth("sharedRunnersEnabled", "shared_runners_enabled"),
        truth("groupRunnersEnabled", "group_runners_enabled"),
        whole("ciDefaultGitDepth", "ci_default_git_depth"),
        truth("ciSeparatedCaches", "ci_separated_caches"),
        truth("ciPushRepositoryForJobTokenAllowed", "ci_push_repository_for_job_token_allowed"),
        text("ciPipelineVariablesMinimumOverrideRole", "ci_pipeline_variables_minimum_override_role"),
        text("ciRestrictPipelineCancellationRole", "ci_restrict_pipeline_cancellation_role"),
        texts("ciIdTokenSubClaimComponents", "ci_id_token_sub_claim_components"),
        truth("ciForwardDeploymentEnabled", "ci_forward_deployment_enabled"),
        truth("ciForwardDeploymentRollbackAllowed", "ci_forward_deployment_rollback_allowed"),
        whole("ciDeletePipelinesInSeconds", "ci_delete_pipelines_in_seconds"),
        text("autoCancelPendingPipelines", "auto_cancel_pending_pipelines", choices=("enabled", "disabled")),
        truth("autoDevopsEnabled", "auto_devops_enabled"),
        obj(
            "containerExpirationPolicy",
            CLEANUP,
            truth("enabled", "enabled"),
            text("cadence", "cadence", choices=("1d", "7d", "14d", "1month", "3month")),
            whole("keepN", "keep_n"),
            text("olderThan", "older_than"),
            text("nameRegexDelete", "name_regex_delete"),
            text("nameRegexKeep", "name_regex_keep"),
        ),
        text("containerRegistryAccessLevel", "container_registry_access_level", choices=ACCESS),
        text("forkingAccessLevel", "forking_access_level", choices=ACCESS),
        truth("keepLatestArtifact", "keep_latest_artifact"),
        whole("maxArtifactsSize", "max_artifacts_size"),
        truth("protectMergeRequestPipelines", "protect_merge_request_pipelines"),
        truth("publicJobs", "public_jobs"),
        truth("onlyAllowMergeIfPipelineSucceeds", "only_allow_merge_if_pipeline_succeeds"),
        text("pathWithNamespace", "path_with_namespace", computed=True),
        text("httpUrlToRepo", "http_url_to_repo", computed=True, kept=True),
        text("sshUrlToRepo", "ssh_url_to_repo", computed=True, kept=True),
        text("webUrl", "web_url", computed=True, kept=True),
        text("runnersToken", "runners_token", computed=True, kept=True, secret=True),
    ),
)

RESOURCES = (
    USER_RUNNER,
    RUNNER_ENABLEMENT,
    PROJECT_VARIABLE,
    GROUP_VARIABLE,
    REPOSITORY_FILE,
    PIPELINE_SCHEDULE,
    PIPELINE_SCHEDULE_VARIABLE,
    BRANCH_PROTECTION,
    JOB_TOKEN_SCOPES,
    PROJECT,
)
