"""Holds calls against GitHub's own description of its REST API (npm @octokit/openapi, GitHub Enterprise Server)."""

import json
import os
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from jsonschema import Draft4Validator, FormatChecker  # type: ignore[import-untyped]
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

# A piece of a JSON document.
Json: TypeAlias = Any
FILE = "@octokit/openapi/generated/ghes-3.19.json"
_ROOT = "urn:github"
# Answers that the description leaves out of many calls, and that GitHub gives to all of them.
_USUAL_ERRORS = {400, 401, 403, 404, 409, 422}
_FORMATS = FormatChecker(formats=())


def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme)


_FORMATS.checks("date-time", raises=ValueError)(_is_time)
_FORMATS.checks("uri", raises=ValueError)(_is_uri)


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request below /api/v3 and its answer."""

    method: str
    path: str
    """Without /api/v3, still escaped."""
    query: str
    sent: bytes
    status: int
    content_type: str
    answered: bytes

    @property
    def line(self) -> str:
        return f"{self.method} {self.path} -> {self.status}"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation of the description."""

    pattern: re.Pattern[str]
    literals: int
    """Parts of the path that are no parameters: of several that fit, the one with most of them is meant."""
    path: str
    method: str
    pointer: str


class Description:
    """The whole description."""

    def __init__(self, file: Path) -> None:
        document = _with_nulls(json.loads(file.read_text()))
        _mend(document)
        self._document = document
        resource = Resource.from_contents(document, default_specification=DRAFT4)
        self._registry: Registry[Json] = Registry().with_resource(_ROOT, resource)
        self._validators: dict[str, Draft4Validator] = {}
        self._operations = [
            _operation(self, path, method, body)
            for path, item in document["paths"].items()
            for method, body in item.items()
            if isinstance(body, dict) and "responses" in body
        ]

    def problems(self, exchange: Exchange) -> list[str]:
        """What of a call the description does not allow."""
        fits = [
            each
            for each in self._operations
            if each.method == exchange.method.lower() and each.pattern.fullmatch(exchange.path)
        ]
        if not fits:
            return ["the description has no such call"]
        operation = max(fits, key=lambda each: each.literals)
        body = self._at(operation.pointer)
        found = self._answer(operation, body, exchange)
        # A request that was refused may well be one that the description forbids.
        if exchange.status < 400:
            found += self._request(operation, body, exchange)
        return [f"{operation.method.upper()} {operation.path}: {problem}" for problem in found]

    def _at(self, pointer: str) -> Json:
        here: Json = self._document
        for part in pointer.split("/"):
            here = here[part.replace("~1", "/").replace("~0", "~")]
        return self.resolved(here)[0]

    def resolved(self, thing: Json, pointer: str = "") -> tuple[Json, str]:
        """What a reference leads to, and where that is."""
        while "$ref" in thing:
            pointer = thing["$ref"].removeprefix("#/")
            thing = self._document
            for part in pointer.split("/"):
                thing = thing[part.replace("~1", "/").replace("~0", "~")]
        return thing, pointer

    def _request(self, operation: Operation, body: Json, exchange: Exchange) -> list[str]:
        parameters = [self.resolved(each)[0] for each in body.get("parameters", ())]
        known = {each["name"] for each in parameters if each["in"] == "query"}
        given = dict(parse_qsl(exchange.query))
        # GitHub takes a body's parameters in the query of a DELETE as well.
        if exchange.method == "DELETE":
            known |= set(given)
        found = [f"it has no parameter {name}" for name in given if name not in known]
        found += [
            f"the parameter {each['name']} is missing"
            for each in parameters
            if each["in"] == "query" and each.get("required") and each["name"] not in given
        ]
        if "requestBody" not in body:
            return found + (["it takes no body"] if exchange.sent.strip() not in {b"", b"{}"} else [])
        if not exchange.sent:
            needed = body["requestBody"].get("required") and exchange.method != "DELETE"
            return found + (["the body is missing"] if needed else [])
        schema = f"{operation.pointer}/requestBody/content/application~1json/schema"
        return found + self._mismatches(schema, exchange.sent, "sent")

    def _answer(self, operation: Operation, body: Json, exchange: Exchange) -> list[str]:
        described = body["responses"].get(str(exchange.status))
        if described is None:
            if exchange.status in _USUAL_ERRORS:
                return self._mismatches("components/schemas/basic-error", exchange.answered, "answered")
            return [f"it has no answer {exchange.status}"]
        answer, pointer = self.resolved(described, f"{operation.pointer}/responses/{exchange.status}")
        kinds = answer.get("content", {})
        if not kinds and exchange.status >= 300 and exchange.answered:
            return self._mismatches("components/schemas/basic-error", exchange.answered, "answered")
        if not kinds:
            return [f"{exchange.status} has no body"] if exchange.answered else []
        if "application/json" not in exchange.content_type:
            return [f"{exchange.status} is JSON, not {exchange.content_type!r}"]
        return self._mismatches(f"{pointer}/content/application~1json/schema", exchange.answered, "answered")

    def _mismatches(self, pointer: str, text: bytes, what: str) -> list[str]:
        validator = self._validators.get(pointer)
        if validator is None:
            schema = {"$ref": f"{_ROOT}#/{pointer.replace('{', '%7B').replace('}', '%7D')}"}
            validator = Draft4Validator(schema, registry=self._registry, format_checker=_FORMATS)
            self._validators[pointer] = validator
        errors = validator.iter_errors(json.loads(text))
        return [f"{what} {error.json_path}: {error.message[:300]}" for error in errors]


