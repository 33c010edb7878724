"""The guide as Markdown: typical teams with what is recommended to them, and the ways side by side."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ci_runners.connection import DaemonKind
from ci_runners.recommend.decide import recommend
from ci_runners.recommend.needs import Isolation, Needs, Platform, TeamSize, Trust, UserNamespaces
from ci_runners.recommend.ways import LEAST_PRIVILEGED_FIRST, WAYS

TEAMS: Mapping[str, Needs] = MappingProxyType(
    {
        "A small team that may be root on its VM": Needs(
            trust=Trust.ONE_TEAM,
            isolation=Isolation.NONE,
            team_size=TeamSize.SMALL,
            privileged_allowed=True,
        ),
        "The same, but pipelines must not see one another": Needs(
            trust=Trust.ONE_TEAM, team_size=TeamSize.SMALL, privileged_allowed=True
        ),
        "Several teams with a host each, tests use Compose or Testcontainers": Needs(
            trust=Trust.SEVERAL_TEAMS,
            platform=Platform.SEVERAL_HOSTS,
            privileged_allowed=True,
            docker_api=True,
        ),
        "Several teams on one host": Needs(
            trust=Trust.SEVERAL_TEAMS, user_namespaces=UserNamespaces.AVAILABLE
        ),
        "One team, nothing may be privileged, Dockerfiles with cache mounts": Needs(
            trust=Trust.ONE_TEAM,
            isolation=Isolation.NONE,
            buildkit_features=True,
            user_namespaces=UserNamespaces.AVAILABLE,
        ),
        "One team, nothing may be privileged, no user namespaces": Needs(
            trust=Trust.ONE_TEAM, isolation=Isolation.NONE, user_namespaces=UserNamespaces.MISSING
        ),
        "Merge requests from forks": Needs(),
        "Merge requests from forks, and Dockerfiles with cache mounts": Needs(
            buildkit_features=True, user_namespaces=UserNamespaces.AVAILABLE
        ),
        "Merge requests from forks, tests need `docker run`": Needs(docker_api=True),
        "A cluster without privileged pods": Needs(
            trust=Trust.ONE_TEAM,
            platform=Platform.KUBERNETES,
            isolation=Isolation.NONE,
            user_namespaces=UserNamespaces.AVAILABLE,
        ),
        "A cluster with privileged pods, one team, tests need `docker run`": Needs(
            trust=Trust.ONE_TEAM,
            platform=Platform.KUBERNETES,
            isolation=Isolation.NONE,
            privileged_allowed=True,
            docker_api=True,
        ),
    }
)


def as_markdown() -> str:
    """Both tables, as README.md and docs/choosing.md hold them."""
    return f"{_teams()}\n\n{_ways()}\n"


def _teams() -> str:
    rows = []
    for team, needs in TEAMS.items():
        found = recommend(needs)
        way = f"`{found.way.value}`" if found.way else "none"
        costs = found.costs[0].sentence if found.costs else found.changes[0].moves[0].advice
        rows.append([team, way, found.reasons[0].sentence, costs])
    return _table(["team", "way", "why", "what it costs first, or would have to change"], rows)


def _ways() -> str:
    rows = [_row(way) for way in LEAST_PRIVILEGED_FIRST]
    titles = [
        "way",
        "privileged?",
        "can a job become root on the host?",
        "what keeps pipelines apart",
        "needs from the host",
        "layer cache",
        "`docker run` in jobs",
    ]
    return _table(titles, rows)


def _row(kind: DaemonKind) -> list[str]:
    way = WAYS[kind]
    return [
        f"`{kind.value}`: {way.title}",
        _noted(way.privileged_note, yes=way.privileged),
        _noted(way.root_note, yes=way.root_on_host),
        way.isolation,
        way.host,
        way.cache,
        _noted("", yes=way.docker_api),
    ]


def _noted(note: str, *, yes: bool) -> str:
    return ", ".join(filter(None, ("yes" if yes else "no", note)))


def _table(titles: list[str], rows: Iterable[list[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
