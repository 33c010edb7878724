"""From what the engine sends to arguments: marks go down to the single values, and nothing is lost on the way."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pulumi.provider.experimental.analyzer import PropertyDefinition
from pulumi.runtime.rpc import UNKNOWN

from ci_runners.plugin.arguments import OUTPUT, SECRET, SIGNATURE, Reader

READER = Reader(types={})
PLAIN = PropertyDefinition(plain=True)
SCALARS = st.one_of(st.booleans(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5))


def marked(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists, mappings and marks around values."""
    sources = st.lists(st.sampled_from(["urn:a", "urn:b"]), unique=True)
    return st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3),
        inner.map(lambda value: {SIGNATURE: SECRET, "value": value}),
        st.builds(
            lambda value, secret, urns: {
                SIGNATURE: OUTPUT,
                "value": value,
                "secret": secret,
                "dependencies": urns,
            },
            inner,
            st.booleans(),
            sources,
        ),
    )


VALUES = st.recursive(SCALARS, marked, max_leaves=12)


def bare(value: Any) -> Any:  # noqa: ANN401  any JSON
    """Without marks."""
    if isinstance(value, dict):
        if SIGNATURE in value:
            return bare(value["value"])
        return {key: bare(each) for key, each in value.items()}
    return [bare(each) for each in value] if isinstance(value, list) else value


def leaves(value: Any, *, secret: bool = False, urns: frozenset[str] = frozenset()) -> list[Any]:  # noqa: ANN401
    """Every single value with what is said of it, in order."""
    if isinstance(value, dict) and SIGNATURE in value:
        more = urns.union(value.get("dependencies", ()))
        hidden = secret or value[SIGNATURE] == SECRET or bool(value.get("secret"))
        return leaves(value["value"], secret=hidden, urns=more)
    if isinstance(value, dict):
        return [found for each in value.values() for found in leaves(each, secret=secret, urns=urns)]
    if isinstance(value, list):
        return [found for each in value for found in leaves(each, secret=secret, urns=urns)]
    return [(value, secret, urns)]


def read(value: object, place: PropertyDefinition = PLAIN, **dependencies: frozenset[str]) -> Any:  # noqa: ANN401
    return READER.arguments({"argument": value}, dependencies, {"argument": place}, {})["argument"]


@given(VALUES)
def test_every_value_stays_where_it_is(value: object) -> None:
    assert bare(read(value)) == bare(value)


@given(VALUES)
def test_every_value_keeps_what_is_said_of_it(value: object) -> None:
    assert leaves(read(value, PropertyDefinition())) == leaves(value)


def test_what_is_not_known_is_an_output_without_a_value() -> None:
    unknown = {SIGNATURE: OUTPUT, "secret": False, "dependencies": []}

    assert read(UNKNOWN) == unknown
    assert read({SIGNATURE: OUTPUT}) == unknown
    assert read({SIGNATURE: SECRET, "value": {"a": UNKNOWN}}) == {"a": {**unknown, "secret": True}}
    assert read({SIGNATURE: OUTPUT, "dependencies": ["urn:a"]})["dependencies"] == ["urn:a"]


def test_what_an_argument_depends_on_is_said_of_every_value_that_may_be_an_output() -> None:
    open_map = PropertyDefinition(plain=True, additional_properties=PropertyDefinition())
    shut_map = PropertyDefinition(plain=True, additional_properties=PLAIN)
    urns = frozenset({"urn:a"})

    assert read({"a": "text"}, open_map, argument=urns)["a"]["dependencies"] == ["urn:a"]
    assert read({"a": "text"}, shut_map, argument=urns) == {"a": "text"}


def test_what_one_output_depends_on_is_not_said_of_its_neighbors() -> None:
    place = PropertyDefinition(plain=True, additional_properties=PropertyDefinition())
    one = {SIGNATURE: OUTPUT, "value": "text", "dependencies": ["urn:a"]}

    made = read({"one": one, "other": "text"}, place, argument=frozenset({"urn:a"}))

    assert made["one"]["dependencies"] == ["urn:a"]
    assert made["other"] == "text"


def test_a_mapping_that_may_be_an_output_as_a_whole_may_hold_outputs_too() -> None:
    place = PropertyDefinition(additional_properties=PLAIN)
    one = {SIGNATURE: OUTPUT, "value": "text", "dependencies": ["urn:a"]}

    assert read({"one": one}, place)["one"]["dependencies"] == ["urn:a"]


def test_a_known_output_in_a_plain_place_is_plain_and_a_secret_is_not() -> None:
    assert read({SIGNATURE: OUTPUT, "value": 4, "dependencies": ["urn:a"]}) == 4
    assert read({SIGNATURE: SECRET, "value": 4})["secret"] is True


def test_other_marks_go_through() -> None:
    asset = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "a"}

    assert read(asset) == asset
