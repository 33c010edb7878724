"""The command line's `render`: every pipeline and workflow, without a station, and how it ends."""

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ci_runners.__main__ import main
from ci_runners.cli.exit_codes import WRONG_INPUT
from ci_runners.cli.render import DIND_SERVICE, GITHUB_WAYS, GITLAB_WAYS, HOSTED
from ci_runners.connection import DaemonKind
from ci_runners.recommend.show import option
from ci_runners.render.github_workflow import render_github_workflow, render_hosted_workflow
from ci_runners.render.gitlab_ci import PROJECT_REGISTRY, GitLabPipelineSpec, render_gitlab_ci
from ci_runners.render.gitlab_services import DindService, render_gitlab_ci_with_dind
from ci_runners.render.workflow_rules import GitHubWorkflowSpec
from tests.unit.pipelines import CONNECTIONS
from tests.unit.test_cli import printed

SPECS: dict[str, type] = {"gitlab": GitLabPipelineSpec, "github": GitHubWorkflowSpec}
EVERY = [
    *(("gitlab", way) for way in GITLAB_WAYS),
    *(("github", way) for way in GITHUB_WAYS if way != DaemonKind.KANIKO.value),
]
OPTIONS = {
    "image_name": "registry.example.com/team/app",
    "login": False,
    "environment": "production",
    "job_image": "registry.example.com/tools/builder:1.2.3",
    "context": "services/web",
    "dockerfile": "services/web/Dockerfile",
    "layer_cache": "registry.example.com/team/app/cache",
    "branch_tag": False,
    "sbom": False,
    "provenance": False,
    "timeout_minutes": 90,
}
"""A value for every option, none of them its default."""


def text_of(forge: str, way: str, values: dict[str, Any], tags: tuple[str, ...]) -> str:
    """What the renderers make of a spec's values, where a runner has these tags."""
    if forge == "github":
        workflow = GitHubWorkflowSpec(**values)
        if way == HOSTED:
            return render_hosted_workflow(workflow)
        connection = dataclasses.replace(CONNECTIONS[DaemonKind(way)], tags=tags)
        return render_github_workflow(workflow, connection)
    pipeline = GitLabPipelineSpec(**{"image_name": PROJECT_REGISTRY, **values})
    if way == DIND_SERVICE:
        return render_gitlab_ci_with_dind(pipeline, DindService(tags=tags))
    return render_gitlab_ci(pipeline, dataclasses.replace(CONNECTIONS[DaemonKind(way)], tags=tags))


@pytest.mark.parametrize(("forge", "way"), EVERY)
def test_every_way_is_printed_as_a_station_would_render_it(forge: str, way: str) -> None:
    tags = () if way in {HOSTED, DIND_SERVICE} else (way,)

    assert printed("render", forge, "--way", way) == (0, text_of(forge, way, {}, tags))


@pytest.mark.parametrize(("forge", "way"), EVERY)
def test_every_field_of_the_spec_is_an_option(forge: str, way: str) -> None:
    values = {field.name: OPTIONS[field.name] for field in dataclasses.fields(SPECS[forge])}
    words = [
        word
        for name, value in values.items()
        for word in ([f"--no-{option(name)[2:]}"] if value is False else [option(name), str(value)])
    ]
    tags = () if way == HOSTED else ("arm", "team-a")
    asked = ["--tags", *tags] if tags else []

    assert printed("render", forge, "--way", way, *words, *asked) == (0, text_of(forge, way, values, tags))


@pytest.mark.parametrize(("forge", "way"), EVERY)
def test_what_is_printed_is_one_yaml_document(forge: str, way: str) -> None:
    _, text = printed("render", forge, "--way", way)

    assert set(YAML(typ="safe").load(text)) >= ({"build"} if forge == "gitlab" else {"jobs"})


@pytest.mark.parametrize("forge", SPECS)
def test_every_option_and_its_default_are_explained(forge: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["render", forge, "--help"])

    shown = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    for field in dataclasses.fields(SPECS[forge]):
        assert option(field.name) in shown
    assert "(default: Dockerfile)" in shown
    assert "(default: 30)" in shown
    own = PROJECT_REGISTRY if forge == "gitlab" else GitHubWorkflowSpec().image_name
    assert f"(default: {own})" in shown


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        (["gitlab", "--way", "dind", "--image-name", "App", "--timeout-minutes", "0"], 2),
        (["gitlab", "--way", "dood", "--sbom", "--tags", "a,b"], 2),
        (["gitlab", "--way", "dind-service", "--provenance", "--tags", "a,b"], 2),
        (["github", "--way", "hosted", "--context", ".."], 1),
        (["github", "--way", "kaniko", "--image-name", "App"], 2),
        (["github", "--way", "buildkit", "--tags", "a", "a"], 1),
    ],
    ids=str,
)
def test_values_that_cannot_be_are_all_named_and_nothing_is_printed(
    words: list[str], fields: int, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["render", *words])

    shown = capsys.readouterr()
    assert code == WRONG_INPUT
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert len(lines) == fields
    assert all(line.startswith(f"python -m ci_runners render {words[0]}: error: ") for line in lines)
    assert all("Fix: " in line for line in lines)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "the following arguments are required: FORGE"),
        (["gitlab"], "the following arguments are required: --way"),
        (["gitlab", "--way", "hosted"], "argument --way: invalid choice: 'hosted'"),
        (["github", "--way", "dind-service"], "argument --way: invalid choice: 'dind-service'"),
        (["github", "--way", "hosted", "--tags", "a"], "they say nothing of --way hosted"),
        (["github", "--way", "dind", "--job-image", "a:1"], "unrecognized arguments: --job-image a:1"),
        (["gitlab", "--way", "dind", "--timeout-minutes", "soon"], "invalid int value: 'soon'"),
    ],
    ids=str,
)
def test_a_wrong_command_line_gets_argparses_own_error(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["render", *words])

    shown = capsys.readouterr()
    assert ended.value.code == WRONG_INPUT
    assert complaint in shown.err
    assert shown.out == ""


def test_it_runs_as_a_module_without_an_account_or_any_environment() -> None:
    words = ["render", "github", "--way", "hosted"]
    command = [sys.executable, "-m", "ci_runners", *words]

    result = subprocess.run(command, env={}, cwd="/", capture_output=True, text=True, check=False)

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == printed(*words)[1]


def test_the_document_shows_what_is_printed() -> None:
    words = "render github --way buildkit"
    text = (Path(__file__).parents[2] / "docs" / "pipelines-github.md").read_text()

    _, _, rest = text.partition(f"<!-- begin: python -m ci_runners {words} -->\n")
    held, _, _ = rest.partition(f"<!-- end: python -m ci_runners {words} -->")
    assert held == f"```yaml\n{printed(*words.split())[1]}```\n"
