"""GitLab's resource types, each with inputs and the calls that have to come of them."""

from tests.bootstrap.standins.forge_double import Place
from tests.bootstrap.standins.gitlab_answers import (
    API,
    FILE,
    PROJECT,
    TEAM_VARIABLES,
    allowlist,
    edit_project,
    file_of_gitlab,
    job_token_scope,
    make_project,
    protect,
    put_file,
    remove_file,
    runner_token,
    runners_of_project,
    schedule_of_variable,
)
from tests.bootstrap.standins.sample import Sample

SAMPLES = (
    Sample(
        type_name="gitlab:index/userRunner:UserRunner",
        inputs={
            "runnerType": "project_type",
            "projectId": 3,
            "description": "builds",
            "paused": False,
            "locked": True,
            "untagged": False,
            "tagLists": ["dind", "amd64"],
            "accessLevel": "not_protected",
            "maximumTimeout": 3600,
            "maintenanceNote": "ask the platform team",
        },
        identity="7",
        made=(
            (
                f"POST {API}/user/runners",
                {
                    "runner_type": "project_type",
                    "project_id": 3,
                    "description": "builds",
                    "paused": False,
                    "locked": True,
                    "run_untagged": False,
                    "tag_list": ["dind", "amd64"],
                    "access_level": "not_protected",
                    "maximum_timeout": 3600,
                    "maintenance_note": "ask the platform team",
                },
            ),
        ),
        changed={"paused": True},
        answers={f"POST {API}/user/runners": runner_token},
    ),
    Sample(
        type_name="gitlab:index/projectRunnerEnablement:ProjectRunnerEnablement",
        inputs={"project": "3", "runnerId": 7},
        identity="3:7",
        made=((f"POST {PROJECT}/runners", {"runner_id": 7}),),
        changed={},
        places={f"{PROJECT}/runners": Place(under=f"{PROJECT}/runners", key="runner_id")},
        answers={f"GET {PROJECT}/runners": runners_of_project},
    ),
    Sample(
        type_name="gitlab:index/projectVariable:ProjectVariable",
        inputs={
            "project": "team/app",
            "key": "HOST",
            "value": "tcp://docker:2376",
            "description": "the daemon",
        },
        identity="team/app:HOST:*",
        made=(
            (
                f"POST {TEAM_VARIABLES}",
                {
                    "key": "HOST",
                    "value": "tcp://docker:2376",
                    "description": "the daemon",
                    "environment_scope": "*",
                    "masked": False,
                    "protected": False,
                    "raw": False,
                    "variable_type": "env_var",
                },
            ),
        ),
        changed={"value": "tcp://docker:2377"},
        places={TEAM_VARIABLES: Place(under=TEAM_VARIABLES, key="key")},
    ),
    Sample(
        type_name="gitlab:index/groupVariable:GroupVariable",
        inputs={"group": "9", "key": "PASSWORD", "value": "very-secret", "masked": True, "hidden": True},
        identity="9:PASSWORD:*",
        made=(
            (
                f"POST {API}/groups/9/variables",
                {
                    "key": "PASSWORD",
                    "value": "very-secret",
                    "environment_scope": "*",
                    "masked": True,
                    "masked_and_hidden": True,
                    "protected": False,
                    "raw": False,
                    "variable_type": "env_var",
                },
            ),
        ),
        changed={"protected": True},
        places={f"{API}/groups/9/variables": Place(under=f"{API}/groups/9/variables", key="key")},
    ),
    Sample(
        type_name="gitlab:index/repositoryFile:RepositoryFile",
        inputs={
            "project": "3",
            "branch": "main",
            "filePath": "ci/.gitlab-ci.yml",
            "content": "build: {}\n",
            "encoding": "text",
            "commitMessage": "pipeline",
            "authorName": "Ann",
            "authorEmail": "ann@example.com",
        },
        identity="3:main:ci/.gitlab-ci.yml",
        made=(
            (
                f"POST {FILE}",
                {
                    "branch": "main",
                    "content": "build: {}\n",
                    "encoding": "text",
                    "commit_message": "pipeline",
                    "author_name": "Ann",
                    "author_email": "ann@example.com",
                },
            ),
        ),
        changed={"content": "build: {script: make}\n"},
        answers={
            f"{method} {FILE}": answer
            for method, answer in (
                ("GET", file_of_gitlab),
                ("POST", put_file),
                ("PUT", put_file),
                ("DELETE", remove_file),
            )
        },
    ),
    Sample(
        type_name="gitlab:index/pipelineSchedule:PipelineSchedule",
        inputs={"project": "3", "description": "weekly", "ref": "refs/heads/main", "cron": "0 3 * * 0"},
        identity="3:41",
        made=(
            (
                f"POST {PROJECT}/pipeline_schedules",
                {
                    "description": "weekly",
                    "ref": "refs/heads/main",
                    "cron": "0 3 * * 0",
                    "cron_timezone": "UTC",
                    "active": True,
                },
            ),
        ),
        changed={"cron": "0 4 * * 0"},
    ),
    Sample(
        type_name="gitlab:index/pipelineScheduleVariable:PipelineScheduleVariable",
        inputs={"project": "3", "pipelineScheduleId": 5, "key": "UNTIL", "value": "168h"},
        identity="3:5:UNTIL",
        made=(
            (
                f"POST {PROJECT}/pipeline_schedules/5/variables",
                {"key": "UNTIL", "value": "168h", "variable_type": "env_var"},
            ),
        ),
        changed={"value": "24h"},
        places={
            f"{PROJECT}/pipeline_schedules/5/variables": Place(
                under=f"{PROJECT}/pipeline_schedules/5/variables", key="key"
            )
        },
        answers={f"GET {PROJECT}/pipeline_schedules/5": schedule_of_variable},
    ),
    Sample(
        type_name="gitlab:index/branchProtection:BranchProtection",
        inputs={
            "project": "3",
            "branch": "main",
            "pushAccessLevel": "no one",
            "mergeAccessLevel": "maintainer",
            "codeOwnerApprovalRequired": True,
        },
        identity="3:main",
        made=(
            (f"DELETE {PROJECT}/protected_branches/main", None),
            (
                f"POST {PROJECT}/protected_branches",
                {
                    "name": "main",
                    "push_access_level": 0,
                    "merge_access_level": 40,
                    "allow_force_push": False,
                    "code_owner_approval_required": True,
                },
            ),
        ),
        changed={"allowForcePush": True},
        answers={f"POST {PROJECT}/protected_branches": protect},
    ),
    Sample(
        type_name="gitlab:index/projectJobTokenScopes:ProjectJobTokenScopes",
        inputs={"project": "3", "enabled": True, "targetProjectIds": [5, 4], "targetGroupIds": [8]},
        identity="3",
        made=(
            (f"PATCH {PROJECT}/job_token_scope", {"enabled": True}),
            (f"POST {PROJECT}/job_token_scope/allowlist", {"target_project_id": 4}),
            (f"POST {PROJECT}/job_token_scope/allowlist", {"target_project_id": 5}),
            (f"POST {PROJECT}/job_token_scope/groups_allowlist", {"target_group_id": 8}),
        ),
        changed={"targetProjectIds": [5]},
        places={
            f"{PROJECT}/job_token_scope/{path}": Place(under=f"{PROJECT}/job_token_scope/{path}", key=key)
            for path, key in (("allowlist", "target_project_id"), ("groups_allowlist", "target_group_id"))
        },
        answers={
            f"GET {PROJECT}": lambda *_: (200, {"id": 3}),
            f"GET {PROJECT}/job_token_scope": job_token_scope,
            **allowlist("allowlist", "target_project_id", own=(3,)),
            **allowlist("groups_allowlist", "target_group_id"),
        },
        is_removed=False,
    ),
    Sample(
        type_name="gitlab:index/project:Project",
        inputs={
            "name": "app",
            "visibilityLevel": "private",
            "ciConfigPath": "ci/.gitlab-ci.yml",
            "buildTimeout": 1800,
            "containerExpirationPolicy": {
                "enabled": True,
                "cadence": "7d",
                "keepN": 10,
                "nameRegexDelete": "old",
            },
        },
        identity="41",
        made=(
            (
                f"POST {API}/projects",
                {
                    "name": "app",
                    "visibility": "private",
                    "ci_config_path": "ci/.gitlab-ci.yml",
                    "build_timeout": 1800,
                    "container_expiration_policy_attributes": {
                        "enabled": True,
                        "cadence": "7d",
                        "keep_n": 10,
                        "name_regex_delete": "old",
                    },
                },
            ),
        ),
        changed={
            "buildTimeout": 3600,
            "containerExpirationPolicy": {
                "enabled": False,
                "cadence": "7d",
                "keepN": 10,
                "nameRegexDelete": "old",
            },
        },
        answers={f"POST {API}/projects": make_project, f"PUT {API}/projects/41": edit_project},
    ),
)
