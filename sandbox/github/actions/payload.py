"""What a runner of ours gets with a job. This is the stand-in protocol's; GitHub's own is in no document."""

from sandbox.github.actions.contexts import environment_of, secrets_of, variables_of
from sandbox.github.context import GitHub
from sandbox.github.models import Job, Repo, Run, Workflow
from sandbox.models import JsonObject


def job_payload(github: GitHub, job: Job, repo: Repo, run: Run, workflow: Workflow) -> JsonObject:
    """The job as the runner runs it: where the code is, what happened, secrets and variables."""
    environment = environment_of(github, job)
    return {
        "id": job.id,
        "run_id": run.id,
        "run_number": run.number,
        "name": job.key,
        "workflow_path": workflow.path,
        "repository": repo.full_name,
        "clone_url": github.html_url(f"/{repo.full_name}.git"),
        "server_url": github.settings.external_url,
        "api_url": github.settings.api_url,
        "sha": run.sha,
        "ref": run.ref,
        "actor": run.actor,
        "event_name": run.event,
        "event": run.payload,
        "token": job.token,
        "secrets": secrets_of(github, repo, environment),
        "variables": variables_of(github, repo, environment),
    }
