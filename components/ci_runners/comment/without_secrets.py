"""A stack's configuration without its secrets, for a preview of what somebody proposes who may not know them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from ci_runners.problems import InvalidInput, Problem

MADE_UP = "made-up-and-no-secret"
"""Long enough for GitLab to mask it, and refused by whoever is asked with it."""
MADE_UP_KEY = "-----BEGIN PRIVATE KEY-----\nmade up\n-----END PRIVATE KEY-----"
"""What only looks like a key: nothing is signed in a preview."""

_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, kw_only=True)
class WithoutSecrets:
    """A configuration file's values."""

    plain: Mapping[str, Any]
    """All of them, a made-up text in each secret's place."""

    made_up: Mapping[str, str] = field(default_factory=dict)
    """Of each secret, its path as `pulumi config set --path` takes it, and what is there instead."""


def without_secrets(text: str) -> WithoutSecrets:
    """Read the text of a Pulumi.<stack>.yaml (Pulumi docs, Stack settings file). Nothing is decrypted.

    What opens secrets is left out: the encryption's salt and keys, and the environments of Pulumi ESC. Raises
    `InvalidInput` for anything else.
    """
    try:
        config = dict((yaml.safe_load(text) or {}).get("config") or {})
    except (yaml.YAMLError, AttributeError, TypeError, ValueError):
        fix = "name a stack whose configuration lies here, as `pulumi config` writes it"
        problem = Problem(
            component="stack", field="configuration", value=text[:60], expected="a configuration", fix=fix
        )
        raise InvalidInput([problem]) from None
    made_up = {path: _instead(path) for path in _secrets(config, "")}
    return WithoutSecrets(plain=_replaced(config, ""), made_up=made_up)


def _secrets(value: Any, path: str) -> Iterator[str]:  # noqa: ANN401  YAML
    if _is_secret(value):
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _secrets(inner, _below(path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _secrets(inner, f"{path}[{number}]")


def _replaced(value: Any, path: str) -> Any:  # noqa: ANN401  YAML
    if _is_secret(value):
        return _instead(path)
    if isinstance(value, dict):
        return {key: _replaced(inner, _below(path, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, f"{path}[{number}]") for number, inner in enumerate(value)]
    return value


def _is_secret(value: object) -> bool:
    """How Pulumi writes one: a mapping with nothing but its ciphertext."""
    return isinstance(value, dict) and set(value) == {"secure"} and isinstance(value["secure"], str)


def _below(path: str, key: object) -> str:
    name = str(key)
    if not path:
        return name
    return f"{path}.{name}" if _SIMPLE.fullmatch(name) else f"{path}[{json.dumps(name)}]"


def _instead(path: str) -> str:
    return MADE_UP_KEY if path.endswith("_key") else MADE_UP
