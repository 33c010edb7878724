"""Repositories looked up at GitHub, and refused where their runners would run strangers' code."""

import pulumi
import pulumi_github as github

from ci_runners.problems import refuse
from ci_runners.render.github_repository import GitHubRepositorySpec
from ci_runners.render.github_values import FORK_POLICY, ForkPolicy, Found, found_problems


def look_up(parent: pulumi.Resource, name: str, spec: GitHubRepositorySpec) -> list[Found]:
    """The repositories as they are at GitHub.

    Waits for the answers, so that what is refused is refused before the component makes anything. Raises `InvalidInput`
    with everything that is wrong with any of them.
    """
    options = pulumi.InvokeOptions(parent=parent)
    found = [_found(each, github.get_repository(name=each, opts=options)) for each in spec.names]
    asked = [each for each in found if each.id and not each.is_public and not spec.accept_fork_pull_requests]
    policies = {each.name: _policy(each, options) for each in asked}
    refuse(
        problem
        for each in found
        for problem in found_problems(
            name,
            each,
            policies.get(each.name),
            organization=spec.organization,
            accepted=spec.accept_fork_pull_requests,
        )
    )
    return found


def _found(name: str, told: github.GetRepositoryResult) -> Found:
    return Found(
        name=name,
        id=told.id,
        repo_id=told.repo_id,
        full_name=told.full_name,
        visibility=told.visibility,
        default_branch=told.default_branch,
        html_url=told.html_url,
        archived=told.archived,
    )


def _policy(found: Found, options: pulumi.InvokeOptions) -> ForkPolicy:
    told = github.get_rest_api(endpoint=f"repos/{found.full_name}/{FORK_POLICY}", opts=options)
    return ForkPolicy(code=told.code, body=told.body)
