"""What a pipeline does as its jobs end."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from gitlab.exceptions import GitlabCreateError, GitlabJobRetryError
from gitlab.v4.objects import Project

from sandbox import clock, schedules
from sandbox.context import Sandbox
from sandbox.models import Pipeline, Schedule
from sandbox.models import Project as StoredProject
from sandbox.pushes import absorb_pushes
from sandbox.repositories import Change
from sandbox.settings import Settings
from tests.sandbox.harness import MakeRunner, commit_ci, statuses


def test_stages_run_one_after_another(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(
        project,
        """
        stages: [build, test]
        test: {stage: test, script: [x]}
        one: {stage: build, script: [x]}
        two: {stage: build, script: [x]}
        """,
    )
    runner = runner_of(project)
    one, two = runner.take(), runner.take()
    assert statuses(project) == {"one": "running", "two": "running", "test": "created"}
    runner.finish(one)
    assert statuses(project)["test"] == "created"
    runner.finish(two)
    assert statuses(project)["test"] == "pending"
    runner.finish(runner.take())
    assert project.pipelines.list(get_all=False)[0].status == "success"


def test_a_failure_skips_what_comes_later_but_not_what_waits_for_it(
    runner_of: MakeRunner, project: Project
) -> None:
    commit_ci(
        project,
        """
        build: {stage: build, script: [x]}
        test: {stage: test, script: [x]}
        report: {stage: test, script: [x], when: on_failure}
        clean: {stage: deploy, script: [x], when: always}
        """,
    )
    runner = runner_of(project)
    runner.finish(runner.take(), "failed", failure_reason="script_failure")
    assert statuses(project) == {
        "build": "failed",
        "test": "skipped",
        "report": "pending",
        "clean": "created",
    }
    runner.finish(runner.take())
    runner.finish(runner.take())
    assert project.pipelines.list(get_all=False)[0].status == "failed"


def test_a_job_with_needs_does_not_wait_for_its_stage(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(
        project,
        """
        slow: {stage: build, script: [x]}
        fast: {stage: build, script: [x]}
        now: {stage: test, script: [x], needs: [fast]}
        free: {stage: deploy, script: [x], needs: []}
        """,
    )
    assert statuses(project) == {"slow": "pending", "fast": "pending", "now": "created", "free": "pending"}
    runner = runner_of(project)
    runner.take()
    runner.finish(runner.take())
    assert statuses(project)["now"] == "pending"


def test_a_manual_job_waits_to_be_played(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(
        project,
        """
        gate: {stage: build, script: [x], rules: [{when: manual}]}
        later: {stage: test, script: [x]}
        """,
    )
    assert statuses(project) == {"gate": "manual", "later": "created"}
    assert project.pipelines.list(get_all=False)[0].status == "manual"
    gate = next(job for job in project.jobs.list(get_all=True) if job.name == "gate")
    project.jobs.get(gate.id).play()
    runner = runner_of(project)
    job = runner.take()
    assert {"key": "CI_JOB_MANUAL", "value": "true"}.items() <= {
        item["key"]: item for item in job["variables"]
    }["CI_JOB_MANUAL"].items()
    runner.finish(job)
    assert statuses(project)["later"] == "pending"


def test_an_exit_code_may_be_allowed(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(project, "a: {script: [x], allow_failure: {exit_codes: [7]}}")
    runner = runner_of(project)
    runner.finish(runner.take(), "failed", failure_reason="script_failure", exit_code=7)
    assert project.pipelines.list(get_all=False)[0].status == "success"


def test_a_failed_job_is_tried_again_as_often_as_it_says(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(project, "a: {script: [x], retry: {max: 1, when: script_failure}}")
    runner = runner_of(project)
    first = runner.take()
    runner.finish(first, "failed", failure_reason="script_failure")
    second = runner.take()
    assert second["id"] != first["id"]
    assert second["token"] != first["token"]
    runner.finish(second, "failed", failure_reason="script_failure")
    assert runner.request().status_code == 204
    assert project.pipelines.list(get_all=False)[0].status == "failed"


def test_a_failed_pipeline_can_be_retried_and_goes_on(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(project, "a: {stage: build, script: [x]}\nb: {stage: test, script: [x]}")
    runner = runner_of(project)
    runner.finish(runner.take(), "failed")
    pipeline = project.pipelines.list(get_all=False)[0]
    assert statuses(project) == {"a": "failed", "b": "skipped"}
    pipeline.retry()
    runner.finish(runner.take())
    runner.finish(runner.take())
    assert project.pipelines.get(pipeline.id).status == "success"
    with_retried = pipeline.jobs.list(get_all=True, include_retried=True)
    assert sorted(job.name for job in with_retried) == ["a", "a", "b"]


def test_a_cancelled_pipeline_runs_nothing_more(runner_of: MakeRunner, project: Project) -> None:
    commit_ci(project, "a: {stage: build, script: [x]}\nb: {stage: test, script: [x]}")
    pipeline = project.pipelines.list(get_all=False)[0]
    pipeline.cancel()
    assert project.pipelines.get(pipeline.id).status == "canceled"
    assert runner_of(project).request().status_code == 204


def test_a_newer_commit_cancels_older_pipelines_but_no_job_that_may_not_be_interrupted(
    runner_of: MakeRunner, project: Project
) -> None:
    commit_ci(project, "a: {script: [x], interruptible: true}")
    runner = runner_of(project)
    runner.take()
    commit_ci(project, "a: {script: [x]}", action="update")
    assert [item.status for item in project.pipelines.list(get_all=True)] == ["pending", "canceled"]
    runner.take()
    commit_ci(project, "a: {script: [y]}", action="update")
    assert [item.status for item in project.pipelines.list(get_all=True)] == [
        "pending",
        "running",
        "canceled",
    ]


def test_a_file_with_problems_makes_a_failed_pipeline_that_names_them(project: Project) -> None:
    commit_ci(project, "a: {scrpt: [x]}\nb: {script: [x], stage: none}")
    pipeline = project.pipelines.get(project.pipelines.list(get_all=False)[0].id)
    assert pipeline.status == "failed"
    assert "scrpt" in pipeline.yaml_errors
    assert "chosen stage none does not exist" in pipeline.yaml_errors
    with pytest.raises(GitlabCreateError, match="scrpt"):
        project.pipelines.create({"ref": "main"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {script: [x], only: [tags]}", "prevented any jobs"),
        ("workflow: {rules: [{when: never}]}\na: {script: [x]}", "filtered out by workflow rules"),
        ("a: {script: [x], only: [tags]}\nb: {script: [x], needs: [a]}", "needs:optional"),
    ],
)
def test_a_pipeline_without_jobs_is_refused(project: Project, text: str, expected: str) -> None:
    commit_ci(project, text)
    with pytest.raises(GitlabCreateError, match=expected):
        project.pipelines.create({"ref": "main"})


def test_a_pipeline_needs_a_file_and_a_ref(project: Project) -> None:
    project.files.create({"file_path": "x", "branch": "main", "content": "x", "commit_message": "x"})
    assert project.pipelines.list(get_all=True) == []
    with pytest.raises(GitlabCreateError, match="Missing CI config file"):
        project.pipelines.create({"ref": "main"})
    with pytest.raises(GitlabCreateError, match="Reference not found"):
        project.pipelines.create({"ref": "none"})


def test_a_pipeline_has_variables_of_its_own_which_win(runner_of: MakeRunner, project: Project) -> None:
    project.variables.create({"key": "MODE", "value": "project"})
    commit_ci(project, 'a: {script: [x], rules: [{if: $MODE == "run"}]}')
    assert project.pipelines.list(get_all=True) == []
    project.pipelines.create({"ref": "main", "variables": [{"key": "MODE", "value": "run"}]})
    values = {item["key"]: item["value"] for item in runner_of(project).take()["variables"]}
    assert (values["MODE"], values["CI_PIPELINE_SOURCE"]) == ("run", "api")


def test_a_job_that_is_not_over_cannot_be_retried(project: Project) -> None:
    commit_ci(project, "a: {script: [x]}")
    job = project.jobs.get(project.jobs.list(get_all=False)[0].id)
    with pytest.raises(GitlabJobRetryError, match="not retryable"):
        job.retry()


def test_a_schedule_that_is_due_runs_once(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, external_url="http://sandbox", root_token="x")
    sandbox = Sandbox.open(settings)
    project = sandbox.store.add(StoredProject(path="root/app", name="app", namespace_id=1))
    repository = sandbox.repository(project)
    repository.create("main")
    file = Change(path=".gitlab-ci.yml", content=b"a: {script: [x], only: [schedules]}")
    repository.write(branch="main", parent=None, changes=[file], message="x", author=("a", "a@b"), at=0)
    absorb_pushes(sandbox, project)
    schedule = Schedule(project_id=project.id, description="x", ref="refs/heads/main", cron="0 3 * * 0")
    schedule.next_run_at = clock.stamp(datetime(2020, 1, 1, tzinfo=UTC))
    sandbox.store.add(schedule)
    schedules.run_due(sandbox)
    schedules.run_due(sandbox)
    assert [pipeline.source for pipeline in sandbox.store.find(Pipeline)] == ["schedule"]
    planned = sandbox.store.get(Schedule, schedule.id)
    sandbox.store.close()
    assert planned is not None
    assert planned.next_run_at is not None
    assert planned.next_run_at > clock.stamp()
