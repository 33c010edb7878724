"""What must not stand in plain text: tokens, keys, and the address of a daemon that takes everybody's orders.

Components and the policy pack ask the same questions here. An answer never holds the text itself.
"""

import re

OPEN_PORT = 2375
"""Docker's port without TLS: whoever reaches it is root on that daemon's host (CIS Docker Benchmark 2.7)."""

_KINDS = {
    "a GitLab token": r"\b(?:gl(?:pat|rt|dt|ptt|cbt|soat|ft|imt|agent)-[\w.-]{8,}|GR1348941[\w-]{8,})",
    "a GitHub token": r"\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,})",
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a registry's login": r'"auth"\s*:\s*"[A-Za-z0-9+/=]{8,}"',
    "a URL with a password": r"\b[a-z][a-z0-9+.-]*://[^\s/:@]+:(?!\$)[^\s/@]+@",
}
_SECRET_KINDS = {kind: re.compile(pattern, re.ASCII) for kind, pattern in _KINDS.items()}
_SECRET_NAME = re.compile(
    r"(?:^|_)(?:ACCESS_KEY|API_KEY|CREDENTIALS?|PASSPHRASE|PASSWD|PASSWORD|PRIVATE_KEY|SECRET|SECRET_KEY|TOKEN)$",
    re.IGNORECASE,
)
_NO_VALUE = re.compile(r"\s*(?:|/.*|\$.*|true|false|[0-9]{1,6})\s*", re.IGNORECASE | re.DOTALL)
"""Nothing, a path, another variable's value, a switch, a short number: no secret, whatever its name."""
_DAEMON = re.compile(r"\btcp://(?:\[[^\]]*\]|[^\s'\",/:\[]*)(?::([\w${}]+))?")


def token_in(text: str) -> str | None:
    """Which kind of secret a text holds by its form, such as "a GitLab token"; None where it looks like none."""
    return next((kind for kind, pattern in _SECRET_KINDS.items() if pattern.search(text)), None)


def secret_named(name: str, value: str) -> str | None:
    """Which kind of secret a variable's value is, by its form or else by the variable's name; None for no secret."""
    found = token_in(value)
    if found is None and _SECRET_NAME.search(name) and not _NO_VALUE.fullmatch(value):
        return "a secret, by its name"
    return found


def open_daemon_in(text: str) -> bool:
    """Whether a text has the address of a daemon without TLS: a tcp:// URL with port 2375 or none at all."""
    return any(port in {"", str(OPEN_PORT)} for port in _DAEMON.findall(text))
