"""`extends`: a job takes over what other jobs have, as in GitLab's docs, "Use extends to reuse configuration"."""

from sandbox.ci.keywords import Problems, texts
from sandbox.models import JsonObject

_DEPTH = 11


def resolve_extends(jobs: dict[str, object], problems: Problems) -> dict[str, JsonObject]:
    """Every job with what it extends merged in: mappings are merged, everything else is replaced."""
    bodies: dict[str, JsonObject] = {}
    for name, body in jobs.items():
        if isinstance(body, dict):
            bodies[name] = {str(key): value for key, value in body.items()}
        elif not name.startswith("."):
            problems.add(
                f"jobs:{name}", "config should be a hash: an unknown keyword, or a job without a body"
            )
    return {name: _resolved(name, bodies, (), problems) for name in bodies}


def _resolved(
    name: str, bodies: dict[str, JsonObject], above: tuple[str, ...], problems: Problems
) -> JsonObject:
    where = f"jobs:{name}:extends"
    if name in above:
        problems.add(where, "circular dependency detected in `extends`")
        return {}
    if len(above) >= _DEPTH:
        problems.add(where, "nesting too deep in `extends`")
        return {}
    own = dict(bodies[name])
    merged: JsonObject = {}
    for base in texts(own.pop("extends", []), where, problems):
        if base in bodies:
            merged = _merged(merged, _resolved(base, bodies, (*above, name), problems))
        else:
            problems.add(where, f"unknown key: {base}")
    return _merged(merged, own)


def _merged(base: JsonObject, over: JsonObject) -> JsonObject:
    made = dict(base)
    for key, value in over.items():
        below = made.get(key)
        made[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return made
