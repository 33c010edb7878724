"""The secrets of a stack's configuration: which a station needs, and what is wrong with those that there are."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ci_runners.problems import Problem
from ci_runners.render import github_runner_rules
from ci_runners.render.certificates import Certificates, authority_key_problems
from ci_runners.render.drain import api_token_problems
from ci_runners.render.wiring_rules import token_problems
from ci_runners.settings_reader import COMPONENT
from ci_runners.validate import Rules

PROJECT = "ci-runners"
"""The Pulumi project: what stands before the colon of a configuration key."""
RUNNER_TOKEN = "runner_token"  # noqa: S105  the key's name
"""The configuration key of a GitLab runner's authentication token, where the station registers none."""
GITHUB_TOKEN = "github_token"  # noqa: S105  as above
"""The configuration key of a fine-grained token that registers GitHub's runners."""
GITHUB_APP_KEY = "github_app_private_key"
"""The configuration key of the private key of a GitHub App that does."""
GITLAB_API_TOKEN = "gitlab_api_token"  # noqa: S105  as above
"""The configuration key of the token with which the drain pauses a GitLab runner."""
AUTHORITY_KEY = "authority_key"
"""The configuration key of the private key of the user's own authority, which signs the daemon's certificates."""
KEYS = (RUNNER_TOKEN, GITLAB_API_TOKEN, GITHUB_TOKEN, GITHUB_APP_KEY, AUTHORITY_KEY)
"""Those keys, whose values are texts."""
VALUES = "secrets"
"""The configuration key of the values of CI/CD variables and Actions secrets, by name."""


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A value of the configuration, and whether it is marked as a secret there."""

    value: str = field(repr=False)
    is_secret: bool


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Those of one stack. They are looked at so that everything wrong is said at once, and not kept in `Settings`."""

    runner_token: Secret | None = None
    gitlab_api_token: Secret | None = None
    github_token: Secret | None = None
    github_app_private_key: Secret | None = None
    authority_key: Secret | None = None
    values: Mapping[str, Secret] = field(default_factory=dict)


def gitlab_problems(
    secrets: Secrets, *, registers: bool, drains: bool, names: Iterable[str]
) -> Iterator[Problem]:
    """What is wrong with the secrets of a station on GitLab."""
    command = f"`pulumi config set --secret {PROJECT}:{RUNNER_TOKEN}`, which asks for it"
    if registers and secrets.runner_token is not None:
        expected = "none: the station registers its runner, and has its token"
        fix = f"`pulumi config rm {PROJECT}:{RUNNER_TOKEN}`, or leave out project.registration"
        yield _problem(RUNNER_TOKEN, secrets.runner_token.value, expected, fix)
    elif not registers:
        fix = (
            "let the station register a runner (project.registration); or create one in GitLab"
            f" (Settings > CI/CD > Runners), then {command}"
        )
        expected = "a runner's authentication token (glrt-...)"
        yield from _one(
            RUNNER_TOKEN, secrets.runner_token, expected, fix, lambda text: token_problems("", text)
        )
    yield from _api_token(secrets.gitlab_api_token, drains=drains)
    yield from _values(secrets.values, names)


def _api_token(given: Secret | None, *, drains: bool) -> Iterator[Problem]:
    if not drains:
        if given is not None:
            fix = f"`pulumi config rm {PROJECT}:{GITLAB_API_TOKEN}`, or ask for a drain with `drain: {{}}`"
            yield _problem(GITLAB_API_TOKEN, given.value, "none: only a drain uses it", fix)
        return
    expected = "an access token with the scope manage_runner, with which the drain pauses the runner"
    fix = f"`pulumi config set --secret {PROJECT}:{GITLAB_API_TOKEN}`, which asks for it"
    rules = Rules(component=COMPONENT)
    yield from _one(GITLAB_API_TOKEN, given, expected, fix, lambda text: api_token_problems(rules, text))


