"""The build contexts: copies of the projects, with the bench's base images in their Dockerfiles."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

PROJECTS = Path(__file__).parent / "projects"
_FROM = re.compile(r"^FROM (slim|compiler)\b", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Project:
    """One of the folders in `projects`, and how one file of it is changed."""

    name: str
    title: str
    changed_file: str
    change: str
    """What is added to the file; `{text}` makes every run's differ."""
    compiler: bool = False
    """Whether it starts from `compiler` too, not from `slim` alone."""
    mount: bool = False
    """Whether it has a Dockerfile with a cache mount."""


ALL = (
    Project(name="tiny", title="tiny", changed_file="greeting.txt", change="Changed in run {text}.\n"),
    Project(
        name="many-layers", title="many layers", changed_file="part-10.txt", change="Changed in run {text}.\n"
    ),
    Project(
        name="compile",
        title="compile",
        changed_file="main.c",
        change='const char changed[] = "in run {text}";\n',
        compiler=True,
        mount=True,
    ),
)


def with_bases(dockerfile: str, *, prefix: str, tag: str) -> str:
    """A Dockerfile that starts from the bench's base images: `FROM slim` becomes `FROM <prefix>slim:<tag>`."""
    return _FROM.sub(rf"FROM {prefix}\1:{tag}", dockerfile)


def write(project: Project, folder: Path, *, prefix: str, tag: str) -> None:
    """Write the project's context into the folder, in the place of what is there."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PROJECTS / project.name, folder)
    for dockerfile in folder.glob("Dockerfile*"):
        dockerfile.write_text(with_bases(dockerfile.read_text(), prefix=prefix, tag=tag))


def change(project: Project, folder: Path, text: str) -> None:
    """Change the one file."""
    with (folder / project.changed_file).open("a") as file:
        file.write(project.change.format(text=text))
