"""One checker per keyword of a job: takes what YAML gave, returns it in one plain form, notes what is wrong.

The forms are those of the runner's job payload where there is one, so that they can be handed on as they are.
"""

import re

from sandbox.ci import expressions
from sandbox.models import JsonObject

WHEN = ("on_success", "on_failure", "always", "manual")
_SECONDS = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hr": 3600,
    "hour": 3600,
    "d": 86400,
    "day": 86400,
    "w": 604800,
    "week": 604800,
}
_RETRIES = 2


class Problems:
    """Everything that is wrong with one pipeline file."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, where: str, message: str) -> None:
        """Notes a problem in GitLab's form, `jobs:build:image config should be …`."""
        self.found.append(f"{where} {message}")


def texts(value: object, where: str, problems: Problems) -> list[str]:
    """A string, or a list of strings nested at will, as one flat list."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in texts(item, where, problems)]
    problems.add(where, "config should be a string or a nested array of strings up to 10 levels deep")
    return []


def names(value: object, where: str, problems: Problems) -> list[str]:
    """A list of strings."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return list(value)
    problems.add(where, "config should be an array of strings")
    return []


def mapping(value: object, where: str, allowed: set[str], problems: Problems) -> JsonObject:
    """A mapping with none but these keys."""
    if not isinstance(value, dict):
        problems.add(where, "config should be a hash")
        return {}
    if unknown := [str(key) for key in value if key not in allowed]:
        problems.add(where, f"config contains unknown keys: {', '.join(unknown)}")
    return {str(key): item for key, item in value.items() if key in allowed}


def choice(value: object, where: str, allowed: tuple[str, ...], problems: Problems) -> str:
    """One of these words."""
    if isinstance(value, str) and value in allowed:
        return value
    problems.add(where, f"should be one of: {', '.join(allowed)}")
    return allowed[0]


def flag(value: object, where: str, problems: Problems) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        problems.add(where, "config should be a boolean value")
    return value is True


def seconds(value: object, where: str, problems: Problems) -> int:
    """A duration such as `1h 30m`, `2 hours` or `3600` (seconds)."""
    text = str(value).replace("and", " ") if isinstance(value, str | int) else ""
    parts = re.findall(r"(\d+)\s*([a-z]*)", text)
    units = [_SECONDS.get(unit.rstrip("s") or "s") for _, unit in parts]
    if not parts or None in units or re.sub(r"(\d+)\s*([a-z]*)|[\s,]", "", text):
        problems.add(where, "config should be a duration")
        return 0
    return sum(int(number) * (unit or 0) for (number, _), unit in zip(parts, units, strict=True))


def image(value: object, where: str, problems: Problems, *, service: bool = False) -> JsonObject:
    """An image or a service in the payload's form."""
    if isinstance(value, str):
        return {"name": value}
    allowed = {"name", "entrypoint", "pull_policy", "docker"} | (
        {"alias", "command", "variables"} if service else set()
    )
    given = mapping(value, where, allowed, problems)
    if not isinstance(given.get("name"), str):
        problems.add(f"{where}:name", "config should be a string")
    made: JsonObject = {"name": given.get("name", "")}
    for key in ("entrypoint", "command"):
        if key in given:
            made[key] = texts(given[key], f"{where}:{key}", problems)
    if "alias" in given:
        made["alias"] = ",".join(texts(given["alias"], f"{where}:alias", problems))
    if "pull_policy" in given:
        policies = texts(given["pull_policy"], f"{where}:pull_policy", problems)
        allowed_policies = ("always", "if-not-present", "never")
        made["pull_policy"] = [
            choice(p, f"{where}:pull_policy", allowed_policies, problems) for p in policies
        ]
    if "docker" in given:
        docker = mapping(given["docker"], f"{where}:docker", {"platform", "user"}, problems)
        made["executor_opts"] = {"docker": docker}
    if "variables" in given:
        own = variables(given["variables"], f"{where}:variables", problems)
        made["variables"] = [{"key": key, "public": True, **entry} for key, entry in own.items()]
    return made


def services(value: object, where: str, problems: Problems) -> list[JsonObject]:
    """The list of services in the payload's form."""
    if not isinstance(value, list):
        problems.add(where, "config should be an array")
        return []
    return [image(item, f"{where}:{number}", problems, service=True) for number, item in enumerate(value)]


def variables(value: object, where: str, problems: Problems) -> dict[str, JsonObject]:
    """Variables as `{name: {value, raw}}`."""
    if not isinstance(value, dict):
        problems.add(where, "config should be a hash of key value pairs")
        return {}
    made: dict[str, JsonObject] = {}
    for key, item in value.items():
        entry: object = item
        raw = False
        if isinstance(item, dict):
            given = mapping(item, f"{where}:{key}", {"value", "description", "expand", "options"}, problems)
            entry = given.get("value", "")
            raw = not flag(given.get("expand", True), f"{where}:{key}:expand", problems)
        if isinstance(entry, bool) or not isinstance(entry, str | int):
            problems.add(where, f"config should be a hash of key value pairs: quote the value of {key}")
        made[str(key)] = {"value": str(entry), "raw": raw}
    return made


