"""Where a comment goes, as a job's environment says it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import quote

from ci_runners.problems import Problem, refuse

COMPONENT = "comment"


class Forge(str, Enum):
    """Whose API it is."""

    GITHUB = "github"
    GITLAB = "gitlab"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A pull request of GitHub's or a merge request of GitLab's, and how it is reached."""

    forge: Forge
    comments_url: str
    """Where its comments are listed and made."""

    edit_url: str
    """Where one of them is edited: its number comes behind."""

    user_url: str
    """Who the token's owner is."""

    token: str = field(repr=False)
    commit: str
    job_url: str


def find_place(environment: Mapping[str, str], event: str = "") -> Place:
    """The place that a job of GitHub Actions or GitLab CI is about.

    `event` is the text of the file that GITHUB_EVENT_PATH names. Variables: GitHub docs, Variables reference; GitLab docs,
    Predefined CI/CD variables. Raises `InvalidInput` outside of such a job, and with all that is missing.
    """
    if environment.get("GITHUB_ACTIONS") == "true":
        return _at_github(environment, event)
    if environment.get("GITLAB_CI"):
        return _at_gitlab(environment)
    expected = "a job of GitHub Actions or GitLab CI, which says where the comment goes"
    fix = "run it there, or print the comment with --print"
    refuse([Problem(component=COMPONENT, field="environment", value=None, expected=expected, fix=fix)])
    raise AssertionError


def _at_github(environment: Mapping[str, str], event: str) -> Place:
    request = _pull_request(event)
    number = request.get("number")
    problems = _missing(environment, "GITHUB_TOKEN", "env: GITHUB_TOKEN: ${{ github.token }}")
    if not isinstance(number, int):
        expected = "an event with a pull request"
        fix = "run the workflow on: pull_request"
        problems.append(_problem("GITHUB_EVENT_PATH", environment.get("GITHUB_EVENT_NAME"), expected, fix))
    refuse(problems)
    repository = environment["GITHUB_REPOSITORY"]
    issues = f"{environment['GITHUB_API_URL']}/repos/{repository}/issues"
    run = f"{environment['GITHUB_SERVER_URL']}/{repository}/actions/runs/{environment['GITHUB_RUN_ID']}"
    return Place(
        forge=Forge.GITHUB,
        # GitHub has a pull request's comments where it has those of issues (GitHub docs, REST API, Issue comments).
        comments_url=f"{issues}/{number}/comments",
        edit_url=f"{issues}/comments",
        user_url=f"{environment['GITHUB_API_URL']}/user",
        token=environment["GITHUB_TOKEN"],
        commit=str(request.get("head", {}).get("sha", "")),
        job_url=run,
    )


def _pull_request(event: str) -> Mapping[str, Any]:
    try:
        request = json.loads(event)["pull_request"]
    except (ValueError, KeyError, TypeError):
        return {}
    return request if isinstance(request, dict) else {}


def _at_gitlab(environment: Mapping[str, str]) -> Place:
    fix = "a masked variable with a project access token: role Reporter, scope api"
    problems = _missing(environment, "GITLAB_TOKEN", fix)
    if not environment.get("CI_MERGE_REQUEST_IID"):
        expected = "a pipeline of a merge request"
        fix = 'give the job rules: [{if: $CI_PIPELINE_SOURCE == "merge_request_event"}]'
        problems.append(
            _problem("CI_MERGE_REQUEST_IID", environment.get("CI_PIPELINE_SOURCE"), expected, fix)
        )
    refuse(problems)
    api = environment["CI_API_V4_URL"]
    project = quote(environment["CI_MERGE_REQUEST_PROJECT_ID"], safe="")
    notes = f"{api}/projects/{project}/merge_requests/{environment['CI_MERGE_REQUEST_IID']}/notes"
    return Place(
        forge=Forge.GITLAB,
        comments_url=notes,
        edit_url=notes,
        user_url=f"{api}/user",
        token=environment["GITLAB_TOKEN"],
        commit=environment.get("CI_COMMIT_SHA", ""),
        job_url=environment.get("CI_JOB_URL", ""),
    )


def _missing(environment: Mapping[str, str], name: str, fix: str) -> list[Problem]:
    return [] if environment.get(name) else [_problem(name, None, "a token that may write the comment", fix)]


def _problem(name: str, value: object, expected: str, fix: str) -> Problem:
    return Problem(component=COMPONENT, field=name, value=value, expected=expected, fix=fix)
