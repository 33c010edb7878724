"""What GitLab would refuse of a project's arguments, or what would be less safe than it looks: said before any call."""

import re
from collections.abc import Iterator
from dataclasses import asdict

from ci_runners.problems import Problem
from ci_runners.render.ci_variables import repeated_problems, value_problems, variable_problems
from ci_runners.render.gitlab_project import (
    GitLabProjectSpec,
    GitLabRunnerType,
    OverrideRole,
    PipelineFile,
    PipelineSchedule,
    Registration,
    RegistryCleanup,
    is_locked,
    project_settings,
    runner_type,
)
from ci_runners.validate import Rules

LEAST_TIMEOUT = 600
"""Seconds below which GitLab takes no time limit of jobs (GitLab docs, Runners API and Project settings)."""
MOST_TIMEOUT = 2_592_000
"""Seconds above which it takes none either: a month."""
KEPT = (1, 5, 10, 25, 50, 100)
AGES = ("7d", "14d", "30d", "60d", "90d")
"""What a clean-up policy may keep, and how old tags must be (GitLab docs, Reduce container registry storage)."""
PROJECTS_OWN = (
    "enabled_projects",
    "job_token_scope",
    "protected_branches",
    "pipeline_file",
    "schedules",
    "settings",
)
"""Arguments that a group has no counterpart of."""

_SEGMENT = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_PROJECT = re.compile(rf"[1-9][0-9]*|{_SEGMENT}(?:/{_SEGMENT})+")
_GROUP = re.compile(rf"[1-9][0-9]*|{_SEGMENT}(?:/{_SEGMENT})*")
_FILE = re.compile(r"(?!/)(?!.*(?:^|/)\.{1,2}(?:/|$))[^\s:\\]+(?<!/)")
_CRON_FIELD = r"[0-9A-Za-z*/,#L?-]+"
_CRON = re.compile(rf"{_CRON_FIELD}(?: +{_CRON_FIELD}){{4}}")
_BRANCH = re.compile(r"(?![/-])(?!.*(?:\.\.|//|@\{))[^\s~^:?\[\\\x00-\x1f]+(?<![/.])")


def project_problems(name: str, spec: GitLabProjectSpec, *, has_connection: bool) -> list[Problem]:
    """Everything that is wrong with a project's plain arguments."""
    rules = Rules(component=f"GitLabProject {name!r}")
    return [
        *_which(spec, rules),
        *_registration(spec, rules, has_connection=has_connection),
        *_enabled_projects(spec, rules),
        *_variables(spec, rules, has_connection=has_connection),
        *_job_token_scope(spec, rules),
        *_branches(spec, rules),
        *_pipeline_file(spec.pipeline_file, rules),
        *_schedules(spec, rules),
        *_settings(spec, rules),
    ]


def _which(spec: GitLabProjectSpec, rules: Rules) -> Iterator[Problem]:
    if (spec.project is None) == (spec.group is None):
        given = {"project": spec.project, "group": spec.group}
        yield rules.problem("project", given, "either project or group", "give exactly one of the two")
    if spec.project is not None:
        yield from _project(rules, "project", spec.project)
    if spec.group is not None:
        yield from _group(rules, "group", spec.group)
        for field in PROJECTS_OWN:
            value = getattr(spec, field)
            if value not in (None, ()):
                fix = "leave it out here, and give it to a GitLabProject of each project"
                yield rules.problem(field, _shown(value), "a project: a group has no such thing", fix)


def _shown(value: object) -> object:
    return value if isinstance(value, str | bool | int) else type(value).__name__


def _project(rules: Rules, field: str, value: str) -> Iterator[Problem]:
    if not _PROJECT.fullmatch(value):
        expected = "a project's full path or number"
        yield rules.problem(field, value, expected, "write it like team/app or 42, without GitLab's address")


def _group(rules: Rules, field: str, value: str) -> Iterator[Problem]:
    if not _GROUP.fullmatch(value):
        expected = "a group's full path or number"
        yield rules.problem(
            field, value, expected, "write it like team/images or 42, without GitLab's address"
        )


