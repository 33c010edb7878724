"""The settings of a project that GitLab's "Projects API" reads and writes, and their defaults.

The sandbox acts on a few of them (see docs/sandbox.md) and keeps the others so that what was set can be read back.
"""

from sandbox.models import JsonObject, Project

DEFAULTS: JsonObject = {
    "allow_merge_on_skipped_pipeline": None,
    "analytics_access_level": "enabled",
    "auto_cancel_pending_pipelines": "enabled",
    "auto_devops_deploy_strategy": "continuous",
    "auto_devops_enabled": False,
    "autoclose_referenced_issues": True,
    "build_git_strategy": "fetch",
    "build_timeout": 3600,
    "builds_access_level": "enabled",
    "ci_config_path": None,
    "ci_default_git_depth": 20,
    "ci_delete_pipelines_in_seconds": None,
    "ci_forward_deployment_enabled": True,
    "ci_forward_deployment_rollback_allowed": True,
    "ci_id_token_sub_claim_components": ["project_path", "ref_type", "ref"],
    "ci_pipeline_variables_minimum_override_role": "developer",
    "ci_push_repository_for_job_token_allowed": False,
    "ci_restrict_pipeline_cancellation_role": "developer",
    "ci_separated_caches": True,
    "container_expiration_policy": {
        "cadence": "1d",
        "enabled": False,
        "keep_n": 10,
        "older_than": "90d",
        "name_regex": ".*",
        "name_regex_keep": None,
        "next_run_at": None,
    },
    "container_registry_access_level": "enabled",
    "emails_enabled": True,
    "environments_access_level": "enabled",
    "feature_flags_access_level": "enabled",
    "forking_access_level": "enabled",
    "group_runners_enabled": True,
    "infrastructure_access_level": "enabled",
    "issues_access_level": "enabled",
    "keep_latest_artifact": True,
    "lfs_enabled": True,
    "max_artifacts_size": None,
    "merge_method": "merge",
    "merge_requests_access_level": "enabled",
    "model_experiments_access_level": "enabled",
    "model_registry_access_level": "enabled",
    "monitor_access_level": "enabled",
    "only_allow_merge_if_all_discussions_are_resolved": False,
    "only_allow_merge_if_pipeline_succeeds": False,
    "packages_enabled": True,
    "pages_access_level": "private",
    "printing_merge_request_link_enabled": True,
    "protect_merge_request_pipelines": True,
    "public_jobs": True,
    "releases_access_level": "enabled",
    "remove_source_branch_after_merge": True,
    "repository_access_level": "enabled",
    "request_access_enabled": True,
    "requirements_access_level": "enabled",
    "resolve_outdated_diff_discussions": False,
    "restrict_user_defined_variables": False,
    "security_and_compliance_access_level": "private",
    "shared_runners_enabled": True,
    "snippets_access_level": "enabled",
    "squash_option": "default_off",
    "topics": [],
    "wiki_access_level": "enabled",
}


def setting(project: Project, name: str) -> object:
    """The value of a setting, its default included."""
    return project.settings.get(name, DEFAULTS[name])


def number(project: Project, name: str) -> int:
    """The value of a setting that is a whole number."""
    value = setting(project, name)
    return value if isinstance(value, int) else 0
