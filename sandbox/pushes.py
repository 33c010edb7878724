"""Notices that branches and tags have moved, and makes the pipelines that are due."""

from sandbox.context import Sandbox
from sandbox.models import Project
from sandbox.pipelines import Trigger, pipeline_for_push
from sandbox.protection import protect_default_branch
from sandbox.repositories import NO_COMMIT


def absorb_pushes(sandbox: Sandbox, project: Project, *, make_pipelines: bool = True) -> None:
    """Compares the repository's refs with those last seen.

    What was seen is stored, so a push is noticed once, whoever made it, and also after the sandbox was killed
    between a push and its pipeline.

    Args:
        sandbox: the running sandbox.
        project: whose repository it is.
        make_pipelines: False for what a job pushes with its own token: GitLab starts nothing for that.
    """
    repository = sandbox.repository(project)
    refs = repository.refs()
    before = project.refs
    project.refs = refs
    if refs and not before:
        _first_push(sandbox, project)
    sandbox.store.save(project)
    if make_pipelines:
        for ref, sha in refs.items():
            if before.get(ref) != sha:
                previous = before.get(ref, NO_COMMIT)
                trigger = Trigger(ref=ref, sha=sha, source="push", before_sha=previous)
                pipeline_for_push(sandbox, project, trigger)


def _first_push(sandbox: Sandbox, project: Project) -> None:
    branches = [ref.removeprefix("refs/heads/") for ref in project.refs if ref.startswith("refs/heads/")]
    if branches and project.default_branch not in branches:
        project.default_branch = branches[0]
        sandbox.repository(project).set_head(branches[0])
    if branches:
        protect_default_branch(sandbox.store, project)
