import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gitlab
import pytest

from tests.e2e.gitlab_sandbox import TOKEN, gitlab_sandbox
from tests.e2e.pulumi_cli import REPOSITORY, PulumiCli

pytestmark = pytest.mark.e2e

MARKER = "marker-of-a-secret-value"

PROGRAM = """
import pulumi
import pulumi_gitlab as gitlab

config = pulumi.Config()
provider = gitlab.Provider(
    "sandbox", base_url=config.require("url") + "/api/v4/", token=config.require_secret("token")
)
at = pulumi.ResourceOptions(provider=provider)

app = gitlab.Project("app", name="app", path="app", initialize_with_readme=True, build_timeout=1800, opts=at)
lib = gitlab.Project("lib", name="lib", path="lib", opts=at)
runner = gitlab.UserRunner(
    "runner",
    runner_type="project_type",
    project_id=app.id.apply(int),
    description=config.get("description") or "builds images",
    tag_lists=["dind", "amd64"],
    untagged=False,
    opts=at,
)
gitlab.ProjectRunnerEnablement("for-lib", project=lib.id, runner_id=runner.id.apply(int), opts=at)
gitlab.ProjectVariable(
    "secret", project=app.id, key="SECRET", value=config.require_secret("marker"), masked=True, opts=at
)
gitlab.ProjectVariable(
    "scoped", project=app.id, key="HOST", value="tcp://docker:2376", opts=at,
    environment_scope=config.get("scope") or "*",
)
gitlab.GroupVariable("hidden", group="team", key="HIDDEN", value=config.require_secret("marker"),
    masked=True, hidden=True, opts=at)
gitlab.RepositoryFile(
    "notes", project=app.id, branch="main", file_path="docs/notes.md", content="# Notes\\n", encoding="text",
    commit_message="notes", opts=at,
)
weekly = gitlab.PipelineSchedule(
    "weekly", project=app.id, description="weekly", ref="refs/heads/main", cron="0 3 * * 0", opts=at
)
gitlab.PipelineScheduleVariable(
    "until", project=app.id, pipeline_schedule_id=weekly.pipeline_schedule_id, key="UNTIL", value="168h", opts=at
)
gitlab.BranchProtection(
    "main", project=app.id, branch="main", push_access_level="no one", merge_access_level="maintainer", opts=at
)
gitlab.ProjectJobTokenScopes("scopes", project=app.id, target_project_ids=[lib.id.apply(int)], opts=at)
pulumi.export("runner_token", runner.token)
"""

RESOURCES = 14
"""The stack, the provider, and 12 resources of GitLab's."""


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[gitlab.Gitlab]:
    with gitlab_sandbox(tmp_path) as client:
        yield client


@pytest.fixture
def planned(tmp_path: Path, sandbox: gitlab.Gitlab) -> PulumiCli:
    cli = PulumiCli.at(tmp_path, name="forge", program=PROGRAM)
    cli.run("config", "set", "url", sandbox.url)
    cli.run("config", "set", "--secret", "token", TOKEN)
    cli.run("config", "set", "--secret", "marker", MARKER)
    return cli


@pytest.fixture
def deployed(planned: PulumiCli) -> PulumiCli:
    assert f"{RESOURCES} created" in planned.up()
    return planned


def test_a_preview_shows_the_plan_and_makes_nothing(planned: PulumiCli, sandbox: gitlab.Gitlab) -> None:
    assert f"{RESOURCES} to create" in planned.run("preview")
    assert sandbox.projects.list(get_all=True) == []


def test_a_program_for_gitlab_is_deployed_refreshed_changed_and_destroyed(
    deployed: PulumiCli, sandbox: gitlab.Gitlab
) -> None:
    assert f"{RESOURCES} unchanged" in deployed.up("--expect-no-changes")
    assert f"{RESOURCES} unchanged" in deployed.up("--refresh", "--expect-no-changes")
    (runner,) = sandbox.runners_all.list(get_all=True)
    assert deployed.output("runner_token").startswith("glrt-")

    deployed.run("config", "set", "description", "builds more images")
    deployed.run("config", "set", "scope", "production")
    changed = deployed.up()
    assert "1 updated" in changed
    assert "1 replaced" in changed
    assert sandbox.runners.get(runner.id).description == "builds more images"
    app = sandbox.projects.get("root/app")
    assert {each.key: each.environment_scope for each in app.variables.list(get_all=True)} == {
        "SECRET": "*",
        "HOST": "production",
    }

    assert f"{RESOURCES} deleted" in deployed.run("destroy", "--yes", "--skip-preview")
    assert sandbox.runners_all.list(get_all=True) == []
    assert sandbox.projects.list(get_all=True) == []


def test_what_someone_changed_in_gitlab_is_found_and_mended(
    deployed: PulumiCli, sandbox: gitlab.Gitlab
) -> None:
    app = sandbox.projects.get("root/app")
    variable = app.variables.get("HOST")
    variable.value = "tcp://elsewhere:2375"
    variable.save()
    app.pipelineschedules.list(get_all=True)[0].delete()
    mended = deployed.up("--refresh")
    assert "1 updated" in mended
    assert "2 created" in mended
    assert app.variables.get("HOST").value == "tcp://docker:2376"
    assert [each.description for each in app.pipelineschedules.list(get_all=True)] == ["weekly"]
    assert f"{RESOURCES} unchanged" in deployed.up("--refresh", "--expect-no-changes")


def test_no_secret_is_in_the_state_in_plain(deployed: PulumiCli) -> None:
    state = json.dumps(deployed.exported())
    for secret in (TOKEN, MARKER, deployed.output("runner_token")):
        assert secret not in state


def test_the_plugin_says_first_of_all_that_it_is_a_stand_in() -> None:
    command = [sys.executable, "-m", "bootstrap.standins.gitlab_provider", "127.0.0.1:1"]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as plugin:
        assert plugin.stderr is not None
        said = plugin.stderr.readline()
        plugin.terminate()
    assert b"a stand-in for Pulumi's GitLab plugin" in said


def test_a_bad_value_is_refused_before_anything_is_sent(deployed: PulumiCli, sandbox: gitlab.Gitlab) -> None:
    program = deployed.directory / "__main__.py"
    program.write_text(PROGRAM.replace('runner_type="project_type"', 'runner_type="projectType"'))
    done = deployed.attempt("up", "--yes", "--skip-preview")
    assert done.returncode != 0
    assert "got 'projectType', expected one of instance_type, group_type, project_type" in done.stdout
    assert len(sandbox.runners_all.list(get_all=True)) == 1
