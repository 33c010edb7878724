"""The text of the comment."""

import re
from dataclasses import dataclass

from ci_runners.explain import Explanation
from ci_runners.explain.markdown import as_markdown, code, fenced, plain
from ci_runners.problems import Problem

MOST = 65_000
"""Characters. GitHub takes 65,536 in a comment and GitLab a million (GitLab docs, Application limits)."""

_MOST_EXPLAINED = 40_000
_MOST_SHOWN = 20_000
_STACK = re.compile(r"[A-Za-z0-9_.-]{1,100}(/[A-Za-z0-9_.-]{1,100}){0,2}")
"""Stack names (Pulumi docs, Stacks), also with organization and project."""


@dataclass(frozen=True, kw_only=True)
class CommentSpec:
    """What a comment says."""

    stack: str
    """Which stack it is about: each has a comment of its own."""

    explanation: Explanation | None
    """None where Pulumi wrote no preview: the comment says so, since an older one would mislead."""

    text: str = ""
    """What `pulumi preview` has written for people, with its policy pack. It is cut at its beginning: the summary and the
    policies stand at its end."""

    remark: str = ""
    """A sentence under the heading. Empty: none."""

    commit: str = ""
    """The commit that was looked at. Empty: not said."""

    job_url: str = ""
    """The job that looked. Empty: not said."""


def comment_problems(stack: str) -> list[Problem]:
    """What is wrong with a comment's values."""
    if _STACK.fullmatch(stack):
        return []
    expected = "a stack's name, also with its organization and project"
    fix = "use letters, digits, and _ . - /"
    return [Problem(component="comment", field="--stack", value=stack, expected=expected, fix=fix)]


def marker(stack: str) -> str:
    """The first line of a stack's comment, by which it is found again. Nobody sees it."""
    return f"<!-- ci-runners preview: {stack} -->"


def render_comment(spec: CommentSpec) -> str:
    """Render the comment: the marker, the explanation, Pulumi's own text folded away, and what it is about."""
    heading, _, rest = _explained(spec).partition("\n")
    parts = [
        f"{marker(spec.stack)}\n{heading}",
        *([f"_{plain(spec.remark)}_"] if spec.remark else []),
        *([_shortened(rest)] if rest.strip() else []),
        *([_folded(spec.text)] if spec.text.strip() else []),
        *([_footer(spec)] if spec.commit or spec.job_url else []),
    ]
    return "\n\n".join(parts) + "\n"


def _explained(spec: CommentSpec) -> str:
    if spec.explanation is not None:
        return as_markdown(spec.explanation)
    where = "What it said is below" if spec.text.strip() else "The job says why"
    return f"### {plain(spec.stack)}: there is no preview.\n\nPulumi has not written one. {where}."


def _shortened(text: str) -> str:
    """Whole lines, as many as there is room for."""
    if len(text) <= _MOST_EXPLAINED:
        return text.strip("\n")
    kept = text[:_MOST_EXPLAINED].rpartition("\n")[0].strip("\n")
    return f"{kept}\n\nThere is more than a comment holds: `python -m ci_runners explain` says the rest."


def _folded(text: str) -> str:
    kept = text.strip("\n")[-_MOST_SHOWN:]
    note = ""
    if len(kept) < len(text.strip("\n")):
        kept = kept.partition("\n")[2] or kept
        note = "The beginning is left out: the job has it.\n\n"
    summary = "<details><summary>What <code>pulumi preview</code> says</summary>"
    return f"{summary}\n\n{note}{fenced(kept)}\n\n</details>"


def _footer(spec: CommentSpec) -> str:
    about = f"Of commit {code(spec.commit[:12])}" if spec.commit else "Of the newest commit"
    return f"{about}, by [this job](<{spec.job_url}>)." if spec.job_url else f"{about}."
