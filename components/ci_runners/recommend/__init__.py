"""The decision guide as code: from a team's answers to a way to build, with its reasons and its costs."""

from ci_runners.recommend.decide import Recommendation, recommend
from ci_runners.recommend.needs import Isolation, Needs, Platform, TeamSize, Trust, UserNamespaces

__all__ = [
    "Isolation",
    "Needs",
    "Platform",
    "Recommendation",
    "TeamSize",
    "Trust",
    "UserNamespaces",
    "recommend",
]
