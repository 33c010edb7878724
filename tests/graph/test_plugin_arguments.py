"""Every argument of every component crosses the plugin's boundary: whole, with its marks, or is refused by its name.

Which arguments there are says the schema, so that none is forgotten. What may be an output comes through as a secret,
with its dependencies, and unknown in a preview; what must be plain is refused where it is a secret or unknown.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from ci_runners.plugin.arguments import SIGNATURE
from tests.graph.plugin_cases import CASES, LEAST, LEAST_WITH
from tests.graph.plugin_places import Place, places
from tests.graph.plugin_process import SOURCE, Made, Plugin, output, secret, unknown_output
from tests.graph.recorder import SECRET

FORMS: Mapping[str, Callable[[object], dict[str, object]]] = {
    "secret": secret,
    "secret output": lambda value: output(value, is_secret=True),
}
MARKER = "marked-by-the-test"
Schema = dict[str, Any]


def leaves(schema: Schema) -> list[Place]:
    return [place for place in places(schema) if not place.is_section]


def without_secrets(value: Any) -> Any:  # noqa: ANN401  any JSON
    if isinstance(value, dict):
        hidden = value.keys() == {SECRET}
        return None if hidden else {key: without_secrets(each) for key, each in value.items()}
    return [without_secrets(each) for each in value] if isinstance(value, list) else value


def merged(first: Any, second: Any) -> Any:  # noqa: ANN401  any JSON
    """Both arguments in one; a marked value stands for itself."""
    if isinstance(first, dict) and isinstance(second, dict) and SIGNATURE not in second:
        both = {**first, **second}
        return {
            key: merged(first[key], second[key]) if key in first and key in second else both[key]
            for key in both
        }
    if isinstance(first, list) and isinstance(second, list):
        return [merged(first[0], second[0])]
    return second


def names(made: Made, place: Place) -> bool:
    """Whether the error is about that place."""
    return f": {place.field}: got 'Output', expected" in made.error


def lost(plugin: Plugin, found: Iterable[Place], value: object) -> list[str]:
    """The places where that value is neither refused by name nor still unknown in what the component registers.

    All are looked at at once, then those that are left one by one.
    """
    by_component: dict[str, list[Place]] = defaultdict(list)
    for place in found:
        by_component[place.component].append(place)
    missing = []
    for component, group in by_component.items():
        all_at_once: Any = LEAST[component]
        for place in group:
            all_at_once = merged(all_at_once, place.holding(value))
        together = plugin.construct(component, all_at_once, preview=True)
        assert together.registered == {}
        for place in group:
            if not names(together, place):
                alone = plugin.construct(
                    component,
                    merged(LEAST_WITH.get(place.key, LEAST[component]), place.holding(value)),
                    preview=True,
                )
                if not names(alone, place) and (alone.error or not alone.unknowns()):
                    missing.append(place.key)
    return missing


def test_every_place_that_may_be_an_output_has_a_case(schema: Schema) -> None:
    assert sorted(CASES) == sorted(place.key for place in leaves(schema) if not place.is_plain)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", CASES)
def test_a_secret_comes_through_and_is_nowhere_without_its_mark(plugin: Plugin, key: str, form: str) -> None:
    case = CASES[key]

    made = plugin.construct(key.partition(".")[0], case.arguments(FORMS[form](case.value)))

    shown = repr(case.shows or case.value)[1:-1]
    assert made.error == ""
    assert shown in repr(made.registered)
    assert shown not in repr(without_secrets(made.registered))
    assert shown not in repr(without_secrets(made.outputs))


@pytest.mark.parametrize("key", CASES)
def test_an_output_comes_through_with_what_it_depends_on(plugin: Plugin, key: str) -> None:
    case = CASES[key]

    made = plugin.construct(key.partition(".")[0], case.arguments(output(case.value)))

    assert made.error == ""
    assert repr(case.shows or case.value)[1:-1] in repr(made.registered)
    assert SOURCE in made.dependencies


@pytest.mark.parametrize("key", CASES)
def test_what_a_preview_does_not_know_stays_unknown(plugin: Plugin, key: str) -> None:
    case = CASES[key]
    component = key.partition(".")[0]

    known = plugin.construct(component, case.arguments(case.value), preview=True)
    unknown = plugin.construct(component, case.arguments(unknown_output()), preview=True)

    assert (known.error, unknown.error) == ("", "")
    assert unknown.unknowns() > known.unknowns()


def test_a_secret_in_a_plain_place_is_refused_by_name(plugin: Plugin, schema: Schema) -> None:
    found = [place for place in leaves(schema) if place.is_plain]

    assert len(found) > 500
    assert lost(plugin, found, secret(MARKER)) == []


def test_an_unknown_value_in_a_plain_place_is_refused_by_name(plugin: Plugin, schema: Schema) -> None:
    found = [place for place in leaves(schema) if place.is_plain]

    assert lost(plugin, found, unknown_output()) == []


def test_a_section_that_a_preview_does_not_know_is_refused_by_name_or_stays_unknown(
    plugin: Plugin, schema: Schema
) -> None:
    found = [place for place in places(schema) if place.is_plain and place.is_section]
    by_depth: dict[int, list[Place]] = defaultdict(list)
    for place in found:
        by_depth[len(place.path)].append(place)

    assert len(found) > 100
    assert [missing for group in by_depth.values() for missing in lost(plugin, group, unknown_output())] == []
