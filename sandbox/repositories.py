"""Bare git repositories on disk, through git itself."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

NO_COMMIT = "0" * 40
_COMMIT_FORMAT = "%H%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x01"


class GitError(RuntimeError):
    """git refused; the text is what it said."""


@dataclass(frozen=True, kw_only=True)
class Commit:
    """What git knows of a commit."""

    sha: str
    parents: list[str]
    author_name: str
    author_email: str
    authored_at: str
    committer_name: str
    committer_email: str
    committed_at: str
    message: str

    @property
    def title(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]


@dataclass(frozen=True, kw_only=True)
class File:
    """A file at some commit."""

    blob: str
    executable: bool
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a commit does to one file; no content removes it."""

    path: str
    content: bytes | None
    executable: bool = False


def git_environment() -> dict[str, str]:
    """An environment in which git reads no settings of the machine or the user."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }


class Repository:
    """One bare repository."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self, default_branch: str) -> None:
        """Makes it, empty."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        branch = f"--initial-branch={default_branch}"
        # Without a template there are no sample hooks.
        self._git("init", "--quiet", "--bare", "--template=", branch, str(self.path), inside=False)

    def refs(self) -> dict[str, str]:
        """Every branch and tag by its full name, and its commit. A tag of something else is left out."""
        fields = "%(objecttype) %(objectname) %(refname)%00%(*objecttype) %(*objectname) %(refname)"
        listed = self._git("for-each-ref", f"--format={fields}", *_REF_ROOTS).decode()
        entries = (entry.split(" ", 2) for line in listed.splitlines() for entry in line.split("\0"))
        return {name: sha for kind, sha, name in entries if kind == "commit"}

    def resolve(self, revision: str) -> str | None:
        """The commit that a branch, tag or (short) hash names."""
        for name in (f"refs/heads/{revision}", f"refs/tags/{revision}", revision):
            try:
                found = self._git(
                    "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
                )
            except GitError:
                continue
            return found.decode().strip()
        return None

    def commits(self, revision: str, limit: int) -> list[Commit]:
        """The newest commits up to a commit's hash, newest first."""
        out = self._git("log", f"--format={_COMMIT_FORMAT}", f"--max-count={limit}", revision, "--")
        return [_commit(entry) for entry in out.decode(errors="replace").split("\x01\n") if entry]

    def commit(self, sha: str) -> Commit:
        """The commit with this full hash. It never changes, so git is asked once."""
        return _cached_commit(self.path, sha)

    def last_change(self, revision: str, path: str) -> str:
        """The hash of the last commit that touched a file."""
        return self._git("rev-list", "-1", revision, "--", f":(literal){path}").decode().strip()

    def file(self, revision: str, path: str) -> File | None:
        """The file at this path, or None if there is none."""
        listed = self._git("ls-tree", "-z", revision, "--", f":(literal){path}").decode()
        entry = listed.partition("\0")[0]
        facts, _, name = entry.partition("\t")
        mode, kind, blob = [*facts.split(" "), "", ""][:3]
        if name != path or kind != "blob":
            return None
        content = self._git("cat-file", "blob", blob)
        return File(blob=blob, executable=mode == "100755", content=content)

    def folder(self, revision: str, path: str) -> list[str]:
        """Paths of the files that lie directly in a folder, in git's order; none if it is not there."""
        listed = self._git("ls-tree", "-z", revision, "--", f":(literal){path}/").decode()
        entries = (entry.partition("\t") for entry in listed.split("\0") if entry)
        return [name for facts, _, name in entries if facts.split(" ")[1] == "blob"]

    def write(
        self,
        *,
        branch: str,
        parent: str | None,
        changes: Sequence[Change],
        message: str,
        author: tuple[str, str],
        at: int,
    ) -> str:
        """Commits changes to a branch, which is made if it is not there.

        Args:
            branch: its short name.
            parent: hash of the commit to build on; None for the first commit of all.
            changes: what happens to which file.
            message: the commit's message.
            author: name and e-mail address.
            at: seconds since 1970.
        """
        who = f"{author[0]} <{author[1]}> {at} +0000"
        text = message.encode()
        stream = [f"commit refs/heads/{branch}\ncommitter {who}\ndata {len(text)}\n".encode(), text, b"\n"]
        if parent is not None:
            stream.append(f"from {parent}\n".encode())
        for change in changes:
            if change.content is None:
                stream.append(f"D {change.path}\n".encode())
            else:
                mode = "100755" if change.executable else "100644"
                header = f"M {mode} inline {change.path}\ndata {len(change.content)}\n"
                stream += [header.encode(), change.content, b"\n"]
        self._git("fast-import", "--quiet", "--done", given=b"".join([*stream, b"done\n"]))
        made = self.resolve(branch)
        if made is None:
            raise GitError(f"fast-import left no branch {branch}")
        return made

    def check_branch(self, name: str) -> None:
        """Refuses a name that git would not take for a branch."""
        self._git("check-ref-format", f"refs/heads/{name}")

    def set_ref(self, name: str, sha: str) -> None:
        """Points a full ref name at a commit."""
        self._git("update-ref", name, sha)

    def delete_ref(self, name: str) -> None:
        """Removes a ref by its full name."""
        self._git("update-ref", "-d", name)

    def set_head(self, branch: str) -> None:
        """Makes a branch the one that clones check out."""
        self._git("symbolic-ref", "HEAD", f"refs/heads/{branch}")

    def _git(self, *words: str, given: bytes | None = None, inside: bool = True) -> bytes:
        place = ["--git-dir", str(self.path)] if inside else []
        done = subprocess.run(
            ["git", *place, *words],
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            env=git_environment(),
            check=False,
        )
        if done.returncode:
            raise GitError(done.stderr.decode(errors="replace").strip())
        return done.stdout


_REF_ROOTS = ("refs/heads", "refs/tags")


@lru_cache(maxsize=1024)
def _cached_commit(path: Path, sha: str) -> Commit:
    return Repository(path).commits(sha, 1)[0]


def _commit(entry: str) -> Commit:
    sha, parents, name, email, authored, committer, committer_email, committed, message = entry.split("\0", 8)
    return Commit(
        sha=sha,
        parents=parents.split(),
        author_name=name,
        author_email=email,
        authored_at=authored,
        committer_name=committer,
        committer_email=committer_email,
        committed_at=committed,
        message=message,
    )
