"""Why the plugin has a host of its own: upstream's still loses arguments. When these fail, `ci_runners.plugin` can go."""

from typing import Any, TypedDict

import pulumi
import pytest
from pulumi.provider.experimental.component import ComponentProvider

from ci_runners.render.config_toml import PullPolicy
from tests.graph.recorder import Graph


class SectionArgs(TypedDict):
    key: pulumi.Input[str]


class ThingArgs(TypedDict):
    section: SectionArgs
    policies: list[PullPolicy]


class Thing(pulumi.ComponentResource):
    def __init__(self, name: str, args: ThingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        raise NotImplementedError


def mapped(**given: Any) -> dict[str, Any]:  # noqa: ANN401  any argument
    """What the component is given of these."""
    upstream = ComponentProvider([Thing], "upstream")
    arguments = {"section": {"key": "text"}, "policies": [], **given}
    return dict(upstream.map_inputs(arguments, upstream._component_defs["Thing"]))


def test_upstream_reads_no_key_of_a_section_that_holds_a_secret(graph: Graph) -> None:
    def program() -> None:
        # What upstream's reading of the wire makes of a secret inside a section.
        mapped(section=pulumi.Output.secret({"key": "text"}))

    with pytest.raises(pulumi.InputPropertyError, match=r"Missing required input 'section\.key'"):
        graph.run(program)


def test_upstream_empties_a_list_of_enums() -> None:
    assert mapped(policies=["always"])["policies"] == [{}]


def test_upstream_drops_a_key_that_it_does_not_know() -> None:
    assert mapped(section={"key": "text", "unknown": "text"})["section"] == {"key": "text"}
