"""What a rule is: one thing that some ways to build need of their host. The rules themselves lie beside this module."""

from collections.abc import Callable
from dataclasses import dataclass

from ci_runners.preflight.facts import HostFacts
from ci_runners.preflight.way import Way

DIND = frozenset({"dind privileged", "dind rootless", "dind sysbox"})
PRIVILEGED_DIND = frozenset({"dind privileged"})
ROOTLESS_DIND = frozenset({"dind rootless"})
SYSBOX_DIND = frozenset({"dind sysbox"})
DOOD = frozenset({"dood"})
BUILDKIT = frozenset({"buildkit"})
KANIKO = frozenset({"kaniko"})
RUNNER_HAS_SOCKET = DOOD | BUILDKIT | KANIKO
"""Their runner starts jobs on the host's engine; that of DinD starts them in the daemon."""
ALL = DIND | RUNNER_HAS_SOCKET


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. `expected` and `fix` may name what is in `facts` and `way`, as in `{facts.socket}`."""

    field: str
    """The fact that is at fault, and that the problem names."""

    ways: frozenset[str]
    """`Way.name`s that it holds for."""

    broken: Callable[[HostFacts, Way], bool]
    """Asked only when `field` and all of `needs` are known: an unknown fact is no problem."""

    expected: str
    """What the way needs, and why."""

    fix: str
    """How the host, or the choice, is mended."""

    needs: tuple[str, ...] = ()
    """Further facts that `broken` looks at."""

    is_error: bool = True
    """Whether the way cannot work. If not it is a warning: the way works, but worse."""