def artifacts(value: object, where: str, problems: Problems) -> JsonObject:
    """Artifacts in the payload's form. `reports` is not understood."""
    allowed = {"name", "paths", "exclude", "untracked", "when", "expire_in", "expose_as"}
    given = mapping(value, where, allowed, problems)
    made: JsonObject = {"artifact_type": "archive", "artifact_format": "zip"}
    for key in ("name", "expire_in"):
        if key in given:
            made[key] = str(given[key])
    if given.get("expire_in", "never") != "never":
        seconds(given["expire_in"], f"{where}:expire_in", problems)
    for key in ("paths", "exclude"):
        if key in given:
            made[key] = names(given[key], f"{where}:{key}", problems)
    if "untracked" in given:
        made["untracked"] = flag(given["untracked"], f"{where}:untracked", problems)
    made["when"] = choice(given.get("when", "on_success"), f"{where}:when", WHEN[:3], problems)
    return made


def caches(value: object, where: str, problems: Problems) -> list[JsonObject]:
    """One cache or a list of them, in the payload's form. `key:files` is not understood."""
    made: list[JsonObject] = []
    for item in value if isinstance(value, list) else [value]:
        allowed = {"key", "paths", "untracked", "policy", "when", "fallback_keys"}
        given = mapping(item, where, allowed, problems)
        key = given.get("key", "default")
        if not isinstance(key, str):
            problems.add(f"{where}:key", "should be a string: the sandbox does not compute keys from files")
        made.append(
            {
                "key": key,
                "untracked": flag(given.get("untracked", False), f"{where}:untracked", problems),
                "paths": names(given.get("paths", []), f"{where}:paths", problems),
                "policy": choice(
                    given.get("policy", "pull-push"),
                    f"{where}:policy",
                    ("pull-push", "pull", "push"),
                    problems,
                ),
                "when": choice(given.get("when", "on_success"), f"{where}:when", WHEN[:3], problems),
                "fallback_keys": names(given.get("fallback_keys", []), f"{where}:fallback_keys", problems),
            }
        )
    return made


def retry(value: object, where: str, problems: Problems) -> JsonObject:
    """How often a failed job is tried again, as `{max, when}`."""
    given = {"max": value} if isinstance(value, int) else mapping(value, where, {"max", "when"}, problems)
    limit = given.get("max", 0)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= _RETRIES:
        problems.add(where, f"config max must be a number from 0 to {_RETRIES}")
    return {"max": limit, "when": texts(given.get("when", "always"), f"{where}:when", problems)}


def needs(value: object, where: str, problems: Problems) -> list[JsonObject]:
    """The jobs that a job waits for, as `{job, artifacts, optional}`."""
    if not isinstance(value, list):
        problems.add(where, "config should be an array")
        return []
    made: list[JsonObject] = []
    for item in value:
        given = (
            {"job": item}
            if isinstance(item, str)
            else mapping(item, where, {"job", "artifacts", "optional"}, problems)
        )
        if not isinstance(given.get("job"), str):
            problems.add(where, "config should name a job")
            continue
        made.append(
            {
                "job": given["job"],
                "artifacts": flag(given.get("artifacts", True), f"{where}:artifacts", problems),
                "optional": flag(given.get("optional", False), f"{where}:optional", problems),
            }
        )
    return made


def rules(value: object, where: str, problems: Problems, *, workflow: bool = False) -> list[JsonObject]:
    """Rules as `{if, when, allow_failure, variables}`, with only the keys that were given."""
    if not isinstance(value, list):
        problems.add(where, "config should be an array of hashes")
        return []
    allowed = {"if", "when", "variables"} | (set() if workflow else {"allow_failure"})
    outcomes = ("always", "never") if workflow else (*WHEN, "never")
    made: list[JsonObject] = []
    for number, item in enumerate(value):
        place = f"{where}:rule"
        rule = mapping(item, f"{place} {number}", allowed, problems)
        if "if" in rule:
            _check_expression(rule["if"], place, problems)
        if "when" in rule:
            choice(rule["when"], f"{place} when", outcomes, problems)
        if "allow_failure" in rule:
            flag(rule["allow_failure"], f"{place} allow_failure", problems)
        if "variables" in rule:
            rule["variables"] = variables(rule["variables"], f"{place} variables", problems)
        made.append(rule)
    return made


def refs(value: object, where: str, problems: Problems) -> list[str]:
    """What `only` and `except` name: refs, `/patterns/`, and words such as `branches`."""
    given = mapping(value, where, {"refs"}, problems).get("refs", []) if isinstance(value, dict) else value
    made = texts(given, where, problems)
    for name in made:
        if "@" in name:
            problems.add(where, f"{name!r}: the sandbox does not tell forks apart")
        if name.startswith("/"):
            _check_pattern(name, where, problems)
    return made


def _check_expression(text: object, where: str, problems: Problems) -> None:
    try:
        expressions.compile_expression(text if isinstance(text, str) else "")
    except expressions.ExpressionError as why:
        problems.add(where, f"if {why}")


def _check_pattern(text: str, where: str, problems: Problems) -> None:
    try:
        expressions.as_pattern(text)
    except expressions.ExpressionError as why:
        problems.add(where, f"config {why}")