def _registration(spec: GitLabProjectSpec, rules: Rules, *, has_connection: bool) -> Iterator[Problem]:
    given = spec.registration
    if given is None:
        return
    kind = runner_type(spec)
    wanted = {GitLabRunnerType.PROJECT: spec.project, GitLabRunnerType.GROUP: spec.group}
    if kind in wanted and wanted[kind] is None:
        expected = f"{'project_type' if spec.project else 'group_type'} or instance_type here"
        fix = "leave it out: it follows project and group"
        yield rules.problem("registration.runner_type", kind.value, expected, fix)
    if not (given.tags or has_connection or given.untagged):
        fix = "give the connection, whose tags lead a job to its daemon, or tags of your own"
        yield rules.problem("registration.tags", [], "at least one tag where untagged is false", fix)
    yield from rules.no_repeats("registration.tags", given.tags)
    for index, tag in enumerate(given.tags):
        if not tag.strip() or "," in tag:
            fix = "write one tag an item"
            yield rules.problem(f"registration.tags[{index}]", tag, "a tag without commas", fix)
    yield from _limits(given, rules)


def _limits(given: Registration, rules: Rules) -> Iterator[Problem]:
    why = "give seconds: GitLab takes ten minutes to a month"
    yield from rules.within(
        "registration.maximum_timeout", given.maximum_timeout, LEAST_TIMEOUT, MOST_TIMEOUT, why
    )
    if given.description is not None and not given.description.strip():
        fix = "leave it out: the component's name is used"
        yield rules.problem("registration.description", given.description, "some text", fix)


def _enabled_projects(spec: GitLabProjectSpec, rules: Rules) -> Iterator[Problem]:
    if not spec.enabled_projects:
        return
    projects = list(spec.enabled_projects)
    if spec.registration is None:
        fix = "give registration, or leave enabled_projects out"
        yield rules.problem("enabled_projects", projects, "a runner to enable: registration", fix)
    elif runner_type(spec) is not GitLabRunnerType.PROJECT:
        kind = runner_type(spec).value
        fix = "leave it out: a group's or instance's runner is there for all of its projects"
        yield rules.problem("enabled_projects", projects, f"project_type, not {kind}", fix)
    elif is_locked(spec):
        fix = "leave locked out, or set it to false"
        yield rules.problem(
            "registration.locked", "true", "false where other projects are to have the runner", fix
        )
    for index, project in enumerate(projects):
        yield from _project(rules, f"enabled_projects[{index}]", project)
    yield from rules.no_repeats("enabled_projects", spec.enabled_projects)
    if spec.project in spec.enabled_projects:
        fix = "leave it out: the runner is made for it"
        yield rules.problem("enabled_projects", spec.project, "other projects", fix)


def _variables(spec: GitLabProjectSpec, rules: Rules, *, has_connection: bool) -> Iterator[Problem]:
    if spec.connection_variables and not has_connection:
        fix = "give the connection of a daemon, or leave connection_variables out"
        yield rules.problem("connection_variables", "true", "a connection to take them from", fix)
    named = [
        *((f"variables[{index}]", each) for index, each in enumerate(spec.variables)),
        *((f"secret_variables[{index}]", each) for index, each in enumerate(spec.secret_variables)),
    ]
    for field, variable in named:
        yield from variable_problems(rules, field, variable)
    yield from repeated_problems(rules, named)
    keys = [variable.key for _, variable in named]
    for index, variable in enumerate(spec.variables):
        yield from value_problems(rules, f"variables[{index}]", variable, variable.value, names=keys)


def _job_token_scope(spec: GitLabProjectSpec, rules: Rules) -> Iterator[Problem]:
    scope = spec.job_token_scope
    if scope is None:
        return
    for index, project in enumerate(scope.projects):
        yield from _project(rules, f"job_token_scope.projects[{index}]", project)
    for index, group in enumerate(scope.groups):
        yield from _group(rules, f"job_token_scope.groups[{index}]", group)
    yield from rules.no_repeats("job_token_scope.projects", scope.projects)
    yield from rules.no_repeats("job_token_scope.groups", scope.groups)


