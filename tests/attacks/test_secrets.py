"""Secrets where they are often put, and what is left of Kaniko's in an image."""

import io
import json
import tarfile
from base64 import b64encode
from collections.abc import Iterator
from typing import cast

import pytest
from gitlab.exceptions import GitlabCreateError

from tests.attacks.grounds import BASE, Grounds
from tests.attacks.jobs import LOGIN_SECRET, Saw

pytestmark = pytest.mark.e2e

MARK = "marker-of-a-secret"


def whole(grounds: Grounds, image: str) -> tuple[set[str], bytes]:
    """The names of an image's files, and all that it is made of: its settings, its history, its files."""
    found = grounds.engine.images.get(image)
    told = json.dumps([found.attrs, found.history()]).encode()
    container = grounds.engine.containers.create(image, ["true"])
    try:
        content = b"".join(cast(Iterator[bytes], container.export()))
    finally:
        container.remove()
    with tarfile.open(fileobj=io.BytesIO(content)) as files:
        return {member.name for member in files}, told + content


@pytest.mark.case(
    number=28, component="Kaniko", title="the image has neither the login nor anything of /kaniko", cis="4.10"
)
def test_an_image_that_kaniko_built_holds_no_login(jobs: Saw, grounds: Grounds) -> None:
    assert jobs["kaniko build"].status == "success", jobs["kaniko build"].trace
    grounds.engine.images.pull(f"{grounds.pushed}/kaniko", tag="main")
    names, content = whole(grounds, f"{grounds.pushed}/kaniko:main")

    assert "greeting.txt" in names
    assert [name for name in names if name.startswith("kaniko")] == []
    assert LOGIN_SECRET.encode() not in content
    assert b64encode(f"robot:{LOGIN_SECRET}".encode()) not in content


@pytest.mark.case(
    number=28,
    component="Kaniko",
    title="by a build argument it is in the image's history",
    cis="4.10",
    baseline=True,
)
def test_a_secret_given_as_a_build_argument_is_in_the_image(grounds: Grounds) -> None:
    dockerfile = f"FROM {BASE}\nARG TOKEN\nRUN test -n $TOKEN\n"
    image, _ = grounds.engine.images.build(
        fileobj=io.BytesIO(dockerfile.encode()),
        buildargs={"TOKEN": MARK},
        rm=True,
        tag=f"{grounds.name}/arg:1",
    )

    assert MARK in json.dumps(image.history())


@pytest.mark.case(
    number=26, component="GitLabRunner", title="in the environment `docker inspect` shows it", baseline=True
)
@pytest.mark.case(
    number=27, component="GitHubRunner", title="what is unset is still in /proc/1/environ", baseline=True
)
def test_a_secret_in_the_environment_is_seen_from_outside_and_from_inside(grounds: Grounds) -> None:
    made = grounds.engine.containers.create(
        BASE,
        ["sh", "-c", "unset TOKEN; tr '\\0' '\\n' < /proc/1/environ"],
        name=f"{grounds.name}-environment",
        environment={"TOKEN": MARK},
        network_mode="none",
    )
    try:
        assert f"TOKEN={MARK}" in made.attrs["Config"]["Env"]
        made.start()
        made.wait()
        assert f"TOKEN={MARK}" in made.logs().decode()
    finally:
        made.remove(force=True)


@pytest.mark.case(
    number=29,
    component="GitLabProject",
    title="GitLab itself refuses it, in the middle of an `up`",
    baseline=True,
)
@pytest.mark.parametrize("value", ["seven77", "with a space", "two\nlines"])
def test_gitlab_refuses_to_mask_what_it_cannot(grounds: Grounds, value: str) -> None:
    with pytest.raises(GitlabCreateError, match="400"):
        grounds.project.variables.create({"key": "MASKED", "value": value, "masked": True})
