"""Reading workflow files: what is understood, and that everything else is an error."""

import pytest

from sandbox.github.actions.workflow_file import Concurrency, read_workflow
from sandbox.github.actions.workflow_jobs import WorkflowError

FULL = """
name: Images
run-name: Build by ${{ github.actor }}
on:
  push: {branches: [main], tags: ['v*']}
  pull_request:
  workflow_dispatch:
    inputs: {tag: {default: latest}}
  schedule: [{cron: '0 3 * * 0'}]
permissions: {contents: read, packages: write}
env: {A: b}
defaults: {run: {shell: sh}}
concurrency: {group: one, cancel-in-progress: true}
jobs:
  build:
    name: Build it
    runs-on: [self-hosted, linux]
    timeout-minutes: 20
    permissions: read-all
    env: {C: d}
    outputs: {image: x}
    steps:
      - uses: actions/checkout@aaaa
        with: {persist-credentials: false}
      - {run: make, shell: sh, working-directory: src, env: {E: f}, if: always(), continue-on-error: true}
  deploy:
    needs: [build]
    if: github.ref == 'refs/heads/main'
    runs-on: {group: builders, labels: linux}
    environment: {name: prod, url: https://example.com}
    container: alpine
    services: {db: {image: postgres}}
    steps: [{run: make deploy, id: it, name: Deploy, timeout-minutes: 3}]
"""


def test_a_workflow_file_is_read() -> None:
    spec = read_workflow(FULL, "x.yml")
    assert (spec.name, spec.title) == ("Images", "Build by ${{ github.actor }}")
    assert spec.events["push"] == {"branches": ("main",), "tags": ("v*",)}
    assert set(spec.events) == {"push", "pull_request", "workflow_dispatch", "schedule"}
    assert spec.inputs == {"tag": {"default": "latest"}}
    assert spec.crons == ("0 3 * * 0",)
    assert spec.permissions == {"contents": "read", "packages": "write"}
    assert spec.concurrency == Concurrency(group="one", cancel=True)
    build, deploy = spec.jobs
    assert (build.name, build.labels, build.timeout_minutes) == ("Build it", ("self-hosted", "linux"), 20)
    assert build.actions == ("actions/checkout@aaaa",)
    assert build.permissions is not None
    assert set(build.permissions.values()) == {"read"}
    assert (deploy.group, deploy.labels, deploy.needs) == ("builders", ("linux",), ("build",))
    assert deploy.environment == "prod"


def test_a_nameless_workflow_is_called_by_its_path() -> None:
    assert (
        read_workflow(FULL.replace("name: Images\n", "", 1), ".github/workflows/x.yml").name
        == ".github/workflows/x.yml"
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("name: Images", "name: [a"), "not YAML"),
        (("name: Images", "colour: red"), "'colour' is not understood"),
        (("  pull_request:", "  pull_request_target:"), "on.pull_request_target is not understood"),
        (("{branches: [main], tags: ['v*']}", "{paths: [src]}"), "on.push.paths is not understood"),
        (("{branches: [main], tags: ['v*']}", "main"), "on.push: expected a mapping"),
        (("    inputs:", "    outputs:"), "on.workflow_dispatch.outputs is not understood"),
        (("0 3 * * 0", "0 3 * *"), "on.schedule"),
        (("[{cron: '0 3 * * 0'}]", "daily"), "on.schedule: expected a list"),
        (("contents: read", "colours: read"), "permissions.colours is not understood"),
        (("contents: read", "contents: all"), "permissions.contents: 'all' is not a level"),
        (("contents: read", "id-token: read"), "permissions.id-token"),
        (("permissions: read-all", "permissions: some"), "jobs.build.permissions"),
        (("group: one, cancel", "queue: one, cancel"), "concurrency: expected a group"),
        (("group: one, cancel", "group: one, queue: 1, cancel"), "concurrency.queue is not understood"),
        (("    env: {C: d}", "    strategy: {}"), "jobs.build.strategy is not understood"),
        (("timeout-minutes: 20", "timeout-minutes: long"), "jobs.build.timeout-minutes"),
        (("    runs-on: [self-hosted, linux]\n", ""), "jobs.build.runs-on is missing"),
        (
            ("{group: builders, labels", "{pool: builders, labels"),
            "jobs.deploy.runs-on.pool is not understood",
        ),
        (("needs: [build]", "needs: [test]"), "there is no job test"),
        (("needs: [build]", "needs: [deploy]"), "in a circle: deploy"),
        (("with: {persist", "run: a\n        with: {persist"), "steps[1]: expected either uses or run"),
        (("{run: make, ", "{run: make, colour: red, "), "steps[2].colour is not understood"),
        (("[{run: make deploy, id: it, name: Deploy, timeout-minutes: 3}]", "[]"), "steps is missing"),
        (
            ("[{run: make deploy, id: it, name: Deploy, timeout-minutes: 3}]", "[make]"),
            "steps[1]: expected a mapping",
        ),
    ],
)
def test_what_is_not_understood_is_an_error(change: tuple[str, str], problem: str) -> None:
    assert FULL.count(change[0]) == 1
    with pytest.raises(WorkflowError) as error:
        read_workflow(FULL.replace(*change), "x.yml")
    assert any(problem in each for each in error.value.problems), error.value.problems


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a", "expected a mapping"),
        ("name: x", "'on' is missing"),
        ("on: push\njobs: {}", "'jobs' is missing"),
        ("on: push\njobs: {a: b}", "jobs.a: expected a mapping"),
    ],
)
def test_a_file_without_the_least_is_an_error(text: str, problem: str) -> None:
    with pytest.raises(WorkflowError, match=problem):
        read_workflow(text, "x.yml")


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(WorkflowError) as error:
        read_workflow("on: issues\ncolour: red\njobs: {a: {steps: []}}", "x.yml")
    assert len(error.value.problems) == 4
