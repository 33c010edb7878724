"""The programs, settings and data in the pages: each is run, read or checked by what would take it."""

import contextlib
import io
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

import ci_runners
from ci_runners.__main__ import main
from ci_runners.connection import DaemonKind
from ci_runners.problems import InvalidInput
from ci_runners.recommend.needs import Trust
from ci_runners.settings_secrets import KEYS, Secret, Secrets
from ci_runners.settings_stations import load_stations
from tests.docs.markdown import Block, all_blocks, blocks, pages
from tests.graph.github_repositories import GET_REPOSITORY, GET_REST_API, GitHub
from tests.graph.recorder import Function, Graph

LANGUAGES = {
    "",
    "console",
    "csharp",
    "go",
    "json",
    "python",
    "sh",
    "text",
    "toml",
    "ts",
    "yaml",
}
"""What a block may be. `text`, or nothing, is a drawing or what a program printed; `console` a command with it."""
CONFIGURED = [
    "drain_token",
    "github_token",
    "hub_token",
    "registryPassword",
    "registry_password",
    "runner_token",
]
"""The keys of the configuration that pages' programs ask for."""
PRELUDES = {
    "docs/metrics.md": 'daemon = DindDaemon("dev-dind", {"accept_privileged": True, "metrics": True})\n'
    'cleanup = CacheCleanup("dev-cleanup", {"connection": daemon.connection})\n',
    "docs/forges/github.md": 'workflow = "on: push\\njobs: {}\\n"\n'
    'app = {"client_id": "Iv1", "installation_id": "7", "private_key": pulumi.Output.secret(KEY)}\n',
    "docs/forges/gitlab.md": 'pipeline = "build:\\n  script: [make]\\n"\n',
    "docs/ways/kaniko.md": "from ci_runners.render.gitlab_ci import GitLabPipelineSpec, render_gitlab_ci\n"
    'spec = GitLabPipelineSpec(image_name="registry.example.com/team/app")\n',
}
"""What a page's programs take for granted, beside the package's names, `url`, `token` and `config`."""
REFUSED = {"docs/trust-zones.md"}
"""The pages whose programs show a refusal, with the message in comments."""
NOT_RUN = {
    "docs/preflight.md": "it asks a host over ssh; tests/e2e/test_preflight.py does, on the engine's own",
    "docs/languages.md": "a test of its own runs its programs on the engine (commands.RUN_WHOLE)",
}
RENDERED = {"docs/pipelines-github.md": "github", "docs/pipelines-gitlab.md": "gitlab"}
STATION = {
    "name": "ci",
    "gitlab": {"url": "https://gitlab.example.com"},
    "pipeline": {"image_name": "registry.example.com/team/app"},
}
"""What a station needs, for settings that show a part of one."""
WAYS = [kind.value for kind in DaemonKind]
GITHUB = GitHub()
GITHUB.owner = "octo-org"
FUNCTIONS: dict[str, Function] = {
    "gitlab:index/getProject:getProject": lambda _: {
        "id": "42",
        "defaultBranch": "main",
        "webUrl": "https://gitlab.example.com/team/app",
    },
    GET_REPOSITORY: GITHUB.repository,
    GET_REST_API: GITHUB.rest_api,
}
"""What the forges say of the projects in the pages."""
KEY = "-----BEGIN PRIVATE KEY-----\nbWFkZSB1cA==\n-----END PRIVATE KEY-----\n"


@pytest.fixture(autouse=True)
def _configuration() -> Iterator[None]:
    """A stack's configuration for the programs; none is left behind."""
    pulumi.runtime.set_all_config({f"project:{name}": f"made-up-{name}" for name in CONFIGURED}, [])
    yield
    pulumi.runtime.set_all_config({}, [])


def run(block: Block) -> None:
    """A page's program, with what it takes for granted."""
    names = {name: getattr(ci_runners, name) for name in ci_runners.__all__}
    names |= {"pulumi": pulumi, "KEY": KEY, "Trust": Trust}
    names |= {"url": "https://gitlab.example.com", "token": "glrt-made-up", "config": pulumi.Config()}
    text = PRELUDES.get(block.page, "") + block.text
    exec(compile(text, str(block), "exec"), names)  # noqa: S102  the project's own pages


def every_block() -> list[Block]:
    """The blocks of every page."""
    return [block for page in pages() for block in blocks(page)]


def programs() -> list[Block]:
    """The pages' programs that are run here."""
    return [block for block in all_blocks("python") if block.page not in NOT_RUN]


