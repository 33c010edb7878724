"""What GitHub's runner, or GitHub, would refuse: checked before anything is created, or once an output is known."""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from ci_runners.problems import Problem
from ci_runners.render.github_runner import OWN_LABELS, GitHubRunnerSpec
from ci_runners.render.shared_rules import (
    github_connection_problems,
    label_problems,
    limit_problems,
    plain_secret_problems,
)
from ci_runners.validate import Rules

LONGEST_NAME = 40
"""GitHub takes 64 characters for a runner's name, which is this one, an id, a number and a random end."""
MOST_RUNNERS = 100
LEAST_MEMORY = 256
"""MiB below which GitHub's runner, a .NET program, does not start a job."""
LONGEST_LABEL = 256
APP_KEYS = ("client_id", "installation_id", "private_key")

_SPACE = re.compile(r"\s")
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = re.compile(r"(ACTIONS|BUILDKIT|DOCKER|GITHUB|RUNNER)_.*|HOME|LOGNAME|PATH|USER")
_OWNER = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9])*(?:_[A-Za-z0-9]+)?")
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+")
_REGISTRATION_TOKEN = re.compile(r"A[A-Z0-9]{28}")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:RSA )?PRIVATE KEY-----\s.*-----END (?:RSA )?PRIVATE KEY-----", re.DOTALL
)


def rules_for(name: str) -> Rules:
    """The rules of one runner."""
    return Rules(component=f"GitHubRunner {name!r}")


def runner_problems(name: str, spec: GitHubRunnerSpec) -> list[Problem]:
    """Everything that is wrong with a runner's plain arguments."""
    rules = rules_for(name)
    return [
        *rules.docker_name("name", name),
        *_name(name, rules),
        *rules.image("image", spec.image),
        *rules.within("concurrent", spec.concurrent, 1, MOST_RUNNERS, f"use 1 to {MOST_RUNNERS} runners"),
        *_runner_labels(spec, rules),
        *_environment(spec, rules),
        *rules.each("networks", spec.networks, "docker_name"),
        *rules.no_repeats("networks", spec.networks),
        *rules.each("extra_hosts", spec.extra_hosts, "extra_host"),
        *rules.no_repeats("extra_hosts", spec.extra_hosts),
        *limit_problems(
            rules,
            memory=spec.memory,
            memory_swap=spec.memory_swap,
            cpus=spec.cpus,
            least_memory=LEAST_MEMORY,
        ),
        *rules.at_least("drain_seconds", spec.drain_seconds, 10, "seconds"),
        *label_problems(rules, spec.labels),
    ]


def wiring_problems(name: str, args: Mapping[str, object]) -> list[Problem]:
    """What can be said of url, connection, runner group and credential before anything exists.

    Those that are plain text are checked; an output is checked once its value is known.
    """
    rules = rules_for(name)
    missing = [
        rules.problem(field, None, "a value", "give it: it has no default")
        for field in ("url", "connection")
        if args.get(field) is None
    ]
    url, connection, group = args.get("url"), args.get("connection"), args.get("runner_group")
    return [
        *missing,
        *(url_problems(name, url) if isinstance(url, str) else []),
        *(github_connection_problems(rules, connection) if isinstance(connection, str) else []),
        *(group_problems(name, url, group) if isinstance(url, str) and isinstance(group, str) else []),
        *_credential(args.get("token"), args.get("app"), rules),
    ]


def url_problems(name: str, url: str) -> list[Problem]:
    """What is wrong with the address of a repository or an organization."""
    rules = rules_for(name)
    found = list(rules.url("url", url))
    if found:
        return found
    parts = urlsplit(url)
    path = parts.path.strip("/").split("/")
    owner, repository = path[0], path[1] if len(path) > 1 else "any"
    good = len(path) <= 2 and _OWNER.fullmatch(owner) and _REPOSITORY.fullmatch(repository)  # noqa: PLR2004  owner, repository
    if not good or owner == "enterprises" or repository.endswith(".git") or parts.query or parts.fragment:
        expected = (
            "the address of a repository or an organization: an owner's name, and no more than a repository's"
        )
        fix = "write it like https://github.com/owner/repository or https://github.com/organization"
        found.append(rules.problem("url", url, expected, fix))
    return found


def group_problems(name: str, url: str, group: str) -> list[Problem]:
    """What is wrong with the name of a runner group."""
    rules = rules_for(name)
    if not group.strip():
        return [rules.problem("runner_group", group, "a group's name", "name the group, or leave it out")]
    if "/" in urlsplit(url).path.strip("/"):
        expected = "none where url is a repository: only an organization has runner groups"
        return [
            rules.problem("runner_group", group, expected, "leave it out, or give the organization's url")
        ]
    return []


