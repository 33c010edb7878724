"""What wires a GitLab runner to its forge and its daemon: address, token, connection. Each may be an output."""

import re
from collections.abc import Callable, Mapping

from ci_runners.problems import Problem
from ci_runners.render.shared_rules import connection_problems
from ci_runners.validate import Rules

_SPACE = re.compile(r"\s")


def wiring_problems(name: str, args: Mapping[str, object]) -> list[Problem]:
    """What can be said of url, token and connection before anything exists.

    They must be there. Those that are plain text are checked; an output is checked once its value is known.
    """
    rules = Rules(component=f"GitLabRunner {name!r}")
    found: list[Problem] = []
    checks: dict[str, Callable[[str], list[Problem]]] = {
        "url": lambda text: url_problems(name, text),
        "token": lambda text: token_problems(name, text),
        "connection": lambda text: connection_problems(rules, text),
    }
    for field, check in checks.items():
        value = args.get(field)
        if value is None:
            found.append(rules.problem(field, None, "a value", "give it: it has no default"))
        elif isinstance(value, str):
            found += check(value)
    return found


def url_problems(name: str, url: str) -> list[Problem]:
    """What is wrong with GitLab's address."""
    rules = Rules(component=f"GitLabRunner {name!r}")
    found = list(rules.url("url", url))
    if not found and re.search(r"/api(/v\d+)?/?$", url):
        expected = "GitLab's own address: the runner adds /api/v4 itself"
        found.append(rules.problem("url", url, expected, "leave out /api and what follows"))
    return found


def token_problems(name: str, token: str) -> list[Problem]:
    """What is wrong with a runner's authentication token; the message never shows it."""
    make = "create a runner (Settings > CI/CD > Runners, or gitlab.UserRunner) and pass its glrt- token"

    def problem(expected: str, fix: str) -> Problem:
        component = f"GitLabRunner {name!r}"
        return Problem(
            component=component, field="token", value=token, expected=expected, fix=fix, secret=True
        )

    if not token or _SPACE.search(token):
        return [problem("an authentication token without spaces", make)]
    if token.startswith("$"):
        expected = "a token; this is a variable's name, which nothing fills in here"
        return [problem(expected, make)]
    if token.startswith("GR1348941"):
        return [
            problem(
                "an authentication token (glrt-...); this is a registration token, which GitLab removed", make
            )
        ]
    return []
