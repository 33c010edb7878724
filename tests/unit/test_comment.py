"""The comment on a pull request: what it says, what it never does, where it goes."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_runners.__main__ import main
from ci_runners.cli.exit_codes import NOTHING_READ, WRONG_INPUT
from ci_runners.comment import CommentSpec, Forge, find_place, marker, render_comment
from ci_runners.comment.body import MOST
from ci_runners.explain import Explanation, Finding, Severity, Topic, explain, read_preview
from ci_runners.explain.markdown import as_markdown, code, fenced, plain
from ci_runners.explain.show import as_text
from ci_runners.problems import InvalidInput

PREVIEWS = Path(__file__).parent / "previews"
EVENT = json.dumps({"pull_request": {"number": 7, "head": {"sha": "a" * 40}}})
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_API_URL": "https://api.github.com",
    "GITHUB_REPOSITORY": "octo-org/app",
    "GITHUB_RUN_ID": "42",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_TOKEN": "ghs_made-up",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_API_V4_URL": "https://gitlab.example.com/api/v4",
    "CI_COMMIT_SHA": "b" * 40,
    "CI_JOB_URL": "https://gitlab.example.com/team/app/-/jobs/9",
    "CI_MERGE_REQUEST_IID": "3",
    "CI_MERGE_REQUEST_PROJECT_ID": "12",
    "GITLAB_TOKEN": "glpat-made-up",
}
NAMES = sorted(file.stem for file in PREVIEWS.glob("*.json"))


def explained(name: str) -> Explanation:
    return explain(read_preview((PREVIEWS / f"{name}.json").read_text()))


def finding(sentence: str, resource: str = "prod-runner") -> Explanation:
    one = Finding(topic=Topic.OTHERS, resource=resource, urn="urn", sentence=sentence, severity=Severity.CALM)
    return Explanation(stack="prod", findings=(one,), seconds=0, start_seconds=0, errors=())


def words(text: str) -> list[str]:
    """The words of a text, without what shapes them."""
    return re.findall(r"[\w.-]+", re.sub("[\\\\\N{WORD JOINER}`*#]", "", text))


def outside(body: str) -> list[str]:
    """The lines of a comment that are not in a block of code."""
    lines, fence = [], ""
    for line in body.splitlines():
        if not fence and line.startswith("```"):
            fence = line.removesuffix("text")
        elif fence and line == fence:
            fence = ""
        elif not fence:
            lines.append(line)
    assert fence == ""
    return lines


@pytest.mark.parametrize("name", NAMES)
def test_the_markdown_says_what_the_text_says(name: str) -> None:
    said = as_text(explained(name))
    numbered = re.sub(r"^  (\d+\.|-) ", "", said, flags=re.MULTILINE)
    shown = re.sub(r"^(\d+\.|-) ", "", as_markdown(explained(name)), flags=re.MULTILINE)

    assert words(shown) == words(numbered)


def test_stops_are_numbered_in_their_order_and_the_rest_is_listed() -> None:
    lines = as_markdown(explained("dind-daemon-image")).splitlines()

    assert lines[0] == "### ci-runners/dev: something stops; choose the hour."
    assert [line.split(":")[0] for line in lines if re.match(r"\d\.", line)] == [
        "1. `explain-dind-runner`",
        "2. `explain-dind-dind`",
    ]
    assert "Up to 1 hour and 1 minute in all, if what runs takes that long, then up to 3 minutes" in lines[7]


def test_the_comment_begins_with_its_marker_and_the_verdict_and_ends_with_what_it_is_about() -> None:
    spec = CommentSpec(
        stack="prod",
        explanation=explained("dind-daemon-image"),
        text="Previewing update (prod)",
        remark="Without secrets.",
        commit="c" * 40,
        job_url="https://forge.example.com/jobs/1",
    )
    lines = render_comment(spec).splitlines()

    assert lines[:2] == [
        "<!-- ci-runners preview: prod -->",
        "### ci-runners/dev: something stops; choose the hour.",
    ]
    assert lines[3] == "_Without secrets._"
    assert lines[-1] == "Of commit `cccccccccccc`, by [this job](<https://forge.example.com/jobs/1>)."
    assert "```text\nPreviewing update (prod)\n```" in "\n".join(lines)


def test_where_there_is_no_preview_the_comment_says_so_with_pulumis_own_words() -> None:
    body = render_comment(CommentSpec(stack="prod", explanation=None, text="error: no stack named 'prod'"))

    assert "### prod: there is no preview." in body
    assert "error: no stack named 'prod'" in body
    assert "The job says why" in render_comment(CommentSpec(stack="prod", explanation=None))


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("it is @octocat's", "it is @\N{WORD JOINER}octocat's"),
        ("closes #1 and !2", "closes #\N{WORD JOINER}1 and !\N{WORD JOINER}2"),
        ("![x](http://a/b.png)", "!\N{WORD JOINER}\\[x\\](http://a/b.png)"),
        ("<img src=x> &copy; **bold**", "\\<img src=x\\> \\&copy; \\*\\*bold\\*\\*"),
        ("two\n/close\nlines", "two /close lines"),
    ],
)
def test_what_a_program_says_mentions_links_and_orders_nothing(sentence: str, shown: str) -> None:
    assert plain(sentence) == shown
    assert f"- `prod-runner`: {shown}" in as_markdown(finding(sentence))


def test_a_name_cannot_leave_its_code() -> None:
    assert code("a`b\nc") == "`a'b c`"
    assert "- `a'@x`: Gone." in as_markdown(finding("Gone.", resource="a`@x"))


@given(st.text(alphabet=st.sampled_from("`~/ab \n@"), max_size=60))
def test_no_text_ends_its_block_of_code_or_orders_something(text: str) -> None:
    shown = fenced(text).splitlines()
    assert [line for line in shown[1:-1] if line.startswith(("/", "`", "~"))] == []
    assert shown[0] == f"{shown[-1]}text"
    assert shown[-1] not in "\n".join(shown[1:-1])


def test_in_a_whole_comment_no_line_is_an_order() -> None:
    text = "before\n```\n/close\n```\n/approve"
    body = render_comment(CommentSpec(stack="prod", explanation=finding("x\n/merge"), text=text))

    assert [line for line in body.splitlines() if line.startswith("/")] == []
    assert "<details>" in outside(body)[-4]
    assert "</details>" in outside(body)


def test_a_comment_fits_and_says_what_it_leaves_out() -> None:
    lines = [f"line {number}" for number in range(20_000)]
    many = tuple(
        Finding(topic=Topic.OTHERS, resource=f"one-{number}", urn="urn", sentence=f"Sentence {number}.")
        for number in range(5_000)
    )
    everything = Explanation(stack="prod", findings=many, seconds=0, start_seconds=0, errors=())
    body = render_comment(CommentSpec(stack="prod", explanation=everything, text="\n".join(lines)))

    assert len(body) <= MOST
    assert "There is more than a comment holds" in body
    assert "The beginning is left out: the job has it." in body
    assert "\nline 19999\n```" in body
    first = re.search(r"```text\n(.*)\n", body)
    assert first is not None
    assert first[1] in lines


def test_a_place_at_github_is_the_pull_request_of_the_event() -> None:
    place = find_place(GITHUB, EVENT)

    assert place.forge is Forge.GITHUB
    assert place.comments_url == "https://api.github.com/repos/octo-org/app/issues/7/comments"
    assert place.edit_url == "https://api.github.com/repos/octo-org/app/issues/comments"
    assert place.commit == "a" * 40
    assert place.job_url == "https://github.com/octo-org/app/actions/runs/42"


def test_a_place_at_gitlab_is_the_merge_request_in_its_target_project() -> None:
    place = find_place(GITLAB)

    assert place.forge is Forge.GITLAB
    assert place.comments_url == place.edit_url
    assert place.comments_url == "https://gitlab.example.com/api/v4/projects/12/merge_requests/3/notes"
    assert (place.commit, place.job_url) == (GITLAB["CI_COMMIT_SHA"], GITLAB["CI_JOB_URL"])


def test_the_token_is_shown_by_nothing() -> None:
    assert "made-up" not in repr(find_place(GITHUB, EVENT))
    assert "made-up" not in repr(find_place(GITLAB))


@pytest.mark.parametrize(
    ("environment", "event", "fields"),
    [
        ({}, "", ["environment"]),
        ({**GITHUB, "GITHUB_TOKEN": ""}, "{}", ["GITHUB_TOKEN", "GITHUB_EVENT_PATH"]),
        (GITHUB, "no JSON", ["GITHUB_EVENT_PATH"]),
        (GITHUB, '{"pull_request": null}', ["GITHUB_EVENT_PATH"]),
        ({"GITLAB_CI": "true"}, "", ["GITLAB_TOKEN", "CI_MERGE_REQUEST_IID"]),
    ],
)
def test_what_a_job_does_not_say_is_named_all_at_once(
    environment: dict[str, str], event: str, fields: list[str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        find_place(environment, event)
    assert [problem.field for problem in refused.value.problems] == fields


def test_explain_writes_markdown_too(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(PREVIEWS / "dind-nothing.json")

    assert main(["explain", file, "--format", "markdown"]) == 0
    assert capsys.readouterr().out == "### ci-runners/dev: nothing changes.\n"


def test_the_command_prints_the_comment_without_a_job(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(PREVIEWS / "dind-destroy.json")

    assert main(["comment", file, "--stack", "prod", "--print"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(marker("prod"))
    assert "**What is lost:**" in shown


def test_an_empty_preview_is_said_and_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "preview.json").touch()
    (tmp_path / "preview.txt").write_text("error: passphrase must be set")
    given = [str(tmp_path / "preview.json"), "--text", str(tmp_path / "preview.txt")]

    assert main(["comment", *given, "--stack", "prod", "--print"]) == NOTHING_READ
    assert "error: passphrase must be set" in capsys.readouterr().out


@pytest.mark.parametrize("stack", ["", "a b", "prod -->", "a/b/c/d"])
def test_a_name_that_no_stack_has_is_refused(stack: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["comment", "none.json", "--stack", stack, "--print"]) == WRONG_INPUT
    assert "comment: --stack: got" in capsys.readouterr().err


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["comment", str(tmp_path / "none.json"), "--stack", "prod", "--print"]) == NOTHING_READ
    assert "none.json" in capsys.readouterr().err
