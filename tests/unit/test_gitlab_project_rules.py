"""What is refused of a GitLab project's arguments, and what its level of trust sets."""

from typing import Any

import pytest

from ci_runners.problems import Problem
from ci_runners.recommend import Trust
from ci_runners.render.ci_variables import PlainVariable, SecretVariable
from ci_runners.render.gitlab_project import (
    TRUSTED,
    ForkingAccess,
    GitLabProjectSpec,
    GitLabRunnerType,
    GitLabSettings,
    JobTokenScope,
    OverrideRole,
    PipelineFile,
    PipelineSchedule,
    ProtectedBranch,
    Registration,
    RegistryCleanup,
    project_settings,
)
from ci_runners.render.gitlab_project_rules import PROJECTS_OWN, project_problems

TAGGED = Registration(tags=("dind",))
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"project": None}, "project"),
    ({"group": "team"}, "project"),
    ({"project": "app"}, "project"),
    ({"project": "/team/app"}, "project"),
    ({"project": "team/app.git/"}, "project"),
    ({"project": "https://gitlab.example.com/team/app"}, "project"),
    ({"project": "0"}, "project"),
    ({"project": "team/my app"}, "project"),
    ({"registration": Registration()}, "registration.tags"),
    ({"registration": Registration(tags=("a,b",))}, "registration.tags[0]"),
    ({"registration": Registration(tags=("a", "a"))}, "registration.tags"),
    ({"registration": Registration(tags=("a",), maximum_timeout=599)}, "registration.maximum_timeout"),
    ({"registration": Registration(tags=("a",), maximum_timeout=2_592_001)}, "registration.maximum_timeout"),
    ({"registration": Registration(tags=("a",), description=" ")}, "registration.description"),
    (
        {"registration": Registration(tags=("a",), runner_type=GitLabRunnerType.GROUP)},
        "registration.runner_type",
    ),
    ({"enabled_projects": ("team/lib",)}, "enabled_projects"),
    ({"registration": TAGGED, "enabled_projects": ("lib",)}, "enabled_projects[0]"),
    ({"registration": TAGGED, "enabled_projects": ("team/app",)}, "enabled_projects"),
    ({"registration": TAGGED, "enabled_projects": ("a/b", "a/b")}, "enabled_projects"),
    (
        {
            "registration": Registration(tags=("a",), runner_type=GitLabRunnerType.INSTANCE),
            "enabled_projects": ("team/lib",),
        },
        "enabled_projects",
    ),
    (
        {"registration": Registration(tags=("a",), locked=True), "enabled_projects": ("team/lib",)},
        "registration.locked",
    ),
    ({"connection_variables": True}, "connection_variables"),
    ({"variables": (PlainVariable(key="A-B", value="x"),)}, "variables[0].key"),
    ({"variables": (PlainVariable(key="A", value="x", masked=True),)}, "variables[0].value"),
    ({"secret_variables": (SecretVariable(key="CI"),)}, "secret_variables[0].key"),
    (
        {"variables": (PlainVariable(key="A", value="x"),), "secret_variables": (SecretVariable(key="A"),)},
        "secret_variables[0].key",
    ),
    ({"job_token_scope": JobTokenScope(projects=("lib",))}, "job_token_scope.projects[0]"),
    ({"job_token_scope": JobTokenScope(groups=("team/",))}, "job_token_scope.groups[0]"),
    ({"job_token_scope": JobTokenScope(groups=("team", "team"))}, "job_token_scope.groups"),
    ({"protected_branches": (ProtectedBranch(branch=""),)}, "protected_branches[0].branch"),
    ({"protected_branches": (ProtectedBranch(branch="a b"),)}, "protected_branches[0].branch"),
    ({"protected_branches": (ProtectedBranch(branch="a"),) * 2}, "protected_branches"),
    ({"pipeline_file": PipelineFile(path="/ci.yml")}, "pipeline_file.path"),
    ({"pipeline_file": PipelineFile(path="../ci.yml")}, "pipeline_file.path"),
    ({"pipeline_file": PipelineFile(path="ci/")}, "pipeline_file.path"),
    ({"pipeline_file": PipelineFile(branch="release/*")}, "pipeline_file.branch"),
    ({"pipeline_file": PipelineFile(branch="-f")}, "pipeline_file.branch"),
    ({"pipeline_file": PipelineFile(commit_message="")}, "pipeline_file.commit_message"),
    ({"schedules": (PipelineSchedule(description=""),)}, "schedules[0].description"),
    ({"schedules": (PipelineSchedule(description="a"),) * 2}, "schedules"),
    ({"schedules": (PipelineSchedule(description="a", cron="@weekly"),)}, "schedules[0].cron"),
    ({"schedules": (PipelineSchedule(description="a", cron="0 3 * *"),)}, "schedules[0].cron"),
    ({"schedules": (PipelineSchedule(description="a", cron_timezone=""),)}, "schedules[0].cron_timezone"),
    ({"schedules": (PipelineSchedule(description="a", ref="rel*"),)}, "schedules[0].ref"),
    (
        {
            "schedules": (PipelineSchedule(description="a", variables={"CLEANUP": "1"}),),
            "settings": GitLabSettings(trust=Trust.UNTRUSTED),
        },
        "schedules[0].variables",
    ),
    ({"settings": GitLabSettings(trust=Trust.UNTRUSTED, build_timeout=60)}, "settings.build_timeout"),
    (
        {"settings": GitLabSettings(trust=Trust.ONE_TEAM, registry_cleanup=RegistryCleanup(keep_n=7))},
        "settings.registry_cleanup.keep_n",
    ),
    (
        {"settings": GitLabSettings(trust=Trust.ONE_TEAM, registry_cleanup=RegistryCleanup(older_than="2d"))},
        "settings.registry_cleanup.older_than",
    ),
    (
        {
            "settings": GitLabSettings(
                trust=Trust.ONE_TEAM, registry_cleanup=RegistryCleanup(name_regex_delete="")
            )
        },
        "settings.registry_cleanup.name_regex_delete",
    ),
]
ACCEPTED: list[dict[str, Any]] = [
    {},
    {"project": "42"},
    {"project": "team/sub.group/my-app_2"},
    {"project": None, "group": "team"},
    {"project": None, "group": "team/images"},
    {"registration": Registration(untagged=True)},
    {"registration": Registration(tags=("a",), runner_type=GitLabRunnerType.INSTANCE)},
    {"registration": TAGGED, "enabled_projects": ("team/lib", "7")},
    {"job_token_scope": JobTokenScope()},
    {"protected_branches": (ProtectedBranch(branch="release/*"), ProtectedBranch(branch="main"))},
    {"pipeline_file": PipelineFile(path="ci/build.gitlab-ci.yml", branch="ci/pipeline")},
    {"schedules": (PipelineSchedule(description="a", cron="*/15 0-6 1,15 JAN-MAR MON"),)},
    {
        "schedules": (PipelineSchedule(description="a", variables={"CLEANUP": "1"}),),
        "settings": GitLabSettings(trust=Trust.ONE_TEAM),
    },
]


