"""GitLab Runner's own `lint` on what the renderer makes."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ci_runners.connection import Connection
from ci_runners.connections import dind_connection
from ci_runners.render.config_toml import GitLabRunnerSpec, render_config_toml
from tests.unit.strategies import connections, runner_specs

pytestmark = pytest.mark.e2e

SPECS = 2000
AT_ONCE = 4


def lint(config: Path) -> "subprocess.CompletedProcess[str]":
    binary = os.environ["CI_RUNNERS_GITLAB_RUNNER"]
    words = [binary, "lint", "--config", str(config)]
    return subprocess.run(words, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def rendered(spec: GitLabRunnerSpec, connection: Connection) -> str:
    return render_config_toml(
        spec, name="runner", url="https://gitlab.example.com", token="glrt-made-up", connection=connection
    )


def made() -> set[str]:
    """Thousands of configs, the same in every run."""
    texts: set[str] = set()

    @settings(
        max_examples=SPECS,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.builds(rendered, runner_specs(), connections()))
    def collect(text: str) -> None:
        texts.add(text)

    collect()
    return texts


def test_the_runner_accepts_every_config_that_can_be_rendered(tmp_path: Path) -> None:
    files = []
    for number, text in enumerate(sorted(made())):
        file = tmp_path / f"{number}.toml"
        file.write_text(text)
        files.append(file)
    assert len(files) > SPECS / 2
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lint, files))
    refused = [
        (file.read_text(), done.stdout) for file, done in zip(files, answers, strict=True) if done.returncode
    ]
    assert not refused, refused[0]
    assert all("Configuration file is valid" in done.stdout for done in answers)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("concurrent = 1", "concurrent = 1.0"),
        ('executor = "docker"', 'executor = "docker"\nno_such_key = 1'),
        ("privileged = false", 'privileged = "no"'),
    ],
)
def test_the_runner_refuses_a_config_with_a_mistake(tmp_path: Path, right: str, wrong: str) -> None:
    connection = dind_connection(host="daemon", network="daemon", client_volume="client", tags=("dind",))
    text = rendered(GitLabRunnerSpec(), connection)
    assert right in text
    config = tmp_path / "config.toml"
    config.write_text(text.replace(right, wrong, 1))
    assert lint(config).returncode != 0