@pytest.mark.parametrize("block", [it for it in programs() if it.page not in REFUSED], ids=str)
def test_a_program_registers_what_it_declares(block: Block) -> None:
    graph = Graph()
    graph.functions = FUNCTIONS

    graph.run(lambda: run(block))

    assert [made for made in graph.resources if made.type.startswith("ci-runners:")] != []


@pytest.mark.parametrize("block", [it for it in programs() if it.page in REFUSED], ids=str)
def test_a_program_that_shows_a_refusal_is_refused_with_the_words_in_its_comments(block: Block) -> None:
    said = [line.removeprefix("# ") for line in block.text.splitlines() if line.startswith("# ")]

    with pytest.raises(InvalidInput) as refused:
        Graph().run(lambda: run(block))

    assert said
    assert [line for line in said if line.removesuffix(" ...") not in str(refused.value)] == []


@pytest.mark.parametrize("block", all_blocks("python"), ids=str)
def test_every_program_is_python(block: Block) -> None:
    assert compile(block.text, str(block), "exec").co_names


@pytest.mark.parametrize("block", all_blocks("yaml"), ids=str)
def test_settings_in_a_page_are_taken(block: Block) -> None:
    found = yaml.safe_load(block.text)
    keys = found.get("config", found) if isinstance(found, dict) else {}
    station, stations = keys.get("ci-runners:station"), keys.get("ci-runners:stations")

    assert isinstance(found, dict)
    if station:
        whole = station if "github" in station else {**STATION, **station}
        given = {"name": "ci", **whole}
        assert load_stations(given, None, secrets_for(given)).keys() == {"station"}
    if stations:
        made: dict[str, Any] = {name: Secret(value="made-up-secret", is_secret=True) for name in KEYS}
        hidden = Secrets(**made)
        assert len(load_stations(None, stations, hidden)) == len(stations)


def secrets_for(station: dict[str, Any]) -> Secrets:
    """The secrets that a station asks for: no other is accepted."""
    made = Secret(value="glrt-made-up", is_secret=True)
    listed = station.get("project", {}).get("secret_variables", [])
    names = [it["key"] for it in listed] + list(station.get("repository", {}).get("secrets", []))
    values = {name: Secret(value="made-up-secret", is_secret=True) for name in names}
    if "github" in station:
        return Secrets(github_token=Secret(value="github_pat_made_up", is_secret=True), values=values)
    registers = "registration" in station.get("project", {})
    return Secrets(runner_token=None if registers else made, values=values)


@pytest.mark.parametrize("block", [it for it in all_blocks("yaml") if it.page in RENDERED], ids=str)
def test_a_rendered_pipeline_in_a_page_is_what_a_command_prints(block: Block) -> None:
    forge = RENDERED[block.page]
    ways = ["hosted", "dind", "dood", "buildkit"] if forge == "github" else ["dind-service", *WAYS]
    printed = {way: rendered("render", forge, "--way", way) for way in ways}

    assert [way for way, text in printed.items() if text == block.text] != []


def rendered(*words: str) -> str:
    """What a command prints."""
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        assert main(words) == 0
    return shown.getvalue()


@pytest.mark.parametrize("block", all_blocks("json"), ids=str)
def test_data_in_a_page_is_json(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.parametrize("block", all_blocks("toml"), ids=str)
def test_a_configuration_in_a_page_is_toml(block: Block) -> None:
    assert tomllib.loads(block.text)


def test_a_compose_file_in_a_page_is_one(tmp_path: Path) -> None:
    (block,) = [it for it in all_blocks("yaml") if "services:\n  dind:" in it.text and "volumes:" in it.text]
    file = tmp_path / "compose.yml"
    file.write_text(block.text)
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]

    done = subprocess.run([*words, str(file)], text=True, capture_output=True, check=False)

    assert done.returncode == 0, done.stdout


def test_every_block_is_of_a_language_that_is_looked_at() -> None:
    languages = {block.language for block in all_blocks(*LANGUAGES)}

    assert [str(it) for it in every_block() if it.language not in LANGUAGES] == []
    assert {"python", "yaml", "sh", "json", "toml"} <= languages


def test_a_block_without_a_language_holds_no_command() -> None:
    starts = ("pulumi ", "python", "docker ", "make ", "git ", "gh ", "npm ", "pip ", "$ ")
    lines = [(block, line) for block in all_blocks("", "text") for line in block.text.splitlines()]

    # A line with brackets says what a command takes, and is none.
    assert [str(block) for block, line in lines if line.startswith(starts) and " [" not in line] == []
