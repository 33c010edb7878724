"""Records in the forms that GitLab's API shows them in."""

from typing import cast

from sandbox import clock, jobs
from sandbox.context import ROOT_USER, Sandbox
from sandbox.dispatch import is_online
from sandbox.models import Job, JsonObject, Namespace, Pipeline, Project, Runner
from sandbox.repositories import Commit


def show_namespace(namespace: Namespace) -> JsonObject:
    """A namespace."""
    return {
        "id": namespace.id,
        "name": namespace.name,
        "path": namespace.path.rpartition("/")[2],
        "kind": namespace.kind,
        "full_path": namespace.path,
        "parent_id": None,
    }


def show_commit(sandbox: Sandbox, project: Project, commit: Commit) -> JsonObject:
    """A commit."""
    return {
        "id": commit.sha,
        "short_id": commit.sha[:8],
        "parent_ids": commit.parents,
        "title": commit.title,
        "message": commit.message,
        "author_name": commit.author_name,
        "author_email": commit.author_email,
        "authored_date": commit.authored_at,
        "committer_name": commit.committer_name,
        "committer_email": commit.committer_email,
        "committed_date": commit.committed_at,
        "created_at": commit.committed_at,
        "web_url": sandbox.url(project, f"/-/commit/{commit.sha}"),
    }


def show_runner(runner: Runner) -> JsonObject:
    """A runner, in the short form of lists."""
    online = is_online(runner)
    return {
        "id": runner.id,
        "description": runner.description,
        "name": "gitlab-runner" if runner.contacted_at else None,
        "active": not runner.paused,
        "paused": runner.paused,
        "is_shared": runner.runner_type == "instance_type",
        "runner_type": runner.runner_type,
        "online": online,
        "status": ("online" if online else "offline") if runner.contacted_at else "never_contacted",
        "created_at": runner.created_at,
        "ip_address": None,
    }


def project_of(sandbox: Sandbox, owned: Pipeline | Job) -> Project:
    """The project of a pipeline or job."""
    # Pipelines and jobs are only ever deleted with their project.
    return cast("Project", sandbox.store.get(Project, owned.project_id))


def show_pipeline(sandbox: Sandbox, pipeline: Pipeline) -> JsonObject:
    """A pipeline, in the short form of lists."""
    project = project_of(sandbox, pipeline)
    return {
        "id": pipeline.id,
        "iid": pipeline.iid,
        "project_id": pipeline.project_id,
        "name": pipeline.name,
        "sha": pipeline.sha,
        "ref": pipeline.ref,
        "status": pipeline.status,
        "source": pipeline.source,
        "created_at": pipeline.created_at,
        "updated_at": pipeline.updated_at,
        "web_url": sandbox.url(project, f"/-/pipelines/{pipeline.id}"),
    }


def show_pipeline_fully(sandbox: Sandbox, pipeline: Pipeline) -> JsonObject:
    """A pipeline with everything that is known of it."""
    return {
        **show_pipeline(sandbox, pipeline),
        "before_sha": pipeline.before_sha,
        "tag": pipeline.tag,
        "yaml_errors": pipeline.yaml_errors,
        "user": ROOT_USER,
        "started_at": pipeline.started_at,
        "finished_at": pipeline.finished_at,
        "committed_at": None,
        "duration": clock.seconds_between(pipeline.started_at, pipeline.finished_at),
        "queued_duration": clock.seconds_between(pipeline.created_at, pipeline.started_at),
        "coverage": None,
        "detailed_status": {"text": pipeline.status, "label": pipeline.status, "group": pipeline.status},
    }


def show_job(sandbox: Sandbox, job: Job) -> JsonObject:
    """A job."""
    pipeline = jobs.pipeline_of(sandbox, job)
    project = project_of(sandbox, job)
    runner = sandbox.store.get(Runner, job.runner_id) if job.runner_id else None
    archive = next((kept for kept in job.artifacts if kept["file_type"] == "archive"), None)
    return {
        "id": job.id,
        "name": job.name,
        "stage": job.stage,
        "status": job.status,
        "ref": pipeline.ref,
        "tag": pipeline.tag,
        "coverage": None,
        "allow_failure": job.allow_failure,
        "failure_reason": job.failure_reason,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "erased_at": None,
        "duration": clock.seconds_between(job.started_at, job.finished_at),
        "queued_duration": clock.seconds_between(job.queued_at, job.started_at) if job.queued_at else None,
        "tag_list": jobs.spec_of(job).tags,
        "user": ROOT_USER,
        "commit": show_commit(sandbox, project, sandbox.repository(project).commit(pipeline.sha)),
        "pipeline": show_pipeline(sandbox, pipeline),
        "project": {"ci_job_token_scope_enabled": False},
        "web_url": sandbox.url(project, f"/-/jobs/{job.id}"),
        "artifacts": job.artifacts,
        "artifacts_file": {"filename": archive["filename"], "size": archive["size"]} if archive else None,
        "artifacts_expire_at": None,
        "runner": show_runner(runner) if runner else None,
        "archived": False,
    }