def _branches(spec: GitLabProjectSpec, rules: Rules) -> Iterator[Problem]:
    branches = tuple(each.branch for each in spec.protected_branches)
    yield from rules.no_repeats("protected_branches", branches)
    for index, branch in enumerate(branches):
        if not _BRANCH.fullmatch(branch):
            fix = "write it like main, or like release/* for several"
            yield rules.problem(f"protected_branches[{index}].branch", branch, "a branch's name", fix)


def _pipeline_file(file: PipelineFile | None, rules: Rules) -> Iterator[Problem]:
    if file is None:
        return
    if not _FILE.fullmatch(file.path):
        fix = "write it like .gitlab-ci.yml or ci/build.yml"
        yield rules.problem("pipeline_file.path", file.path, "a path inside the repository", fix)
    if file.branch is not None and not ("*" not in file.branch and _BRANCH.fullmatch(file.branch)):
        fix = "leave it out for the project's default branch"
        yield rules.problem("pipeline_file.branch", file.branch, "a branch's name", fix)
    if file.commit_message is not None and not file.commit_message.strip():
        fix = "leave it out: it then says what is committed"
        yield rules.problem("pipeline_file.commit_message", file.commit_message, "some text", fix)


def _schedules(spec: GitLabProjectSpec, rules: Rules) -> Iterator[Problem]:
    yield from rules.no_repeats("schedules", tuple(each.description for each in spec.schedules))
    for index, schedule in enumerate(spec.schedules):
        yield from _schedule(spec, schedule, rules, f"schedules[{index}]")


def _schedule(
    spec: GitLabProjectSpec, schedule: PipelineSchedule, rules: Rules, field: str
) -> Iterator[Problem]:
    for name in ("description", "cron_timezone"):
        value = getattr(schedule, name)
        if not value.strip():
            yield rules.problem(f"{field}.{name}", value, "some text", "name it")
    if not _CRON.fullmatch(schedule.cron):
        fix = "write minute, hour, day, month and day of the week, like 0 3 * * 0"
        yield rules.problem(f"{field}.cron", schedule.cron, "five fields of cron", fix)
    if schedule.ref is not None and not ("*" not in schedule.ref and _BRANCH.fullmatch(schedule.ref)):
        fix = "name a branch, or leave it out for the project's default branch"
        yield rules.problem(f"{field}.ref", schedule.ref, "a branch or tag", fix)
    role = (
        project_settings(spec.settings).get("ci_pipeline_variables_minimum_override_role")
        if spec.settings
        else ""
    )
    if schedule.variables and role == OverrideRole.NO_ONE.value:
        expected = "none where nobody may give a pipeline variables: GitLab would refuse each run"
        fix = "leave them out, or set settings.ci_pipeline_variables_minimum_override_role"
        yield rules.problem(f"{field}.variables", sorted(schedule.variables), expected, fix)


def _settings(spec: GitLabProjectSpec, rules: Rules) -> Iterator[Problem]:
    if spec.settings is None:
        return
    why = "give seconds: GitLab takes ten minutes to a month"
    yield from rules.within(
        "settings.build_timeout", spec.settings.build_timeout, LEAST_TIMEOUT, MOST_TIMEOUT, why
    )
    if spec.settings.registry_cleanup is not None:
        yield from _cleanup(spec.settings.registry_cleanup, rules)


def _cleanup(cleanup: RegistryCleanup, rules: Rules) -> Iterator[Problem]:
    choices: dict[str, tuple[object, ...]] = {"keep_n": KEPT, "older_than": AGES}
    for name, allowed in choices.items():
        value = asdict(cleanup)[name]
        if value not in allowed:
            expected = f"one of {', '.join(map(str, allowed))}"
            yield rules.problem(f"settings.registry_cleanup.{name}", value, expected, "choose one of them")
    if not cleanup.name_regex_delete.strip():
        fix = "write .* for all, and keep some with name_regex_keep"
        yield rules.problem(
            "settings.registry_cleanup.name_regex_delete", cleanup.name_regex_delete, "a pattern", fix
        )
