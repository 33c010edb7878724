"""The variables of a job, weakest first, as in GitLab's docs, "CI/CD variable precedence"."""

import json
import re
from urllib.parse import urlsplit

from sandbox.ci.expand import entry
from sandbox.context import ROOT_USER, Sandbox
from sandbox.models import Job, JsonObject, Namespace, Pipeline, Project, Runner, Variable
from sandbox.protection import is_protected
from sandbox.repositories import NO_COMMIT
from sandbox.settings import IMITATED_VERSION

JOB_USER = "gitlab-ci-token"


def slug(text: str) -> str:
    """A name made fit for host names and image tags: GitLab's `_SLUG` variables."""
    return re.sub(r"[^a-z0-9]", "-", text.lower())[:63].strip("-")


def pipeline_predefined(sandbox: Sandbox, project: Project, pipeline: Pipeline) -> list[JsonObject]:
    """What GitLab defines for every job of a pipeline. A pipeline that is not stored has no number yet."""
    namespace, _, path = project.path.rpartition("/")
    url = sandbox.url(project)
    values = {
        **_server(sandbox),
        "CI_PROJECT_ID": str(project.id),
        "CI_PROJECT_NAME": path,
        "CI_PROJECT_TITLE": project.name,
        "CI_PROJECT_PATH": project.path,
        "CI_PROJECT_PATH_SLUG": slug(project.path),
        "CI_PROJECT_NAMESPACE": namespace,
        "CI_PROJECT_NAMESPACE_ID": str(project.namespace_id),
        "CI_PROJECT_ROOT_NAMESPACE": namespace.partition("/")[0],
        "CI_PROJECT_URL": url,
        "CI_PROJECT_VISIBILITY": project.visibility,
        "CI_DEFAULT_BRANCH": project.default_branch,
        "CI_CONFIG_PATH": str(project.settings.get("ci_config_path") or ".gitlab-ci.yml"),
        "CI_PIPELINE_IID": str(pipeline.iid),
        "CI_PIPELINE_SOURCE": pipeline.source,
        "CI_PIPELINE_CREATED_AT": pipeline.created_at,
        **_commit(sandbox, project, pipeline),
    }
    if pipeline.id:
        values["CI_PIPELINE_ID"] = str(pipeline.id)
        values["CI_PIPELINE_URL"] = f"{url}/-/pipelines/{pipeline.id}"
    if sandbox.settings.registry:
        values["CI_REGISTRY"] = sandbox.settings.registry
        values["CI_REGISTRY_IMAGE"] = f"{sandbox.settings.registry}/{project.path.lower()}"
    # A commit message may hold a `$`: nothing that GitLab defines is to be expanded.
    return [entry(key, value, raw=True) for key, value in values.items()]


def _server(sandbox: Sandbox) -> dict[str, str]:
    address = urlsplit(sandbox.settings.external_url)
    major, minor, patch = IMITATED_VERSION.split(".")
    return {
        "CI": "true",
        "GITLAB_CI": "true",
        "CI_SERVER": "yes",
        "CI_SERVER_NAME": "GitLab",
        "CI_SERVER_URL": sandbox.settings.external_url,
        "CI_SERVER_HOST": address.hostname or "",
        "CI_SERVER_PORT": str(address.port or {"https": 443}.get(address.scheme, 80)),
        "CI_SERVER_PROTOCOL": address.scheme,
        "CI_SERVER_FQDN": address.netloc,
        "CI_SERVER_VERSION": IMITATED_VERSION,
        "CI_SERVER_VERSION_MAJOR": major,
        "CI_SERVER_VERSION_MINOR": minor,
        "CI_SERVER_VERSION_PATCH": patch,
        "CI_SERVER_REVISION": "sandbox",
        "CI_API_V4_URL": sandbox.settings.api_url,
        "GITLAB_FEATURES": "",
        "GITLAB_USER_ID": str(ROOT_USER["id"]),
        "GITLAB_USER_LOGIN": str(ROOT_USER["username"]),
        "GITLAB_USER_NAME": str(ROOT_USER["name"]),
        "GITLAB_USER_EMAIL": str(ROOT_USER["email"]),
    }


