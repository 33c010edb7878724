"""The drain of a GitLab runner: what is known before it exists, its rules, and the script that its container starts."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ci_runners.images import GITLAB_RUNNER
from ci_runners.problems import Problem
from ci_runners.render.github_runner import script
from ci_runners.render.shared_rules import label_problems
from ci_runners.validate import Rules

STATE = "/drain"
"""The volume of a drain: the registration, and whether the pause is lifted."""
REGISTRATION_FILE = "registration"
SCRATCH = "/tmp"  # noqa: S108  in memory, of a container of its own
GIVE_UP_SECONDS = 60
"""How long GitLab may be silent before a drain lets go: the runner's own grace is what jobs have then."""
STOP_SECONDS = 120
"""Beyond `seconds`, until a drain has ended by itself: a silent GitLab, and the last two requests."""
MOST_SECONDS = 7 * 24 * 3600

_SPACE = re.compile(r"\s")
_NUMBER = re.compile(r"[1-9][0-9]*")
_NO_ACCESS = {
    "glrt-": "a runner's authentication token",
    "glrtr-": "a runner's authentication token",
    "GR1348941": "a registration token",
    "glcbt-": "a job's token",
    "gldt-": "a deploy token",
    "glptt-": "a pipeline trigger token",
}
"""Tokens that GitLab's API of runners does not take, by their prefixes (GitLab docs, Token overview)."""


@dataclass(frozen=True, kw_only=True)
class RunnerDrainSpec:
    """Everything about a drain that is known before it exists. Defaults are explained on `RunnerDrainArgs`."""

    image: str = GITLAB_RUNNER
    seconds: int = 3600
    networks: tuple[str, ...] = ()
    extra_hosts: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)


def drain_rules(name: str) -> Rules:
    """The rules, for one drain's fields."""
    return Rules(component=f"RunnerDrain {name!r}")


def drain_problems(name: str, spec: RunnerDrainSpec) -> list[Problem]:
    """Everything that is wrong with a drain's plain arguments."""
    rules = drain_rules(name)
    return [
        *rules.docker_name("name", name),
        *rules.image("image", spec.image),
        *rules.within(
            "seconds", spec.seconds, 1, MOST_SECONDS, "give what the longest job takes, in seconds"
        ),
        *rules.each("networks", spec.networks, "docker_name"),
        *rules.no_repeats("networks", spec.networks),
        *rules.each("extra_hosts", spec.extra_hosts, "extra_host"),
        *rules.no_repeats("extra_hosts", spec.extra_hosts),
        *label_problems(rules, spec.labels),
    ]


def drain_wiring_problems(name: str, args: Mapping[str, object]) -> list[Problem]:
    """What can be said of what ties a drain to GitLab and its runner before anything exists.

    It must be there. What is plain text is checked; an output is checked once its value is known.
    """
    rules = drain_rules(name)
    found: list[Problem] = []
    checks: dict[str, Callable[[Rules, str], Iterator[Problem]]] = {
        "url": drain_url_problems,
        "api_token": api_token_problems,
        "runner_id": runner_id_problems,
        "runner_container": lambda rules, value: rules.docker_name("runner_container", value),
    }
    for name_of_field, check in checks.items():
        value = args.get(name_of_field)
        if value is None:
            found.append(rules.problem(name_of_field, None, "a value", "give it: it has no default"))
        elif isinstance(value, str):
            found += check(rules, value)
    return found


def drain_url_problems(rules: Rules, url: str) -> Iterator[Problem]:
    """What is wrong with GitLab's address."""
    found = list(rules.url("url", url))
    yield from found
    if not found and re.search(r"/api(/v\d+)?/?$", url):
        expected = "GitLab's own address: the drain adds /api/v4 itself"
        yield rules.problem("url", url, expected, "leave out /api and what follows")


def api_token_problems(rules: Rules, token: str) -> Iterator[Problem]:
    """What is wrong with the token for GitLab's API; the message never shows it."""
    kind = next((kind for prefix, kind in _NO_ACCESS.items() if token.startswith(prefix)), None)
    if not token or _SPACE.search(token) or '"' in token or "\\" in token:
        expected = "an access token without spaces, quotes and backslashes"
    elif token.startswith("$"):
        expected = "a token; this is a variable's name, which nothing fills in here"
    elif kind:
        expected = f"an access token; this is {kind}, which may not pause a runner"
    else:
        return
    fix = "make a project, group or personal access token with the scope manage_runner, and pass that"
    yield Problem(
        component=rules.component, field="api_token", value=token, expected=expected, fix=fix, secret=True
    )


def runner_id_problems(rules: Rules, number: str) -> Iterator[Problem]:
    """What is wrong with a runner's number."""
    if not _NUMBER.fullmatch(number):
        fix = "pass the runner's number, as its page shows it, or `GitLabProject.runner_id`"
        yield rules.problem("runner_id", number, "a runner's number, as text", fix)


def render_registration(*, url: str, runner_id: str, api_token: str) -> str:
    """The file that a drain reads: GitLab's API, the runner's number and the token, a line each. A secret as a whole."""
    return f"{url.rstrip('/')}/api/v4\n{runner_id}\n{api_token}\n"


def drain_environment(spec: RunnerDrainSpec, *, runner_container: str) -> list[str]:
    """Environment of a drain. Nothing in it is a secret, and nothing in it changes with a registration."""
    return [
        f"DRAIN_SECONDS={spec.seconds}",
        f"GIVE_UP_SECONDS={GIVE_UP_SECONDS}",
        f"REGISTRATION={STATE}/{REGISTRATION_FILE}",
        f"RUNNER={runner_container}",
        f"SCRATCH={SCRATCH}",
        f"STATE={STATE}",
    ]


def drain_command() -> list[str]:
    """Words after bash: the drain."""
    return ["-c", script("runner_drain.sh"), "drain"]


def drain_ready_test() -> list[str]:
    """The health check: GitLab did what it was last asked."""
    return ["CMD", "test", "-e", f"{SCRATCH}/fine"]
