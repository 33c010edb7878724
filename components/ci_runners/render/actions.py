"""Every action that a rendered workflow uses, in one place, each at one commit.

A tag of an action can be moved to other code, which then runs with the job's token; a commit cannot (GitHub docs,
Secure use reference, Using third-party actions). The version stands beside it for people, and for the tools that raise
both.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action at one commit."""

    name: str
    """owner/repository on GitHub."""

    commit: str
    """The commit's full SHA-1."""

    version: str
    """The release's tag at that commit."""

    @property
    def uses(self) -> str:
        """The value of a step's `uses`."""
        return f"{self.name}@{self.commit}"


CHECKOUT = Action(
    name="actions/checkout", commit="3d3c42e5aac5ba805825da76410c181273ba90b1", version="v7.0.1"
)
"""Fetches the commit into the job's work folder."""

LOGIN = Action(
    name="docker/login-action", commit="4907a6ddec9925e35a0a9e82d7399ccc52663121", version="v4.1.0"
)
"""Logs in at a registry, and out when the job ends."""

SETUP_BUILDX = Action(
    name="docker/setup-buildx-action", commit="d7f5e7f509e45cec5c76c4d5afdd7de93d0b3df5", version="v4.1.0"
)
"""Starts a BuildKit for the job."""

METADATA = Action(
    name="docker/metadata-action", commit="80c7e94dd9b9319bd5eb7a0e0fe9291e23a2a2e9", version="v6.1.0"
)
"""Says which tags and labels an image of this commit gets."""

BUILD_PUSH = Action(
    name="docker/build-push-action", commit="f9f3042f7e2789586610d6e8b85c8f03e5195baf", version="v7.2.0"
)
"""Builds an image with buildx and pushes it."""

ACTIONS = (CHECKOUT, LOGIN, SETUP_BUILDX, METADATA, BUILD_PUSH)
"""All of them: what a repository's Actions permissions must allow."""
