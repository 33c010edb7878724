"""The job as a runner gets it: GitLab's answer to POST /jobs/request."""

from sandbox import clock, jobs
from sandbox.ci.config import JobSpec
from sandbox.ci.expand import values_of
from sandbox.context import Sandbox
from sandbox.models import Job, JsonObject, Pipeline, Project, Runner
from sandbox.project_settings import number, setting
from sandbox.repositories import NO_COMMIT
from sandbox.variables import (
    JOB_USER,
    given_variables,
    job_predefined,
    pipeline_predefined,
    repository_url,
)

# Reasons that the runner may report as they are; it translates others to these.
FAILURE_REASONS = [
    "unknown_failure",
    "script_failure",
    "runner_system_failure",
    "job_execution_timeout",
    "image_pull_failure",
    "runner_configuration_error",
    "runner_external_dependency_failure",
    "runner_interrupted",
    "job_canceled",
]
_TOKEN_PREFIXES = [
    "glpat-",
    "gldt-",
    "glrt-",
    "glcbt-",
    "glptt-",
    "glft-",
    "glimt-",
    "glagent-",
    "glsoat-",
    "glffct-",
]


def job_payload(sandbox: Sandbox, job: Job, project: Project, runner: Runner) -> JsonObject:
    """Everything that the runner needs to run the job."""
    pipeline = jobs.pipeline_of(sandbox, job)
    spec = jobs.spec_of(job)
    variables = [
        *pipeline_predefined(sandbox, project, pipeline),
        *job_predefined(sandbox, project, job, runner),
        *(
            {"key": key, "public": True, "file": False, "masked": False, **body}
            for key, body in spec.variables.items()
        ),
        *given_variables(sandbox, project, pipeline),
    ]
    values = values_of(variables)
    return {
        "id": job.id,
        "token": job.token,
        "allow_git_fetch": setting(project, "build_git_strategy") == "fetch",
        "job_info": _job_info(job, project, pipeline),
        "git_info": _git_info(sandbox, job, project, pipeline, depth=_depth(project, values)),
        "runner_info": {"timeout": job.timeout, "runner_session_url": None},
        "inputs": [],
        "variables": variables,
        "steps": _steps(job, spec),
        "hooks": [],
        "image": spec.image,
        "services": spec.services,
        "artifacts": [spec.artifacts] if spec.artifacts else [],
        "cache": _caches(job, project, spec),
        "credentials": _credentials(sandbox, job),
        "dependencies": _dependencies(sandbox, job, pipeline, spec),
        "features": {
            "trace_sections": True,
            "token_mask_prefixes": _TOKEN_PREFIXES,
            "failure_reasons": FAILURE_REASONS,
        },
    }


def _job_info(job: Job, project: Project, pipeline: Pipeline) -> JsonObject:
    return {
        "id": job.id,
        "name": job.name,
        "stage": job.stage,
        "pipeline_id": pipeline.id,
        "project_id": project.id,
        "project_name": project.path.rpartition("/")[2],
        "project_full_path": project.path,
        "namespace_id": project.namespace_id,
        "root_namespace_id": project.namespace_id,
        "organization_id": 1,
        "instance_id": "sandbox",
        "instance_uuid": "sandbox",
        "user_id": 1,
        "time_in_queue_seconds": clock.seconds_between(job.queued_at, job.started_at),
        "project_jobs_running_on_instance_runners_count": "0",
    }


def _git_info(sandbox: Sandbox, job: Job, project: Project, pipeline: Pipeline, *, depth: int) -> JsonObject:
    specs = [f"+refs/pipelines/{pipeline.id}:refs/pipelines/{pipeline.id}"]
    if depth == 0:
        specs += ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
    elif pipeline.tag:
        specs.append(f"+refs/tags/{pipeline.ref}:refs/tags/{pipeline.ref}")
    else:
        specs.append(f"+refs/heads/{pipeline.ref}:refs/remotes/origin/{pipeline.ref}")
    return {
        "repo_url": repository_url(sandbox, project, job),
        "repo_object_format": "sha1",
        "ref": pipeline.ref,
        "sha": pipeline.sha,
        "before_sha": pipeline.before_sha or NO_COMMIT,
        "ref_type": "tag" if pipeline.tag else "branch",
        "refspecs": specs,
        "depth": depth,
        "protected": job.protected,
    }


def _depth(project: Project, values: dict[str, str]) -> int:
    """How many commits are fetched; 0 is all of them. The variable GIT_DEPTH wins over the project."""
    given = values.get("GIT_DEPTH", "")
    return int(given) if given.isdecimal() else number(project, "ci_default_git_depth")


def _steps(job: Job, spec: JobSpec) -> list[JsonObject]:
    steps: list[JsonObject] = [
        {
            "name": "script",
            "script": [*spec.before_script, *spec.script],
            "timeout": job.timeout,
            "when": "on_success",
            "allow_failure": False,
        }
    ]
    if spec.after_script:
        steps.append(
            {
                "name": "after_script",
                "script": spec.after_script,
                "timeout": job.timeout,
                "when": "always",
                "allow_failure": True,
            }
        )
    return steps


def _caches(job: Job, project: Project, spec: JobSpec) -> list[JsonObject]:
    # GitLab keeps the caches of protected refs apart, so that other branches cannot plant something there.
    suffix = (
        ("-protected" if job.protected else "-non_protected")
        if setting(project, "ci_separated_caches")
        else ""
    )
    return [{**cache, "key": f"{cache['key']}{suffix}"} for cache in spec.cache]


def _credentials(sandbox: Sandbox, job: Job) -> list[JsonObject]:
    if not sandbox.settings.registry:
        return []
    return [
        {"type": "registry", "url": sandbox.settings.registry, "username": JOB_USER, "password": job.token}
    ]


def _dependencies(sandbox: Sandbox, job: Job, pipeline: Pipeline, spec: JobSpec) -> list[JsonObject]:
    """The earlier jobs whose artifacts this one gets: those named, those needed, or all of earlier stages."""
    earlier = jobs.current_jobs(sandbox, pipeline)
    if spec.needs is not None:
        wanted = {str(need["job"]) for need in spec.needs if need["artifacts"]}
        earlier = [other for other in earlier if other.name in wanted]
    else:
        earlier = [other for other in earlier if other.stage_index < job.stage_index]
    if spec.dependencies is not None:
        earlier = [other for other in earlier if other.name in spec.dependencies]
    return [
        {
            "id": other.id,
            "token": job.token,
            "name": other.name,
            "artifacts_file": {"filename": kept["filename"], "size": kept["size"]},
        }
        for other in earlier
        for kept in other.artifacts
        if kept["file_type"] == "archive"
    ]