def _commit(sandbox: Sandbox, project: Project, pipeline: Pipeline) -> dict[str, str]:
    commit = sandbox.repository(project).commit(pipeline.sha)
    protected = is_protected(sandbox.store, project, pipeline.ref, tag=pipeline.tag)
    return {
        "CI_COMMIT_SHA": pipeline.sha,
        "CI_COMMIT_SHORT_SHA": pipeline.sha[:8],
        "CI_COMMIT_BEFORE_SHA": pipeline.before_sha or NO_COMMIT,
        "CI_COMMIT_REF_NAME": pipeline.ref,
        "CI_COMMIT_REF_SLUG": slug(pipeline.ref),
        "CI_COMMIT_TAG" if pipeline.tag else "CI_COMMIT_BRANCH": pipeline.ref,
        "CI_COMMIT_REF_PROTECTED": "true" if protected else "false",
        "CI_COMMIT_MESSAGE": commit.message,
        "CI_COMMIT_TITLE": commit.title,
        "CI_COMMIT_DESCRIPTION": commit.message.partition("\n")[2].strip(),
        "CI_COMMIT_AUTHOR": f"{commit.author_name} <{commit.author_email}>",
        "CI_COMMIT_TIMESTAMP": commit.committed_at,
    }


def given_variables(sandbox: Sandbox, project: Project, pipeline: Pipeline) -> list[JsonObject]:
    """The variables of the instance, the groups from the top, the project and this run."""
    protected = is_protected(sandbox.store, project, pipeline.ref, tag=pipeline.tag)
    parts = project.path.split("/")
    groups = [sandbox.store.first(Namespace, path="/".join(parts[:depth])) for depth in range(1, len(parts))]
    owners = [("instance", 0), *(("group", group.id) for group in groups if group), ("project", project.id)]
    found = [
        variable
        for owner, number in owners
        for variable in sandbox.store.find(Variable, owner=owner, owner_id=number)
        # The sandbox has no environments, so only variables for all of them reach a job.
        if variable.environment_scope == "*" and (protected or not variable.protected)
    ]
    kept = [
        entry(
            item.key,
            item.value,
            raw=item.raw,
            masked=item.masked,
            file=item.variable_type == "file",
        )
        for item in found
    ]
    return [*kept, *pipeline.variables]


def job_predefined(sandbox: Sandbox, project: Project, job: Job, runner: Runner) -> list[JsonObject]:
    """What GitLab defines for one job on one runner. The job's token is masked."""
    values = {
        "CI_JOB_ID": str(job.id),
        "CI_JOB_URL": sandbox.url(project, f"/-/jobs/{job.id}"),
        "CI_JOB_NAME": job.name,
        "CI_JOB_NAME_SLUG": slug(job.name),
        "CI_JOB_STAGE": job.stage,
        "CI_JOB_STARTED_AT": job.started_at or "",
        "CI_JOB_TIMEOUT": str(job.timeout),
        "CI_NODE_TOTAL": "1",
        "CI_RUNNER_ID": str(runner.id),
        "CI_RUNNER_DESCRIPTION": runner.description,
        "CI_RUNNER_TAGS": json.dumps(runner.tags),
    }
    if job.played:
        values["CI_JOB_MANUAL"] = "true"
    hidden = {"CI_JOB_TOKEN": job.token, "CI_REPOSITORY_URL": repository_url(sandbox, project, job)}
    if sandbox.settings.registry:
        values["CI_REGISTRY_USER"] = JOB_USER
        hidden["CI_REGISTRY_PASSWORD"] = job.token
    return [
        *(entry(key, value, raw=True) for key, value in values.items()),
        *(entry(key, value, raw=True, masked=True) for key, value in hidden.items()),
    ]


def repository_url(sandbox: Sandbox, project: Project, job: Job) -> str:
    """The address that a job clones from, its token included."""
    scheme, _, rest = sandbox.url(project, ".git").partition("://")
    return f"{scheme}://{JOB_USER}:{job.token}@{rest}"
