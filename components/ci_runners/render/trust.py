"""Trust zones: whose code a daemon may run. What a zone forbids, no accepting word of an argument allows."""

from collections.abc import Iterator

from ci_runners.connection import DaemonKind
from ci_runners.problems import Problem
from ci_runners.recommend.needs import Isolation, Needs, Platform, TeamSize, Trust, UserNamespaces
from ci_runners.recommend.ruled_out import RULED_OUT
from ci_runners.validate import Rules


def trust_problems(
    rules: Rules, way: DaemonKind, zone: Trust, *, field: str = "trust_zone"
) -> Iterator[Problem]:
    """What speaks against a way that makes jobs root on its host in a zone, by the rules that `recommend` goes by.

    Ask it of a privileged DinD daemon and of the host's engine only: what makes nobody root fits every zone.
    """
    reasons = [rule.reason.sentence for rule in RULED_OUT if rule.way is way and rule.when(_only(zone))]
    if reasons:
        expected = f"a zone that trusts its jobs with the host. {' '.join(reasons)}"
        yield rules.problem(field, zone.value, expected, _FIX[way])


_FIX = {
    DaemonKind.DIND: "build with buildkit or kaniko, or in a variant that is not privileged; accept_privileged"
    " changes nothing here",
    DaemonKind.DOOD: "build with buildkit or kaniko, or with a daemon for each team on a host of its own;"
    " accept_host_root changes nothing here",
}


def _only(zone: Trust) -> Needs:
    """Needs against which nothing can speak but the zone: a host of each team's own, and every other answer easy."""
    return Needs(
        trust=zone,
        isolation=Isolation.NONE,
        platform=Platform.SEVERAL_HOSTS,
        team_size=TeamSize.SMALL,
        privileged_allowed=True,
        user_namespaces=UserNamespaces.AVAILABLE,
    )
