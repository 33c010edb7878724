"""The dev stack's private configuration: the committed file with this machine's addresses, and the stack's salt."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bootstrap.layout import layout
from bootstrap.recover import Stack
from bootstrap.station import write_config
from ci_runners.settings import Settings
from ci_runners.settings_secrets import Secrets

KEY = "ci-runners:station"
COMMITTED = (layout().root / "Pulumi.dev.yaml").read_text()
ADDRESSES = {
    "gitlab.url": "http://10.0.0.1:8929",
    "registries.insecure": ["10.0.0.1:5000"],
    "pipeline.image_name": "10.0.0.1:5000/demo/app",
}


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A checkout with the committed file of the dev stack, and nothing made in it yet."""
    (tmp_path / "Pulumi.dev.yaml").write_text(COMMITTED)
    (tmp_path / ".machine").mkdir()
    config_file = tmp_path / ".machine" / "Pulumi.dev.yaml"
    return Stack(name="dev", folder=tmp_path, config_file=config_file, backend=tmp_path / "stacks")


def written(stack: Stack) -> dict[str, Any]:
    return dict(yaml.safe_load(stack.config_file.read_text()))


def test_the_committed_file_stays_as_it_is(stack: Stack) -> None:
    write_config(stack, ADDRESSES)

    assert (stack.folder / "Pulumi.dev.yaml").read_text() == COMMITTED


def test_values_are_set_where_their_paths_lead_and_the_rest_is_the_committed_file_s(stack: Stack) -> None:
    write_config(stack, ADDRESSES)

    wanted = yaml.safe_load(COMMITTED)
    station = wanted["config"][KEY]
    station["gitlab"]["url"] = "http://10.0.0.1:8929"
    wanted["config"]["gitlab:baseUrl"] = "http://10.0.0.1:8929/api/v4/"
    station["registries"]["insecure"] = ["10.0.0.1:5000"]
    station["pipeline"]["image_name"] = "10.0.0.1:5000/demo/app"
    assert written(stack) == wanted


def test_a_part_that_the_committed_file_does_not_have_is_made(stack: Stack) -> None:
    write_config(stack, {"runner.s3_cache.bucket_name": "cache"})

    assert written(stack)["config"][KEY]["runner"]["s3_cache"] == {"bucket_name": "cache"}


def test_the_stack_s_salt_is_kept_so_that_its_secrets_can_still_be_read(stack: Stack) -> None:
    stack.config_file.write_text(yaml.safe_dump({"encryptionsalt": "v1:made-up", "config": {"old": "value"}}))

    write_config(stack, ADDRESSES)

    assert written(stack)["encryptionsalt"] == "v1:made-up"
    assert "old" not in written(stack)["config"]


def test_a_new_stack_gets_no_salt_from_here(stack: Stack) -> None:
    write_config(stack, ADDRESSES)

    assert "encryptionsalt" not in written(stack)


def test_writing_twice_is_writing_once(stack: Stack) -> None:
    write_config(stack, ADDRESSES)
    once = stack.config_file.read_text()
    write_config(stack, ADDRESSES)

    assert stack.config_file.read_text() == once


def test_what_is_written_is_a_station_that_the_settings_accept(stack: Stack) -> None:
    write_config(stack, ADDRESSES)

    settings = Settings.load(written(stack)["config"][KEY], Secrets())
    assert settings.gitlab is not None
    assert settings.gitlab.url == "http://10.0.0.1:8929"
