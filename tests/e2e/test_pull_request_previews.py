"""A preview as a comment: both forges' templates, run by act and by gitlab-ci-local, edit the comment that was there.

More runs of them, a program that is refused, and forks: tests/prove/test_pull_requests.py.
"""

import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ci_runners.comment import marker
from tests.e2e.preview_forges import PERSON, Request, github_request, gitlab_request
from tests.e2e.preview_runs import SECRET, STACK
from tests.e2e.pulumi_cli import REPOSITORY
from tests.unit.test_pull_request_files import WORKFLOWS

pytestmark = pytest.mark.e2e

PREVIEWS = REPOSITORY / "tests" / "unit" / "previews"


@pytest.mark.parametrize("forge", [github_request, gitlab_request], ids=["github", "gitlab"])
def test_a_run_of_the_template_edits_the_comment_that_an_earlier_one_made(
    forge: Callable[[Path], AbstractContextManager[Request]], tmp_path: Path
) -> None:
    with forge(tmp_path) as request:
        assert request.write(PREVIEWS / "dind-nothing.json") == f"The comment of {STACK} is made.\n"
        before = request.comments()
        assert before[1].body.splitlines()[:2] == [marker(STACK), "### ci-runners/dev: nothing changes."]

        ran = request.run()

        assert ran.code == 0, ran.shown
        after = request.comments()
        assert [each.number for each in after] == [each.number for each in before]
        assert after[0].body == PERSON
        lines = after[1].body.splitlines()
        verdict = "something gains a privilege; let someone else look too."
        assert lines[:2] == [marker(STACK), f"### {request.template}/{STACK}: {verdict}"]
        assert "**What gains a privilege, or gives one up:**" in lines
        assert " +  ci-runners:index:BuildkitDaemon ci-buildkit create " in lines
        assert "ci-runners@v1.0.0 (local: policies)" in after[1].body
        assert SECRET not in after[1].body
        assert f"Of commit `{request.repository.git('rev-parse', 'HEAD')[:12]}`" in lines[-1]


def test_actionlint_finds_nothing_in_any_workflow() -> None:
    ran = subprocess.run(
        ["actionlint", "-oneline", "-no-color", *WORKFLOWS], capture_output=True, text=True, check=False
    )

    assert (ran.returncode, ran.stdout) == (0, "")
