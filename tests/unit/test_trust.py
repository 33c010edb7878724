"""What a trust zone forbids, whatever else an argument accepts."""

import pytest

from ci_runners.connection import DaemonKind
from ci_runners.recommend import Needs, Trust, recommend
from ci_runners.render.dind import DindSpec, dind_problems
from ci_runners.render.dind_variants import DindVariant
from ci_runners.render.host import HostSpec, host_problems
from ci_runners.render.trust import trust_problems
from ci_runners.validate import Rules

RULES = Rules(component="HostDaemon 'host'")
FORBIDDEN = {
    (DaemonKind.DIND, Trust.UNTRUSTED),
    (DaemonKind.DOOD, Trust.UNTRUSTED),
    (DaemonKind.DOOD, Trust.SEVERAL_TEAMS),
}


@pytest.mark.parametrize("zone", Trust)
@pytest.mark.parametrize("way", [DaemonKind.DIND, DaemonKind.DOOD])
def test_root_on_the_host_is_for_the_zones_that_trust_their_jobs_with_it(
    way: DaemonKind, zone: Trust
) -> None:
    found = [problem.field for problem in trust_problems(RULES, way, zone)]

    assert found == (["trust_zone"] if (way, zone) in FORBIDDEN else [])


@pytest.mark.parametrize("way", [DaemonKind.BUILDKIT, DaemonKind.KANIKO])
@pytest.mark.parametrize("zone", Trust)
def test_what_makes_nobody_root_fits_every_zone(way: DaemonKind, zone: Trust) -> None:
    assert list(trust_problems(RULES, way, zone)) == []


@pytest.mark.parametrize(("way", "zone"), sorted(FORBIDDEN, key=str))
def test_the_guide_chooses_nothing_that_a_zone_forbids(way: DaemonKind, zone: Trust) -> None:
    assert recommend(Needs(trust=zone, privileged_allowed=True)).way is not way


@pytest.mark.parametrize("socket_proxy", [False, True])
@pytest.mark.parametrize("zone", [Trust.SEVERAL_TEAMS, Trust.UNTRUSTED])
def test_the_hosts_engine_is_refused_in_such_a_zone_even_where_it_is_accepted(
    zone: Trust, *, socket_proxy: bool
) -> None:
    spec = HostSpec(accept_host_root=True, trust_zone=zone, socket_proxy=socket_proxy)

    (problem,) = host_problems("host", spec)

    assert problem.field == "trust_zone"
    assert problem.value == zone.value
    assert "accept_host_root changes nothing here" in problem.fix


@pytest.mark.parametrize(
    ("spec", "fields"),
    [
        (DindSpec(accept_privileged=True, trust_zone=Trust.UNTRUSTED), ["trust_zone"]),
        (DindSpec(accept_privileged=True, trust_zone=Trust.SEVERAL_TEAMS), []),
        (DindSpec(accept_privileged=True), []),
        (DindSpec(variant=DindVariant.ROOTLESS, trust_zone=Trust.UNTRUSTED), []),
        (DindSpec(data_only=True, trust_zone=Trust.UNTRUSTED), []),
    ],
)
def test_of_dind_only_the_privileged_variant_is_refused_for_untrusted_code(
    spec: DindSpec, fields: list[str]
) -> None:
    assert [problem.field for problem in dind_problems("dind", spec)] == fields


def test_the_zone_that_is_meant_where_none_is_named_is_one_team() -> None:
    assert HostSpec().trust_zone is Trust.ONE_TEAM
    assert host_problems("host", HostSpec(accept_host_root=True)) == []
