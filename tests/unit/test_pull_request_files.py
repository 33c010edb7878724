"""The workflows and pipelines of this repository and of the templates: what others' tools say, and what must not be in them."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bootstrap.programs import PULUMI_VERSION
from ci_runners.render.actions import CHECKOUT
from tests.unit.test_pipeline_checks_gitlab import findings, refused
from tests.unit.test_workflow_tools import SCHEMA, ZIZMOR

ROOT = Path(__file__).parents[2]
STAND_INS = ROOT / "tests" / "e2e" / "preview_actions"
WORKFLOWS = [
    *sorted((ROOT / ".github" / "workflows").glob("*.yml")),
    ROOT / "examples" / "pull-request-github" / ".github" / "workflows" / "preview.yml",
]
PIPELINES = [ROOT / ".gitlab-ci.yml", ROOT / "examples" / "pull-request-gitlab" / ".gitlab-ci.yml"]
TEMPLATES = [WORKFLOWS[-1], PIPELINES[-1]]


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


each_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=name)
each_pipeline = pytest.mark.parametrize("file", PIPELINES, ids=name)


def parsed(file: Path) -> dict[str, Any]:
    """What a YAML 1.2 parser makes of it."""
    found: dict[str, Any] = YAML(typ="safe").load(file)
    return found


def steps(file: Path) -> list[dict[str, Any]]:
    return [step for job in parsed(file)["jobs"].values() for step in job["steps"]]


def test_zizmor_finds_nothing_not_even_by_its_pedantic_rules() -> None:
    files = [*WORKFLOWS, *sorted(STAND_INS.glob("*/*/action.yml"))]
    ran = subprocess.run(
        [*ZIZMOR, "--format", "json", *files], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert len(files) > len(WORKFLOWS)
    assert json.loads(ran.stdout) == []


def test_githubs_schemas_accept_every_workflow_and_every_stand_in() -> None:
    actions = [str(file) for file in STAND_INS.glob("*/*/action.yml")]
    for schema, files in {SCHEMA[-1]: [*map(str, WORKFLOWS)], "vendor.github-actions": actions}.items():
        ran = subprocess.run([*SCHEMA[:-1], schema, *files], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout


@each_pipeline
def test_gitlabs_schema_and_gitlab_ci_verify_accept_every_pipeline(file: Path, tmp_path: Path) -> None:
    assert refused([file.read_text()], tmp_path) == []
    assert findings(file.read_text(), tmp_path) == []


@each_workflow
def test_every_action_is_one_commit_with_its_version_beside_it(file: Path) -> None:
    used = re.findall(r"uses: (.*)$", file.read_text(), re.MULTILINE)

    assert used != []
    assert [
        each for each in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)
    ] == []
    assert {each for each in used if each.startswith("actions/checkout@")} == {
        f"{CHECKOUT.uses} # {CHECKOUT.version}"
    }


def test_an_action_is_the_same_commit_everywhere() -> None:
    used = {each for file in WORKFLOWS for each in re.findall(r"uses: (.*)$", file.read_text(), re.MULTILINE)}

    assert len({each.partition("@")[0] for each in used}) == len(used)


@each_workflow
def test_no_event_gives_a_stranger_what_the_repository_may(file: Path) -> None:
    events = parsed(file)["on"]

    assert set([events] if isinstance(events, str) else events) <= {"pull_request", "push"}
    assert parsed(file)["permissions"] == {}


@each_workflow
def test_only_a_comments_job_may_write_and_it_runs_nothing_of_the_change(file: Path) -> None:
    jobs = parsed(file)["jobs"]
    writing = {key for key, job in jobs.items() if "write" in job["permissions"].values()}

    assert writing == ({"comment"} if "comment" in jobs else set())
    for key in writing:
        (checkout,) = (each for each in jobs[key]["steps"] if each.get("uses") == CHECKOUT.uses)
        assert checkout["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
        assert jobs[key]["permissions"] == {"contents": "read", "pull-requests": "write"}


@each_workflow
def test_no_checkout_keeps_its_token_and_no_job_runs_for_ever_or_at_home(file: Path) -> None:
    kept = [each for each in steps(file) if each.get("uses") == CHECKOUT.uses]

    assert {each["with"]["persist-credentials"] for each in kept} == {False}
    for job in parsed(file)["jobs"].values():
        assert job["timeout-minutes"] <= 120
        assert job["runs-on"] == "ubuntu-24.04"


def test_a_secret_is_one_steps_alone_in_an_environment_and_never_a_forks() -> None:
    jobs = parsed(WORKFLOWS[-1])["jobs"]
    having = {key for key, job in jobs.items() if "secrets." in json.dumps(job)}

    assert having == {"preview"}
    assert jobs["preview"]["environment"] == "preview"
    assert jobs["preview"]["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
    assert jobs["fork"]["if"] == "github.event.pull_request.head.repo.full_name != github.repository"
    assert ["secrets." in json.dumps(step) for step in jobs["preview"]["steps"]].count(True) == 1


def test_a_merge_request_from_a_fork_has_one_job_of_its_own() -> None:
    ours = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID"
    jobs = {
        key: job for key, job in parsed(PIPELINES[-1]).items() if isinstance(job, dict) and "script" in job
    }

    assert {key: [rule["if"] for rule in job["rules"]] for key, job in jobs.items()} == {
        "preview": [ours],
        "comment": [ours],
        "preview without secrets": [ours.replace("==", "!=")],
    }
    assert {key: job["environment"]["name"] for key, job in jobs.items() if "environment" in job} == {
        "preview": "preview",
        "comment": "preview-comment",
    }


def test_the_templates_use_the_pulumi_that_is_tried_here() -> None:
    install = [each for each in steps(WORKFLOWS[-1]) if "pulumi/actions" in each.get("uses", "")]

    assert {each["with"]["pulumi-version"] for each in install} == {PULUMI_VERSION}
    assert parsed(PIPELINES[-1])["default"]["image"].endswith(f":{PULUMI_VERSION}")


@pytest.mark.parametrize("file", TEMPLATES, ids=name)
def test_both_templates_ask_the_same_of_pulumi_and_of_ci_runners(file: Path) -> None:
    text = re.sub(r"\\\n\s+", "", file.read_text())
    asked = {
        " ".join(found.split())
        for found in re.findall(r"(?:pulumi preview|python -m ci_runners) [^\n|>]*", text)
    }

    options = '--stack "$STACK" --non-interactive'
    assert {each for each in asked if each.startswith("pulumi")} == {
        f"pulumi preview {options} --json",
        f"pulumi preview {options} --color never --suppress-outputs --suppress-progress --policy-pack policies",
    }
    assert 'python -m ci_runners without-secrets "$STACK"' in asked


def test_the_stand_ins_say_that_they_are() -> None:
    files = sorted(STAND_INS.glob("*/*/action.yml"))
    names = {str(file.parent.relative_to(STAND_INS)) for file in files}

    assert names == {
        each.partition("@")[0]
        for file in TEMPLATES[:1]
        for each in re.findall(r"uses: (\S+)", file.read_text())
    }
    for file in files:
        assert "(stand-in)" in parsed(file)["name"]
        assert f"stand-in for {file.parent.relative_to(STAND_INS)}" in file.read_text()
