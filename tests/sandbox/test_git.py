"""The real git client against the sandbox's git hosting."""

from pathlib import Path

import pytest
from gitlab.v4.objects import Project

from tests.sandbox.harness import ROOT_TOKEN, MakeRunner, commit_ci, git


def address(url: str, project: Project, user: str, password: str) -> str:
    return f"{url.replace('://', f'://{user}:{password}@')}/{project.path_with_namespace}.git"


def as_root(url: str, project: Project) -> str:
    return address(url, project, "root", ROOT_TOKEN)


@pytest.fixture
def checkout(url: str, project: Project, tmp_path: Path) -> Path:
    """A repository with one commit on `main`, which is not pushed yet."""
    place = tmp_path / "checkout"
    git("init", "--quiet", "--initial-branch=main", str(place), cwd=tmp_path)
    git("remote", "add", "origin", as_root(url, project), cwd=place)
    (place / ".gitlab-ci.yml").write_text("a: {script: [x]}\n")
    git("add", ".", cwd=place)
    git("commit", "--quiet", "--message=first", cwd=place)
    return place


def head(place: Path) -> str:
    return git("rev-parse", "HEAD", cwd=place).stdout.strip()


def test_a_push_makes_a_pipeline_and_protects_the_branch(checkout: Path, project: Project) -> None:
    git("push", "--quiet", "origin", "main", cwd=checkout)
    pipelines = project.pipelines.list(get_all=True)
    assert [(item.ref, item.sha, item.source) for item in pipelines] == [("main", head(checkout), "push")]
    assert project.branches.get("main").protected


def test_every_branch_and_tag_of_one_push_gets_a_pipeline(checkout: Path, project: Project) -> None:
    git("branch", "topic", cwd=checkout)
    git("tag", "--annotate", "v1", "--message=v1", cwd=checkout)
    git("push", "--quiet", "origin", "main", "topic", "v1", cwd=checkout)
    assert sorted(item.ref for item in project.pipelines.list(get_all=True)) == ["main", "topic", "v1"]
    git("push", "--quiet", "origin", "--delete", "topic", cwd=checkout)
    assert len(project.pipelines.list(get_all=True)) == 3


def test_the_first_branch_becomes_the_default_one(checkout: Path, project: Project) -> None:
    git("push", "--quiet", "origin", "main:trunk", cwd=checkout)
    assert project.branches.get("trunk").default


def test_a_commit_can_ask_for_no_jobs(checkout: Path, project: Project) -> None:
    git("commit", "--quiet", "--amend", "--message=docs [skip ci]", cwd=checkout)
    git("push", "--quiet", "origin", "main", cwd=checkout)
    assert [item.status for item in project.pipelines.list(get_all=True)] == ["skipped"]
    assert project.jobs.list(get_all=True) == []


def test_a_large_push_arrives_whole(checkout: Path, project: Project, tmp_path: Path, url: str) -> None:
    # More than git's buffer, so that the client sends it in chunks without a length.
    content = b"".join(number.to_bytes(4, "big") for number in range(300_000))
    (checkout / "large.bin").write_bytes(content)
    git("add", ".", cwd=checkout)
    git("commit", "--quiet", "--message=large", cwd=checkout)
    git("push", "--quiet", "origin", "main", cwd=checkout)
    git("clone", "--quiet", as_root(url, project), str(tmp_path / "clone"), cwd=tmp_path)
    assert (tmp_path / "clone/large.bin").read_bytes() == content


def test_a_push_that_would_lose_commits_is_refused(
    checkout: Path, project: Project, tmp_path: Path, url: str
) -> None:
    git("push", "--quiet", "origin", "main", cwd=checkout)
    git("clone", "--quiet", as_root(url, project), str(tmp_path / "clone"), cwd=tmp_path)
    project.files.create({"file_path": "b", "branch": "main", "content": "b", "commit_message": "b"})
    git("commit", "--quiet", "--allow-empty", "--message=second", cwd=checkout)
    refused = git("push", "--quiet", "origin", "main", cwd=checkout, check=False)
    assert refused.returncode != 0
    assert "rejected" in refused.stderr


def test_strangers_see_nothing(url: str, project: Project, tmp_path: Path) -> None:
    for user, password in (("root", "wrong"), ("gitlab-ci-token", "glcbt-wrong")):
        refused = git("ls-remote", address(url, project, user, password), cwd=tmp_path, check=False)
        assert refused.returncode != 0
    missing = f"{url.replace('://', f'://root:{ROOT_TOKEN}@')}/root/none-such.git"
    assert "not found" in git("ls-remote", missing, cwd=tmp_path, check=False).stderr


def test_a_job_reads_its_project_by_its_token_and_writes_only_where_that_is_allowed(
    project: Project, runner_of: MakeRunner, tmp_path: Path
) -> None:
    commit_ci(project, "a: {script: [x]}")
    runner = runner_of(project)
    job = runner.take()
    place = tmp_path / "clone"
    git("clone", "--quiet", job["git_info"]["repo_url"], str(place), cwd=tmp_path)
    git("fetch", "--quiet", "origin", *job["git_info"]["refspecs"], cwd=place)
    assert head(place) == job["git_info"]["sha"]
    git("commit", "--quiet", "--allow-empty", "--message=from a job", cwd=place)
    assert git("push", "origin", "main", cwd=place, check=False).returncode != 0
    project.ci_push_repository_for_job_token_allowed = True
    project.save()
    git("push", "--quiet", "origin", "main", cwd=place)
    # What a job pushes starts nothing.
    assert len(project.pipelines.list(get_all=True)) == 1
    runner.finish(job)
    assert git("fetch", "origin", cwd=place, check=False).returncode != 0


def test_a_job_reads_another_project_only_where_it_is_let_in(
    url: str, project: Project, runner_of: MakeRunner, tmp_path: Path
) -> None:
    other = project.manager.gitlab.projects.create({"name": f"{project.name}-library"})
    commit_ci(project, "a: {script: [x]}")
    job = runner_of(project).take()
    target = address(url, other, "gitlab-ci-token", job["token"])
    assert git("ls-remote", target, cwd=tmp_path, check=False).returncode != 0
    other.job_token_scope.get().allowlist.create({"target_project_id": project.id})
    assert git("ls-remote", target, cwd=tmp_path).returncode == 0
