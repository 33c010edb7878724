"""A preview as a comment on a pull request or a merge request: one a stack, edited in place."""

from ci_runners.comment.body import CommentSpec, comment_problems, marker, render_comment
from ci_runners.comment.forge import NotWritten, write
from ci_runners.comment.place import Forge, Place, find_place

__all__ = [
    "CommentSpec",
    "Forge",
    "NotWritten",
    "Place",
    "comment_problems",
    "find_place",
    "marker",
    "render_comment",
    "write",
]
