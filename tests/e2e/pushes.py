"""A project's sources and its pipeline, pushed by real git to the sandbox."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from gitlab.v4.objects import Project

WHO = ["-c", "user.name=ci-runners", "-c", "user.email=ci-runners@example.com"]


def push(project: Project, source: Path, pipeline: str, token: str) -> str:
    """Make a folder and a pipeline the whole of the project's branch main; returns the commit."""
    url = project.http_url_to_repo.replace("://", f"://root:{token}@", 1)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        shutil.copytree(source, work)
        (work / ".gitlab-ci.yml").write_text(pipeline)

        def git(*words: str) -> str:
            env = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
            done = subprocess.run(
                ["git", *WHO, *words], cwd=work, env=env, check=True, capture_output=True, text=True
            )
            return done.stdout.strip()

        git("init", "--quiet", "--initial-branch=main")
        git("add", "--all")
        git("commit", "--quiet", "--message", "The project")
        git("push", "--quiet", "--force", url, "main")
        return git("rev-parse", "HEAD")
