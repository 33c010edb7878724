"""The shapes of the guide's tables: a sentence, and when and for which way it is said."""

from collections.abc import Callable
from dataclasses import dataclass

from ci_runners.connection import DaemonKind
from ci_runners.recommend.needs import Isolation, Needs, Platform, Trust, UserNamespaces

Predicate = Callable[[Needs], bool]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A full sentence, and the document that it comes from. Without one it is this package's own judgment."""

    sentence: str
    source: str = ""

    def __str__(self) -> str:
        return f"{self.sentence.removesuffix('.')} ({self.source})." if self.source else self.sentence


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Says its reason when its predicate holds."""

    when: Predicate
    reason: Reason


@dataclass(frozen=True, kw_only=True)
class Rule(Statement):
    """Says its reason about a way."""

    way: DaemonKind


@dataclass(frozen=True, kw_only=True)
class WorseFit:
    """Why a way that would do is not taken where another one is."""

    chosen: DaemonKind
    way: DaemonKind
    reason: Reason


def always(_needs: Needs) -> bool:
    """For what is true of a way whatever the answers are."""
    return True


def untrusted(needs: Needs) -> bool:
    """Jobs run anybody's code."""
    return needs.trust is Trust.UNTRUSTED


def several_teams(needs: Needs) -> bool:
    """Teams must not see one another."""
    return needs.trust is Trust.SEVERAL_TEAMS


def kept_apart(needs: Needs) -> bool:
    """Something must not see something else: pipelines, teams, or whoever sends code."""
    return needs.trust is not Trust.ONE_TEAM or needs.isolation is Isolation.PIPELINES


def nothing_privileged(needs: Needs) -> bool:
    """No job may get what makes it root on its host."""
    return not needs.privileged_allowed


def on_kubernetes(needs: Needs) -> bool:
    """Jobs are pods."""
    return needs.platform is Platform.KUBERNETES


def no_user_namespaces(needs: Needs) -> bool:
    """The host is known to lack them."""
    return needs.user_namespaces is UserNamespaces.MISSING
