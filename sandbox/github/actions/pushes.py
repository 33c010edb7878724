"""Notices that branches and tags have moved, and makes the runs that are due."""

from sandbox import clock
from sandbox.github.actions.events import pushed
from sandbox.github.actions.runs import runs_for_push
from sandbox.github.context import GitHub
from sandbox.github.models import Repo
from sandbox.repositories import NO_COMMIT


def absorb_pushes(github: GitHub, repo: Repo, *, pusher: str, make_runs: bool = True) -> None:
    """Compares the repository's refs with those last seen.

    What was seen is stored, so a push is noticed once, whoever made it, and also after the sandbox was killed
    between a push and its runs.

    Args:
        github: the running sandbox.
        repo: whose files they are.
        pusher: login of who pushed.
        make_runs: False for what a job pushes with its own token: GitHub starts nothing for that.
    """
    refs = github.repository(repo).refs()
    before, repo.refs = repo.refs, refs
    if refs == before:
        return
    repo.pushed_at = clock.stamp()
    if not before:
        _first_push(github, repo)
    github.store.save(repo)
    for ref, sha in refs.items():
        if make_runs and before.get(ref) != sha:
            runs_for_push(github, repo, pushed(github, repo, ref, before.get(ref, NO_COMMIT), pusher))


def _first_push(github: GitHub, repo: Repo) -> None:
    """The first branch of all becomes the default branch, unless that one is among them."""
    branches = [ref.removeprefix("refs/heads/") for ref in repo.refs if ref.startswith("refs/heads/")]
    if branches and repo.default_branch not in branches:
        repo.default_branch = branches[0]
        github.repository(repo).set_head(branches[0])
