"""`comment`: a preview as a comment on the pull request that a job is about."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ci_runners.cli.exit_codes import NOT_WRITTEN, NOTHING_READ, WRONG_INPUT
from ci_runners.comment import (
    CommentSpec,
    NotWritten,
    Place,
    comment_problems,
    find_place,
    marker,
    render_comment,
    write,
)
from ci_runners.explain import Explanation, explain, read_preview
from ci_runners.problems import InvalidInput, refuse


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "comment",
        help="a preview as a comment on a pull request, edited in place",
        description="Writes what a preview means as a comment on the pull request, or the merge request, that this job of"
        " GitHub Actions or GitLab CI is about; the next job edits it. The token is GITHUB_TOKEN's or GITLAB_TOKEN's."
        f" Exit code: 0 when it is written, whatever it says, {NOTHING_READ} when it says that there is no preview,"
        f" {NOT_WRITTEN} when the forge has refused, {WRONG_INPUT} outside of such a job.",
    )
    parser.set_defaults(run=_run, prog=parser.prog)
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="what `pulumi preview --json` has written; it may be empty"
    )
    parser.add_argument("--stack", metavar="NAME", required=True, help="each stack has a comment of its own")
    parser.add_argument(
        "--text",
        metavar="FILE",
        type=Path,
        help="what `pulumi preview` has written for people (default: none)",
    )
    parser.add_argument("--remark", metavar="TEXT", default="", help="a sentence under the heading")
    parser.add_argument("--print", action="store_true", help="only print it: no token is needed")


def _run(given: argparse.Namespace) -> int:
    try:
        refuse(comment_problems(given.stack))
        environment = os.environ  # noqa: TID251  a job says there what it is about
        place = None if given.print else find_place(environment, _event(environment))
        explanation = _explanation(given.file.read_text(encoding="utf-8"))
        text = "" if given.text is None else given.text.read_text(encoding="utf-8", errors="replace")
    except InvalidInput as refusal:
        sys.stderr.writelines(f"{given.prog}: error: {problem}\n" for problem in refusal.problems)
        return WRONG_INPUT
    except (OSError, UnicodeDecodeError) as problem:
        sys.stderr.write(f"{given.prog}: error: {problem}\n")
        return NOTHING_READ
    spec = CommentSpec(
        stack=given.stack,
        explanation=explanation,
        text=text,
        remark=given.remark,
        commit=place.commit if place else "",
        job_url=place.job_url if place else "",
    )
    return _write(given, place, spec)


def _write(given: argparse.Namespace, place: Place | None, spec: CommentSpec) -> int:
    body = render_comment(spec)
    if place is None:
        sys.stdout.write(body)
    else:
        try:
            done = write(place, marker(spec.stack), body)
        except NotWritten as problem:
            sys.stderr.write(f"{given.prog}: error: {problem}\n")
            return NOT_WRITTEN
        sys.stdout.write(f"The comment of {spec.stack} is {done}.\n")
    return 0 if spec.explanation is not None else NOTHING_READ


def _event(environment: Mapping[str, str]) -> str:
    """What GitHub says of the event; elsewhere nothing."""
    named = environment.get("GITHUB_EVENT_PATH", "")
    return Path(named).read_text(encoding="utf-8") if named else ""


def _explanation(text: str) -> Explanation | None:
    """None where Pulumi could not even begin, and wrote nothing or something else."""
    try:
        return explain(read_preview(text))
    except InvalidInput:
        return None