def token_problems(rules: Rules, token: str) -> Iterator[Problem]:
    """What is wrong with a token; the message never shows it."""
    make = (
        "make a fine-grained personal access token (for a repository: Administration, read and write; for an"
        " organization: Self-hosted runners, read and write), or use an App"
    )
    if not token or _SPACE.search(token):
        yield _secret(rules, "token", token, "a token without spaces", make)
    elif token.startswith("$"):
        yield _secret(
            rules, "token", token, "a token; this is a variable's name, which nothing fills in here", make
        )
    elif _REGISTRATION_TOKEN.fullmatch(token):
        expected = "a token that lasts; this is a registration token, which ends within an hour"
        yield _secret(rules, "token", token, expected, make)
    elif token.startswith("ghs_"):
        expected = "a token that lasts; this is an App's installation token, which ends within an hour"
        yield _secret(rules, "token", token, expected, "pass the App's key itself, as `app`")


def app_problems(rules: Rules, app: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with an App's values; the message never shows its key."""
    client = app.get("client_id")
    if client is not None and (not client or _SPACE.search(client)):
        fix = "copy it from the App's settings"
        yield rules.problem("app.client_id", client, "the App's client ID, or its App ID", fix)
    installation = app.get("installation_id")
    if installation is not None and not re.fullmatch(r"[1-9][0-9]*", installation):
        fix = "copy the number at the end of the address of the App's installation"
        yield rules.problem("app.installation_id", installation, "the number of the App's installation", fix)
    key = app.get("private_key")
    if key is not None and not _PRIVATE_KEY.fullmatch(key.strip()):
        fix = "pass the text of the .pem file that GitHub made, with its first and last line"
        yield _secret(rules, "app.private_key", key, "a private key in PEM without a passphrase", fix)


def _secret(rules: Rules, field: str, value: str, expected: str, fix: str) -> Problem:
    return dataclasses.replace(rules.problem(field, value, expected, fix), secret=True)


def _credential(token: object, app: object, rules: Rules) -> Iterator[Problem]:
    if (token is None) == (app is None):
        given = "neither" if token is None else "both"
        fix = "give one of them: a token, or an App's client_id, installation_id and private_key"
        yield rules.problem("token, app", given, "exactly one of them", fix)
    if isinstance(token, str):
        yield from token_problems(rules, token)
    if isinstance(app, Mapping):
        yield from _app(app, rules)


def _app(app: Mapping[str, object], rules: Rules) -> Iterator[Problem]:
    for key in app:
        if key not in APP_KEYS:
            yield rules.problem(f"app.{key}", "a value", "no such argument", f"use {', '.join(APP_KEYS)}")
    for key in APP_KEYS:
        value = app.get(key)
        if value is None:
            yield rules.problem(f"app.{key}", None, "a value", "give it: it has no default")
        elif isinstance(value, int | float):
            yield rules.problem(f"app.{key}", type(value).__name__, "text", "write it in quotation marks")
    yield from app_problems(rules, {key: value for key, value in app.items() if isinstance(value, str)})


def _name(name: str, rules: Rules) -> Iterator[Problem]:
    if len(name) > LONGEST_NAME:
        expected = (
            f"at most {LONGEST_NAME} characters: GitHub takes 64 for a runner's name, which begins with it"
        )
        yield rules.problem("name", name, expected, "choose a shorter name")


def _runner_labels(spec: GitHubRunnerSpec, rules: Rules) -> Iterator[Problem]:
    seen = set(OWN_LABELS)
    for index, label in enumerate(spec.runner_labels):
        if not label.strip() or "," in label or len(label) > LONGEST_LABEL:
            fix = "write one label an item"
            yield rules.problem(
                f"runner_labels[{index}]",
                label,
                f"a label without commas, up to {LONGEST_LABEL} characters",
                fix,
            )
        elif label.lower() in seen:
            expected = (
                f"every label once, in any case, and none of {', '.join(OWN_LABELS)}, which every runner has"
            )
            yield rules.problem(f"runner_labels[{index}]", label, expected, "leave it out")
        seen.add(label.lower())


def _environment(spec: GitHubRunnerSpec, rules: Rules) -> Iterator[Problem]:
    for key, value in spec.environment.items():
        if not _ENVIRONMENT_NAME.fullmatch(key) or _RESERVED.fullmatch(key):
            yield rules.problem(
                f"environment.{key}",
                key,
                "a variable's name that neither GitHub's runner nor the connection sets (ACTIONS_*, BUILDKIT_*,"
                " DOCKER_*, GITHUB_*, RUNNER_*, HOME, LOGNAME, PATH, USER)",
                "use letters, digits and _, and another name",
            )
        else:
            yield from plain_secret_problems(rules, f"environment.{key}", key, value)
