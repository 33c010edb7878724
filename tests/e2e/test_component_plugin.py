"""The components as a plugin, behind Pulumi's own engine: what is nested in arguments arrives, secrets as such."""

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


class GitLabProject(pulumi.ComponentResource):
    runnerToken: pulumi.Output[str]

    def __init__(self, name, args, opts):
        super().__init__("ci-runners:index:GitLabProject", name, {**args, "runnerToken": None}, opts, remote=True)


forge = gitlab.Provider(
    "forge", base_url=config.require("url") + "/api/v4/", token=config.require_secret("token")
)
# Its address is not known to a preview.
library = gitlab.Project("library", name="library", path="library", opts=pulumi.ResourceOptions(provider=forge))
project = GitLabProject(
    "app",
    {
        "project": "root/app",
        "registration": {"tags": ["dind"], "maximumTimeout": 3600},
        "secretVariables": [{"key": "PASSWORD", "value": config.require_secret("marker")}],
        "pipelineFile": {"content": pulumi.Output.format("# beside {0}\\n", library.http_url_to_repo)},
        "protectedBranches": [{"branch": config.get("branch") or "main"}],
        **({"protectedBranches": [{"branch": config.require_secret("marker")}]} if config.get("wrong") else {}),
    },
    pulumi.ResourceOptions(providers=[forge]),
)
pulumi.export("runner_token", project.runnerToken)
"""


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[gitlab.Gitlab]:
    with gitlab_sandbox(tmp_path) as client:
        client.projects.create({"name": "app", "path": "app", "initialize_with_readme": True})
        yield client


@pytest.fixture
def consumer(tmp_path: Path, sandbox: gitlab.Gitlab) -> PulumiCli:
    plugin = f"plugins:\n  providers:\n    - name: ci-runners\n      path: {REPOSITORY / 'components'}\n"
    cli = PulumiCli.at(tmp_path, name="consumer", program=PROGRAM, extra=plugin)
    secret = ["--secret", f"token={TOKEN}", "--secret", f"marker={MARKER}"]
    cli.run("config", "set-all", "--plaintext", f"url={sandbox.url}", *secret)
    return cli


def test_what_is_nested_arrives_and_a_secret_stays_one(consumer: PulumiCli, sandbox: gitlab.Gitlab) -> None:
    previewed = consumer.run("preview", "--diff")
    made = consumer.up()

    app = sandbox.projects.get("root/app")
    (variable,) = app.variables.list(get_all=True)
    (runner,) = sandbox.runners_all.list(get_all=True)
    library = sandbox.projects.get("root/library").http_url_to_repo
    assert (variable.key, variable.value) == ("PASSWORD", MARKER)
    assert sandbox.runners.get(runner.id).maximum_timeout == 3600
    assert app.files.get(".gitlab-ci.yml", ref="main").decode().decode() == f"# beside {library}\n"
    assert consumer.output("runner_token").startswith("glrt-")
    for shown in (previewed, made, str(consumer.exported())):
        assert MARKER not in shown
        assert "glrt-" not in shown
    assert "created" not in consumer.up("--expect-no-changes")

    consumer.run("destroy", "--yes", "--skip-preview")
    assert app.variables.list(get_all=True) == []
    assert sandbox.runners_all.list(get_all=True) == []


def test_a_secret_in_a_plain_place_is_refused_by_its_name_and_is_not_shown(consumer: PulumiCli) -> None:
    done = consumer.attempt("preview", "--config", "consumer:wrong=yes")

    assert done.returncode != 0
    assert "GitLabProject 'app': protected_branches[0].branch: got 'Output', expected text" in done.stdout
    assert MARKER not in done.stdout
    assert "ci_runners/specs.py" not in done.stdout
