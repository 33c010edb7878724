"""The rules by which a station's parts must fit each other."""

from collections.abc import Iterable, Iterator

from ci_runners.connection import DaemonKind
from ci_runners.problems import Problem
from ci_runners.recommend import recommend
from ci_runners.render.buildkit import buildkit_problems
from ci_runners.render.dind import dind_problems
from ci_runners.render.host import host_problems
from ci_runners.render.kaniko import kaniko_problems
from ci_runners.render.station_forges import forge_problems, under
from ci_runners.render.station_spec import Builder, Registries, StationSpec, daemon_name, way_of
from ci_runners.render.station_upkeep import upkeep_problems
from ci_runners.validate import Rules


def station_problems(name: str, spec: StationSpec) -> list[Problem]:
    """Everything that is wrong with a station: its parts by their own rules, then what does not fit together.

    Of the ways to build only the chosen one is held to its rules. Fields are paths from the station on: `dind.memory`.
    """
    rules = Rules(component=f"BuildStation {name!r}")
    way = way_of(spec)
    daemon = [] if way is None else _daemon_problems(name, way, spec)
    parts = [
        *([] if way is None else under(way.value, rules.component, daemon)),
        *forge_problems(name, spec, way),
        *upkeep_problems(name, spec, way),
    ]
    return [
        *_name(name, rules, parts),
        *(found for found in parts if found.field != "name"),
        *_registries(spec.registries, rules),
        *_way(spec, rules),
    ]


def _daemon_problems(name: str, way: DaemonKind, spec: StationSpec) -> list[Problem]:
    full = daemon_name(name, way)
    checks = {
        DaemonKind.DIND: lambda: dind_problems(full, spec.dind),
        DaemonKind.DOOD: lambda: host_problems(full, spec.dood),
        DaemonKind.BUILDKIT: lambda: buildkit_problems(full, spec.buildkit),
        DaemonKind.KANIKO: lambda: kaniko_problems(full, spec.kaniko),
    }
    return list(checks[way]())


def _name(name: str, rules: Rules, found: Iterable[Problem]) -> Iterator[Problem]:
    """The parts are named after the station; it is the station's name that a person can mend."""
    if any(problem.field == "name" for problem in found):
        yield rules.problem(
            "name",
            name,
            f"letters, digits and hyphens: {daemon_name('<name>', DaemonKind.DIND)} becomes a host name",
            "choose a short name, like ci",
        )


def _registries(spec: Registries, rules: Rules) -> Iterator[Problem]:
    yield from rules.each("registries.mirrors", spec.mirrors, "url")
    yield from rules.each("registries.insecure", spec.insecure, "registry_host")
    for listed in ("mirrors", "insecure"):
        yield from rules.no_repeats(f"registries.{listed}", getattr(spec, listed))


def _way(spec: StationSpec, rules: Rules) -> Iterator[Problem]:
    found = recommend(spec.needs)
    if spec.builder is Builder.AUTO and found.way is None:
        why = " ".join(reason.sentence for reason in found.reasons)
        changes = (" ".join(move.advice for move in change.moves) for change in found.changes)
        yield rules.problem(
            "builder", spec.builder.value, f"needs that a way can meet. {why}", " Or: ".join(changes)
        )
    for section in ("dind", "buildkit"):
        if getattr(spec, section).data_only:
            yield rules.problem(
                f"{section}.data_only",
                True,  # noqa: FBT003  the value that was given
                "no such word here: a station keeps the data of the ways that it does not use by itself",
                "leave it out, and set keep_caches",
            )
