"""The stations of one stack: one in `station`, or several in `stations`, which share the stack's secrets."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from ci_runners.problems import InvalidInput, Problem, refuse
from ci_runners.settings import STATION, Settings, secret_problems
from ci_runners.settings_reader import COMPONENT
from ci_runners.settings_secrets import PROJECT, Secrets
from ci_runners.validate import Rules

STATIONS = "stations"
"""The configuration key of several stations: a list, each item with the keys of `station`."""


def load_stations(station: object, stations: object, secrets: Secrets) -> dict[str, Settings]:
    """Read what `pulumi.Config().get_object` gave of the two keys: the settings by their paths in the configuration.

    Raises `InvalidInput` with every problem of every station, and of how they fit together.
    """
    if not stations:
        return {STATION: Settings.load(station, secrets)}
    rules, problems = Rules(component=COMPONENT), list[Problem]()
    if station:
        fix = f"move it into {STATIONS}, then `pulumi config rm {PROJECT}:{STATION}`"
        problems.append(rules.problem(STATION, "both", f"exactly one of {STATION} and {STATIONS}", fix))
    if not isinstance(stations, Sequence) or isinstance(stations, str):
        fix = f"write a `-` before each one's first key; a single station's place is {STATION}"
        raise InvalidInput([*problems, rules.problem(STATIONS, stations, "a list of stations", fix)])
    found: dict[str, Settings] = {}
    for index, given in enumerate(stations):
        path = f"{STATIONS}[{index}]"
        found[path], wrong = Settings.read(given, path)
        problems += wrong
    refuse([*problems, *_names(found), *_shared_secrets(found, secrets)])
    return found


def _names(stations: Mapping[str, Settings]) -> Iterator[Problem]:
    """Each has a name of its own, on one Docker host or not: resources of one stack are told apart by it."""
    taken: dict[str, str] = {}
    for path, settings in stations.items():
        if settings.name in taken:
            expected = f"another name than that of {taken[settings.name]}"
            fix = "give each station a name of its own"
            yield Rules(component=COMPONENT).problem(f"{path}.name", settings.name, expected, fix)
        taken.setdefault(settings.name, path)


def _shared_secrets(stations: Mapping[str, Settings], secrets: Secrets) -> Iterator[Problem]:
    """What is wrong with the secrets. One that a station does not need is right where another one needs it."""
    needed = {
        path: {problem.field for problem in secret_problems(settings, Secrets())}
        for path, settings in stations.items()
    }
    needed_by_any = set[str]().union(*needed.values())
    places: dict[Problem, list[str]] = {}
    for path, settings in stations.items():
        for problem in secret_problems(settings, secrets):
            if problem.field in needed[path] or problem.field not in needed_by_any:
                places.setdefault(problem, []).append(path)
    for problem, paths in places.items():
        yield dataclasses.replace(problem, component=f"{COMPONENT} of {', '.join(paths)}")
