"""What is wrong with those of a project's arguments that may be outputs: its connection, secrets and pipeline."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from ci_runners.problems import Problem
from ci_runners.render.ci_variables import PlainVariable, value_problems
from ci_runners.render.gitlab_project import GitLabProjectSpec
from ci_runners.render.shared_rules import connection_problems
from ci_runners.validate import Rules

LATER = frozenset({"connection", "secret_values"})
"""Arguments that may be outputs as a whole."""


def plain_args(args: Mapping[str, object]) -> dict[str, object]:
    """The arguments as the spec has them: without the values that may be outputs."""
    plain = {key: value for key, value in args.items() if key not in LATER}
    secrets = plain.get("secret_variables")
    if isinstance(secrets, Sequence):
        plain["secret_variables"] = [_without(each, "value") for each in secrets]
    if "pipeline_file" in plain:
        plain["pipeline_file"] = _without(plain["pipeline_file"], "content")
    return plain


def _without(given: object, name: str) -> object:
    if not isinstance(given, Mapping):
        return given
    return {key: value for key, value in given.items() if key != name}


def later_problems(name: str, spec: GitLabProjectSpec, args: Mapping[str, object]) -> Iterator[Problem]:
    """What can be said of a connection, of secrets and of the pipeline's content before anything exists.

    They must be there. Those that are plain text are checked; an output is checked once its value is known.
    """
    rules = Rules(component=f"GitLabProject {name!r}")
    connection = args.get("connection")
    if isinstance(connection, str):
        yield from connection_problems(rules, connection)
    yield from _secrets(rules, spec, args)
    for file in _items([args["pipeline_file"]] if "pipeline_file" in args else []):
        content = file.get("content")
        if isinstance(content, str) and not content.strip():
            yield rules.problem("pipeline_file.content", content, "some text", "render a pipeline into it")
        elif not isinstance(content, str):
            yield from _missing(rules, "pipeline_file.content", content)


def _items(given: object) -> list[Mapping[str, object]]:
    return [each for each in given if isinstance(each, Mapping)] if isinstance(given, Sequence) else []


def _missing(rules: Rules, field: str, value: object) -> Iterator[Problem]:
    """A text, or an output of one, must be there. What an output's value is like nobody knows yet."""
    if value is None:
        yield rules.problem(field, None, "a value", "give it: it has no default")
    elif isinstance(value, bool | int | float | list | dict):
        yield rules.problem(field, type(value).__name__, "text", "write it as text")


def _secrets(rules: Rules, spec: GitLabProjectSpec, args: Mapping[str, object]) -> Iterator[Problem]:
    given = _items(args.get("secret_variables"))
    plain = {index: each["value"] for index, each in enumerate(given) if isinstance(each.get("value"), str)}
    shared = args.get("secret_values")
    if isinstance(shared, Mapping):
        yield from shared_value_problems(rules, args, shared)
    for index, each in enumerate(given):
        value = each.get("value")
        if index not in plain and (value is not None or shared is None):
            yield from _missing(rules, f"secret_variables[{index}].value", value)
    yield from secret_problems(rules, spec, cast("Mapping[int, str]", plain))


def shared_value_problems(
    rules: Rules, args: Mapping[str, object], values: Mapping[str, object]
) -> Iterator[Problem]:
    """What is wrong with the keys of `secret_values`: one for each secret variable that has no value of its own."""
    keys = {str(each.get("key")) for each in _items(args.get("secret_variables")) if "value" not in each}
    for key in sorted(values.keys() - keys):
        fix = "declare it in secret_variables, without a value, or leave it out"
        yield rules.problem(f"secret_values.{key}", "a value", "the key of a secret variable", fix)
    for key in sorted(keys - values.keys()):
        yield rules.problem(f"secret_values.{key}", None, "a value", "give it: it has no default")


def secret_problems(rules: Rules, spec: GitLabProjectSpec, values: Mapping[int, str]) -> Iterator[Problem]:
    """What is wrong with the secret values that are known, by their position in `secret_variables`."""
    names = [variable.key for variable in (*spec.variables, *spec.secret_variables)]
    for index, value in values.items():
        variable = spec.secret_variables[index]
        yield from value_problems(rules, f"secret_variables[{index}]", variable, value, names=names)


def connection_variable_problems(
    rules: Rules, spec: GitLabProjectSpec, implied: Sequence[PlainVariable]
) -> Iterator[Problem]:
    """Variables of the user's own that the connection sets too, which GitLab would take for one."""
    ours = {variable.key for variable in implied}
    for field in ("variables", "secret_variables"):
        for index, variable in enumerate(getattr(spec, field)):
            if variable.key in ours:
                fix = "leave it out, or set connection_variables to false"
                expected = "another key than those that the connection sets"
                yield rules.problem(f"{field}[{index}].key", variable.key, expected, fix)
