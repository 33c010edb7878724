"""A stack's configuration without its secrets: what is left, what stands in a secret's place, what is refused."""

import os
import stat
from pathlib import Path

import pytest
import yaml

from ci_runners.__main__ import main
from ci_runners.cli.exit_codes import NOTHING_READ, WRONG_INPUT
from ci_runners.comment.without_secrets import MADE_UP, MADE_UP_KEY, without_secrets
from ci_runners.problems import InvalidInput

FILE = """
encryptionsalt: v1:salt
environment: [team/prod]
secretsprovider: awskms://alias/pulumi
encryptedkey: a2V5
config:
  docker:host: ssh://ci@builder.example.com
  gitlab:token:
    secure: v1:token
  ci-runners:github_app_private_key:
    secure: v1:key
  ci-runners:secrets:
    DEPLOY_TOKEN:
      secure: v1:deploy
    a.b: {secure: v1:dotted}
  ci-runners:list:
    - plain
    - {secure: v1:item}
  ci-runners:station:
    name: prod
    runner: {concurrent: 4}
    secure: a word of the station's own
"""


def test_each_secret_is_a_made_up_one_at_the_same_path() -> None:
    found = without_secrets(FILE)

    assert found.made_up == {
        "gitlab:token": MADE_UP,
        "ci-runners:github_app_private_key": MADE_UP_KEY,
        "ci-runners:secrets.DEPLOY_TOKEN": MADE_UP,
        'ci-runners:secrets["a.b"]': MADE_UP,
        "ci-runners:list[1]": MADE_UP,
    }
    assert found.plain["ci-runners:list"] == ["plain", MADE_UP]
    assert found.plain["ci-runners:secrets"] == {"DEPLOY_TOKEN": MADE_UP, "a.b": MADE_UP}


def test_the_rest_stays_and_no_ciphertext_does() -> None:
    found = without_secrets(FILE)

    assert found.plain["docker:host"] == "ssh://ci@builder.example.com"
    assert found.plain["ci-runners:station"] == yaml.safe_load(FILE)["config"]["ci-runners:station"]
    assert "v1:" not in str(found.plain)
    assert "salt" not in str(found)


@pytest.mark.parametrize("text", ["", "encryptionsalt: v1:x\n", "config:\n", "config: {}\n"])
def test_a_stack_without_a_configuration_has_no_secrets(text: str) -> None:
    assert (without_secrets(text).plain, without_secrets(text).made_up) == ({}, {})


@pytest.mark.parametrize("text", ["- a list", "a text", "{", "config: [a]"])
def test_what_is_no_configuration_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="expected a configuration"):
        without_secrets(text)


def fake_pulumi(folder: Path, monkeypatch: pytest.MonkeyPatch, code: int = 0) -> Path:
    """A program of that name on PATH, which writes down what it is asked."""
    program, asked = folder / "pulumi", folder / "asked"
    program.write_text(
        f'#!/bin/sh\nfor word in "$@"; do printf "<%s>" "$word"; done >> {asked}\nexit {code}\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return asked


def test_the_stack_is_made_in_a_new_folder_with_the_secrets_as_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = fake_pulumi(tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/new/stacks")
    Path("Pulumi.prod.yaml").write_text("encryptionsalt: v1:x\nconfig: {a:b: {secure: v1:x}, a:c: 4}\n")

    assert main(["without-secrets", "prod"]) == 0
    assert yaml.safe_load(Path("Pulumi.prod.yaml").read_text()) == {"config": {"a:b": MADE_UP, "a:c": 4}}
    assert (tmp_path / "new" / "stacks").is_dir()
    assert asked.read_text() == (
        "<stack><init><prod><--non-interactive>"
        f"<config><set-all><--stack><prod><--path><--secret><a:b={MADE_UP}>"
    )


def test_where_pulumi_refuses_the_command_ends_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = fake_pulumi(tmp_path, monkeypatch, code=255)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/stacks")
    Path("Pulumi.prod.yaml").write_text("config: {a:b: {secure: v1:x}}\n")

    assert main(["without-secrets", "prod"]) == NOTHING_READ
    assert "set-all" not in asked.read_text()


@pytest.mark.parametrize("backend", ["", "https://api.pulumi.com", "s3://bucket", "file://relative"])
def test_a_backend_with_other_stacks_is_refused_and_the_file_stays(
    backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PULUMI_BACKEND_URL", backend)
    Path("Pulumi.prod.yaml").write_text(FILE)

    assert main(["without-secrets", "prod"]) == WRONG_INPUT
    assert "PULUMI_BACKEND_URL" in capsys.readouterr().err
    assert Path("Pulumi.prod.yaml").read_text() == FILE


def test_a_stack_that_is_not_there_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}")

    assert main(["without-secrets", "none"]) == NOTHING_READ
    assert "Pulumi.none.yaml" in capsys.readouterr().err
