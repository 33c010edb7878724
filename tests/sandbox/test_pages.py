import pytest
import requests
from gitlab.v4.objects import Project

from tests.sandbox.harness import MakeRunner, commit_ci


def read(address: str, status: int = 200) -> str:
    answer = requests.get(address, timeout=9)
    assert answer.status_code == status
    return answer.text


def test_every_page_says_what_it_is(url: str, project: Project) -> None:
    for path, status in (("", 200), (f"/{project.path_with_namespace}", 200), ("/none/such", 404)):
        assert "<strong>SANDBOX</strong>: a stand-in, not GitLab" in read(url + path, status)


def test_a_page_runs_no_script_but_its_own(url: str) -> None:
    answer = requests.get(url, timeout=9)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    for asset in ("sandbox.css", "sandbox.js"):
        assert f"/-/assets/{asset}" in answer.text
        assert read(f"{url}/-/assets/{asset}")


def test_the_overview_shows_pipelines_and_runners_escaped(
    url: str, project: Project, runner_of: MakeRunner
) -> None:
    commit_ci(project, '"<b>job": {script: [x]}')
    runner_of(project, description="<script>alert(1)</script>").request()
    text = read(url)
    assert "&lt;b&gt;job" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text


def test_a_job_page_says_why_the_job_waits_and_then_shows_its_trace(
    project: Project, runner_of: MakeRunner
) -> None:
    commit_ci(project, "a: {script: [x], tags: [gpu]}")
    runner = runner_of(project)
    page = project.jobs.list(get_all=False)[0].web_url
    assert "lacks the tags gpu" in read(page)
    runner = runner_of(project, tag_list=["gpu"])
    job = runner.take()
    runner.patch(job, b"section_start:1:step\r\x1b[0K\x1b[32;1m<i>hello</i>\x1b[0;m\n", 0)
    assert '<span class="c2 b">&lt;i&gt;hello&lt;/i&gt;</span>' in read(page)
    assert job["token"] not in read(page)


def test_a_pipeline_page_shows_what_is_wrong_with_the_file(project: Project) -> None:
    commit_ci(project, "a: {script: [x], stage: <none>}")
    assert "chosen stage &lt;none&gt; does not exist" in read(
        project.pipelines.list(get_all=False)[0].web_url
    )


@pytest.mark.parametrize("path", ["/-/health", "/-/readiness"])
def test_health_is_told_without_a_token(url: str, path: str) -> None:
    assert '"status":"ok"' in read(url + path)
