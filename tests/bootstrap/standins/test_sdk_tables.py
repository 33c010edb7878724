"""The stand-ins' tables against the SDKs that programs use."""

import importlib
import inspect
import re
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from pulumi import _types

from bootstrap.standins.fields import Field, Kind
from bootstrap.standins.function import Function
from bootstrap.standins.resource import Resource
from tests.bootstrap.standins.trial import FORGES

PLAIN_KINDS = {str: Kind.TEXT, int: Kind.WHOLE, bool: Kind.TRUTH}
LIST_KINDS = {str: Kind.TEXTS, int: Kind.WHOLES}
RESOURCES = [each for forge in FORGES.values() for each in forge.resources]
FUNCTIONS = [each for forge in FORGES.values() for each in forge.functions]

MADE_UP_BY_THE_REAL_PLUGINS = {"name"}
"""Properties that the real plugins make up where a program gives none. The stand-ins want them given."""

every_resource = pytest.mark.parametrize(
    "resource", RESOURCES, ids=lambda each: each.type_name.split(":")[-1]
)

every_function = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.name.split(":")[-1])


def sdk_class(resource: Resource, pattern: str) -> type:
    """A class of the SDK: `pattern` with the resource's class name in it."""
    package, _, name = resource.type_name.split(":")
    found: type = getattr(importlib.import_module(f"pulumi_{package}.{snake(name)}"), pattern.format(name))
    return found


def snake(name: str) -> str:
    """A name of Pulumi's as the SDK's modules and functions have it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def sdk_function(function: Function) -> tuple[dict[str, Any], type]:
    """A function of the SDK: its arguments, each by its name on the wire with its type, and its results' class."""
    package, _, name = function.name.split(":")
    module = importlib.import_module(f"pulumi_{package}.{snake(name)}")
    called = getattr(module, snake(name))
    source = inspect.getsource(called)
    assert f"'{function.name}'" in source
    names = {given: wire for wire, given in re.findall(r"__args__\['(\w+)'\] = (\w+)", source)}
    types = get_type_hints(called)
    given = {wire: get_args(types[name])[0] for name, wire in names.items()}
    return given, getattr(module, f"{name[0].upper()}{name[1:]}Result")


def kind_of(sdk_type: type) -> Kind:
    if get_origin(sdk_type) is not None:
        return LIST_KINDS.get(inside(sdk_type), Kind.OBJECTS)
    return PLAIN_KINDS.get(sdk_type, Kind.OBJECT)


def inside(sdk_type: type) -> type:
    """What a list of the SDK's is of, or the type itself."""
    if get_origin(sdk_type) is None:
        return sdk_type
    found: type = get_args(get_args(sdk_type)[0])[0]
    return found


def required_by(sdk_args: type) -> set[str]:
    names = _types.input_type_py_to_pulumi_names(sdk_args)
    parameters = inspect.signature(sdk_args).parameters
    return {names[name] for name, each in parameters.items() if each.default is inspect.Parameter.empty}


def assert_like_sdk(fields: tuple[Field, ...], sdk_args: type) -> None:
    """The properties have the SDK's names and types, and those that it requires are required here."""
    types = _types.input_type_types(sdk_args)
    assert {each.name: each.kind for each in fields} == {
        each.name: kind_of(types[each.name]) for each in fields
    }
    for each in fields:
        if each.fields:
            assert_like_sdk(each.fields, inside(types[each.name]))
    required = {each.name for each in fields if each.required}
    assert required_by(sdk_args) <= required <= required_by(sdk_args) | MADE_UP_BY_THE_REAL_PLUGINS


@every_resource
def test_what_a_program_can_give_is_named_and_typed_as_in_the_sdk(resource: Resource) -> None:
    given = tuple(each for each in resource.fields if not each.computed)
    assert_like_sdk(given, sdk_class(resource, "{}Args"))


@every_resource
def test_what_a_program_gets_is_named_and_typed_as_in_the_sdk(resource: Resource) -> None:
    types = _types.input_type_types(sdk_class(resource, "_{}State"))
    assert {each.name: each.kind for each in resource.fields} == {
        each.name: kind_of(types[each.name]) for each in resource.fields
    }


@every_resource
def test_an_output_that_no_program_can_give_is_computed(resource: Resource) -> None:
    settable = set(_types.input_type_types(sdk_class(resource, "{}Args")))
    assert {each.name for each in resource.fields if each.computed} == {
        each.name for each in resource.fields if each.name not in settable
    }


@every_resource
def test_a_resource_is_registered_under_the_sdks_token(resource: Resource) -> None:
    assert sdk_class(resource, "{}").pulumi_type == resource.type_name  # type: ignore[attr-defined]


@every_function
def test_what_a_function_is_given_is_named_and_typed_as_in_the_sdk(function: Function) -> None:
    types, _ = sdk_function(function)
    given = {each.name: each.kind for each in function.fields if not each.computed}
    assert given == {name: kind_of(types[name]) for name in given}


@every_function
def test_what_a_function_tells_is_named_and_typed_as_in_the_sdk(function: Function) -> None:
    _, result = sdk_function(function)
    types = _types.output_type_types(result)
    told = {each.name: each.kind for each in function.fields}
    assert told == {name: kind_of(types[name]) for name in told}


@pytest.mark.parametrize("forge", FORGES)
def test_the_providers_settings_are_the_sdks(forge: str) -> None:
    args = importlib.import_module(f"pulumi_{forge}.provider").ProviderArgs
    assert {each.name for each in FORGES[forge].settings} <= set(_types.input_type_types(args))


def test_a_name_that_the_sdk_lacks_is_found_out() -> None:
    resource = next(each for each in RESOURCES if each.type_name.endswith(":UserRunner"))
    misspelt = Field(name="tagList", api="tag_list", kind=Kind.TEXTS)
    with pytest.raises(KeyError, match="tagList"):
        assert_like_sdk((misspelt,), sdk_class(resource, "{}Args"))
