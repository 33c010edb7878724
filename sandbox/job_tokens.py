"""What a running job may do with its own token."""

from sandbox.context import Sandbox
from sandbox.models import Job, Namespace, Project
from sandbox.project_settings import setting
from sandbox.wire import same_token


def project_of_token(sandbox: Sandbox, token: str) -> Project | None:
    """The project of the running job with this token. A job's token ends with the job."""
    for status in ("running", "canceling"):
        for job in sandbox.store.find(Job, status=status):
            if same_token(token, job.token):
                return sandbox.store.get(Project, job.project_id)
    return None


def may_read(sandbox: Sandbox, reader: Project, target: Project) -> bool:
    """Whether a job of one project may read another: its own always, others where they let it in."""
    if reader.id == target.id or not target.job_token_limited or reader.id in target.job_token_projects:
        return True
    groups = [sandbox.store.get(Namespace, number) for number in target.job_token_groups]
    return any(group is not None and reader.path.startswith(f"{group.path}/") for group in groups)


def may_push(reader: Project, target: Project) -> bool:
    """Whether a job may push: to its own project, where a setting of the project allows it."""
    return reader.id == target.id and bool(setting(target, "ci_push_repository_for_job_token_allowed"))