def problems(*, has_connection: bool = False, **change: Any) -> list[Problem]:  # noqa: ANN401  any field
    spec = GitLabProjectSpec(**{"project": "team/app", **change})
    return project_problems("forge", spec, has_connection=has_connection)


@pytest.mark.parametrize(("change", "field"), REFUSED, ids=lambda value: str(value)[:70])
def test_a_wrong_argument_is_named_and_nothing_else_is(change: dict[str, Any], field: str) -> None:
    assert [problem.field for problem in problems(**change)] == [field]


@pytest.mark.parametrize("change", ACCEPTED, ids=lambda value: str(value)[:70])
def test_what_works_is_not_refused(change: dict[str, Any]) -> None:
    assert problems(**change) == []


def test_a_connection_brings_the_tags() -> None:
    assert problems(registration=Registration(), has_connection=True) == []


def test_a_group_is_refused_everything_that_only_a_project_has() -> None:
    found = problems(
        project=None,
        group="team",
        registration=TAGGED,
        enabled_projects=("team/app",),
        job_token_scope=JobTokenScope(),
        protected_branches=(ProtectedBranch(branch="main"),),
        pipeline_file=PipelineFile(),
        schedules=(PipelineSchedule(description="a"),),
        settings=GitLabSettings(trust=Trust.ONE_TEAM),
    )
    assert {problem.field for problem in found} == set(PROJECTS_OWN)


@pytest.mark.parametrize("trust", Trust)
def test_no_level_of_trust_gives_away_runners_logs_or_pushes(trust: Trust) -> None:
    settings = project_settings(GitLabSettings(trust=trust))
    for name in ("shared_runners_enabled", "public_jobs", "ci_push_repository_for_job_token_allowed"):
        assert settings[name] is False
    assert settings["ci_separated_caches"] is True


@pytest.mark.parametrize("trust", [Trust.SEVERAL_TEAMS, Trust.UNTRUSTED])
def test_less_trust_keeps_merge_requests_and_variables_out(trust: Trust) -> None:
    settings = project_settings(GitLabSettings(trust=trust))
    assert settings["protect_merge_request_pipelines"] is False
    assert settings["ci_pipeline_variables_minimum_override_role"] == "no_one_allowed"
    assert settings["group_runners_enabled"] is False


def test_strangers_need_a_fork_and_teams_do_not() -> None:
    forking = {
        trust: project_settings(GitLabSettings(trust=trust))["forking_access_level"] for trust in Trust
    }
    assert forking == {
        Trust.ONE_TEAM: "private",
        Trust.SEVERAL_TEAMS: "private",
        Trust.UNTRUSTED: "enabled",
    }


def test_what_is_said_takes_the_place_of_what_the_trust_sets() -> None:
    said = {
        "shared_runners_enabled": True,
        "group_runners_enabled": True,
        "forking_access_level": ForkingAccess.DISABLED,
        "public_jobs": True,
        "protect_merge_request_pipelines": True,
        "ci_pipeline_variables_minimum_override_role": OverrideRole.DEVELOPER,
        "ci_push_repository_for_job_token_allowed": True,
        "ci_separated_caches": False,
    }
    assert said.keys() == TRUSTED.keys()
    settings = project_settings(GitLabSettings(trust=Trust.UNTRUSTED, **said))  # type: ignore[arg-type]
    assert settings == {
        **said,
        "forking_access_level": "disabled",
        "ci_pipeline_variables_minimum_override_role": "developer",
    }


def test_a_time_limit_and_a_clean_up_are_set_only_when_asked_for() -> None:
    plain = project_settings(GitLabSettings(trust=Trust.ONE_TEAM))
    assert not {"build_timeout", "container_expiration_policy"} & plain.keys()
    asked = project_settings(
        GitLabSettings(trust=Trust.ONE_TEAM, build_timeout=900, registry_cleanup=RegistryCleanup(keep_n=5))
    )
    assert asked["build_timeout"] == 900
    assert asked["container_expiration_policy"]["keep_n"] == 5
    assert asked["container_expiration_policy"]["enabled"] is True
