"""What a container is given of a GitLab Runner's configuration: the config.toml among its uploads."""

import tomllib
from collections.abc import Iterator

from ci_runners.policy.resource import CONTAINER, Resource


def runner_sections(resource: Resource) -> Iterator[tuple[str, Resource]]:
    """Each `[runners.docker]` that a container gets in an upload, with where it stands.

    What is not known yet, and what is no TOML, has none: other policies look at those.
    """
    if resource.type != CONTAINER:
        return
    for at, upload in resource.objects("uploads"):
        for number, runner in enumerate(_runners(upload.text("content"))):
            section = runner.get("docker")
            if isinstance(section, dict):
                where = f"{at}.content: runners[{number}].docker"
                yield where, Resource(type="", name="", urn=resource.urn, properties=section)


def _runners(text: str) -> list[dict[str, object]]:
    if "[[runners]]" not in text:
        return []
    try:
        found = tomllib.loads(text).get("runners", [])
    except tomllib.TOMLDecodeError:
        return []
    return [runner for runner in found if isinstance(runner, dict)]