def _operation(description: Description, path: str, method: str, body: Json) -> Operation:
    parameters = [description.resolved(each)[0] for each in body.get("parameters", ())]
    many = {each["name"] for each in parameters if each.get("x-multi-segment")}
    numbers = {
        each["name"]
        for each in parameters
        if each["in"] == "path" and each["schema"].get("type") == "integer"
    }
    parts = []
    for part in path.split("/"):
        name = part.strip("{}")
        if not part.startswith("{"):
            parts.append(re.escape(part))
        else:
            parts.append(".+" if name in many else r"\d+" if name in numbers else "[^/]+")
    pointer = f"paths/{path.replace('~', '~0').replace('/', '~1')}/{method}"
    literals = sum(not part.startswith("{") for part in path.split("/"))
    return Operation(
        pattern=re.compile("/".join(parts)), literals=literals, path=path, method=method, pointer=pointer
    )


def _with_nulls(part: Json) -> Json:
    """The description with OpenAPI 3.0's `nullable` in JSON Schema's words."""
    if isinstance(part, list):
        return [_with_nulls(item) for item in part]
    if not isinstance(part, dict):
        return part
    made = {name: _with_nulls(value) for name, value in part.items()}
    if made.pop("nullable", None) is True:
        return {"anyOf": [made, {"type": "null"}]}
    return made


def _mend(document: Json) -> None:
    """Three places where GitHub is known not to do what this description says."""
    # One of two errors, but each of them is also the other.
    contents = document["paths"]["/repos/{owner}/{repo}/contents/{path}"]["put"]
    error = contents["responses"]["409"]["content"]["application/json"]["schema"]
    error["anyOf"] = error.pop("oneOf")
    # An installation's account is a user and an enterprise at once; github.com's description says one or the other.
    installations = document["paths"]["/app/installations"]["get"]["responses"]["200"]
    one = installations["content"]["application/json"]["schema"]["items"]
    [account, _] = one["properties"]["account"]["anyOf"]
    account["anyOf"] = account.pop("allOf")
    # In no description, but the real plugin sends it, and GitHub tells it again.
    environment = document["paths"]["/repos/{owner}/{repo}/environments/{environment_name}"]["put"]
    [schema, _] = environment["requestBody"]["content"]["application/json"]["schema"]["anyOf"]
    schema["properties"]["can_admins_bypass"] = {"type": "boolean"}


@lru_cache(maxsize=1)
def github_description() -> Description:
    """The description, read once."""
    folder = os.environ.get("CI_RUNNERS_NODE_MODULES")
    assert folder, "run this by `python3 -m bootstrap run`: it names the folder of npm packages"
    return Description(Path(folder) / FILE)