def authority_problems(secrets: Secrets, asked: Certificates) -> Iterator[Problem]:
    """What is wrong with the key of the user's own authority; `asked` is what the chosen daemon's section says."""
    if asked.authority_certificate is None:
        if (given := secrets.authority_key) is not None:
            fix = f"`pulumi config rm {PROJECT}:{AUTHORITY_KEY}`, or set certificates.authority_certificate"
            yield _problem(AUTHORITY_KEY, given.value, "none: no section names an authority of your own", fix)
        return
    expected = "the private key of the authority whose certificate the daemon's section holds"
    fix = f"`pulumi config set --secret {PROJECT}:{AUTHORITY_KEY} < key.pem`"
    rules = Rules(component=COMPONENT)
    yield from _one(
        AUTHORITY_KEY,
        secrets.authority_key,
        expected,
        fix,
        lambda text: authority_key_problems(rules, asked, text),
    )


def github_problems(secrets: Secrets, *, has_app: bool, names: Iterable[str]) -> Iterator[Problem]:
    """What is wrong with the secrets of a station on GitHub."""
    rules = Rules(component=COMPONENT)
    key, other = (
        (GITHUB_APP_KEY, secrets.github_token) if has_app else (GITHUB_TOKEN, secrets.github_app_private_key)
    )
    given = secrets.github_app_private_key if has_app else secrets.github_token
    if other is not None:
        expected = "one credential: github.app with its private key, or a token"
        fix = "set github.app for an App, or remove this"
        yield _problem(GITHUB_TOKEN if has_app else GITHUB_APP_KEY, other.value, expected, fix)
    expected = "the App's private key" if has_app else "a fine-grained personal access token, or github.app"
    fix = f"`pulumi config set --secret {PROJECT}:{key}`, which asks for it"
    check: Callable[[str], Iterable[Problem]] = (
        (lambda text: github_runner_rules.app_problems(rules, {"private_key": text}))
        if has_app
        else (lambda text: github_runner_rules.token_problems(rules, text))
    )
    yield from _one(key, given, expected, fix, check)
    yield from _values(secrets.values, names)


def _one(
    key: str, given: Secret | None, expected: str, fix: str, check: Callable[[str], Iterable[Problem]]
) -> Iterator[Problem]:
    """A secret that there must be."""
    if given is None or not given.value:
        yield dataclasses.replace(_problem(key, None, expected, fix), secret=False)
        return
    for problem in check(given.value):
        yield dataclasses.replace(problem, component=COMPONENT, field=f"{PROJECT}:{key}")
    yield from _marked(key, given)


def _values(values: Mapping[str, Secret], names: Iterable[str]) -> Iterator[Problem]:
    """Every named secret has a value, and every value a name."""
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if name not in values:
            command = f"`pulumi config set --secret --path '{PROJECT}:{VALUES}.{name}'`, which asks for it"
            found = _problem(f"{VALUES}.{name}", None, "the value of a secret that the station sets", command)
            yield dataclasses.replace(found, secret=False)
    for name, given in values.items():
        if name not in wanted:
            fix = "name it in project.secret_variables or repository.secrets, or remove it"
            yield _problem(f"{VALUES}.{name}", given.value, "a secret that the station sets somewhere", fix)
        else:
            yield from _marked(f"{VALUES}.{name}", given)


def _marked(key: str, given: Secret) -> Iterator[Problem]:
    if not given.is_secret:
        where = f"--path '{PROJECT}:{key}'" if "." in key else f"{PROJECT}:{key}"
        expected = "a secret: as it is, it can be read in the file and in the state"
        fix = (
            "revoke it if the file has left this machine, then"
            f" `pulumi config set --secret {where}`, which asks for it"
        )
        yield _problem(key, given.value, expected, fix)


def _problem(key: str, value: object, expected: str, fix: str) -> Problem:
    field_ = f"{PROJECT}:{key}"
    return Problem(component=COMPONENT, field=field_, value=value, expected=expected, fix=fix, secret=True)
