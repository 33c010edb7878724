"""The templates of pull requests, run after run: a comment is made, then edited, whatever the program has come to; a fork
has no secrets, writes no comment, and still sees what its change would do."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ci_runners.comment import marker
from tests.e2e.preview_forges import PERSON, Request, github_request, gitlab_request
from tests.e2e.preview_runs import STACK, WORKFLOW
from tests.e2e.pulumi_cli import REPOSITORY

pytestmark = pytest.mark.e2e

PREVIEWS = REPOSITORY / "tests" / "unit" / "previews"
WRONG = "memory: got 1, expected"


@pytest.fixture(params=[github_request, gitlab_request], ids=["github", "gitlab"])
def request_(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Request]:
    forge: Callable[[Path], AbstractContextManager[Request]] = request.param
    with forge(tmp_path) as made:
        yield made


def verdict(body: str) -> str:
    mark, heading, *_ = body.splitlines()
    assert mark == marker(STACK)
    return heading.partition(": ")[2]


def test_the_first_run_makes_the_comment_and_the_next_ones_edit_it(request_: Request) -> None:
    ran = request_.run()
    assert ran.code == 0, ran.shown
    person, first = request_.comments()
    assert person.body == PERSON
    assert verdict(first.body) == "something gains a privilege; let someone else look too."

    request_.repository.change('"memory": 4096', '"memory": 1')
    ran = request_.run()
    assert ran.code != 0, ran.shown
    person, second = request_.comments()
    assert (second.number, verdict(second.body)) == (first.number, "Pulumi would refuse this.")
    assert WRONG in second.body

    request_.repository.program.write_text("import none_such\n")
    request_.repository.commit()
    ran = request_.run()
    assert ran.code != 0, ran.shown
    _, third = request_.comments()
    assert third.number == first.number
    assert "No module named 'none_such'" in third.body


def test_where_the_preview_cannot_even_begin_the_comment_says_that_there_is_none(request_: Request) -> None:
    request_.write(PREVIEWS / "dind-nothing.json")
    *_, first = request_.comments()
    at_github = request_.repository.source / WORKFLOW
    file = at_github if at_github.is_file() else request_.repository.source / ".gitlab-ci.yml"
    note = re.search(r"^ +# Twice: .*$", text := file.read_text(), re.MULTILINE)
    assert note is not None
    failing = note[0].partition("#")[0] + ("exit 7" if file == at_github else "- exit 7")
    file.write_text(text.replace(note[0], failing))
    request_.repository.commit()

    ran = request_.run()

    assert ran.code != 0, ran.shown
    *_, second = request_.comments()
    assert second.number == first.number
    assert verdict(second.body) == "there is no preview."


def test_a_fork_sees_what_its_change_would_do_without_a_secret_and_without_a_comment(
    request_: Request,
) -> None:
    ran = request_.run_of_fork()

    assert ran.code == 0, ran.shown
    assert "Created stack 'prod'" in ran.shown
    assert "ci-runners:index:BuildkitDaemon ci-buildkit create" in ran.shown
    assert [each.body for each in request_.comments()] == [PERSON]
    # Both keep as an artifact what is shown.
    one = request_.repository
    kept = (one.source / "preview.md", one.folder / "artifacts" / "preview-without-secrets" / "preview.md")
    (file,) = filter(Path.is_file, kept)
    summary = file.read_text()
    assert summary.splitlines()[0] == marker(STACK)
    assert "_Without secrets and without the stack's state, as if nothing were there yet._" in summary
