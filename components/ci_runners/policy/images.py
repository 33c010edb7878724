"""Images: the components' own rule, for whatever program names one."""

from collections.abc import Iterator

from ci_runners.policy.resource import CONTAINER, REMOTE_IMAGE, Resource
from ci_runners.policy.runner_config import runner_sections
from ci_runners.problems import Problem
from ci_runners.validate import Rules


def fixed_image(resource: Resource) -> Iterator[Problem]:
    """An image without a tag or digest, or with the tag latest."""
    rules = Rules(component=resource.component)
    named = {CONTAINER: "image", REMOTE_IMAGE: "name"}.get(resource.type)
    found = [] if named is None else [(named, resource.text(named))]
    for at, section in runner_sections(resource):
        found += [(f"{at}.{field}", section.text(field)) for field in ("image", "helper_image")]
    for field, image in found:
        # An image's own id names exactly one: what a RemoteImage's image_id says.
        if image and not image.startswith("sha256:"):
            yield from rules.image(field, image)
