"""GitLab's CI/CD variables: what GitLab would refuse, or take and not do, said before any call.

The rules are GitLab's own: its docs' "GitLab CI/CD variables" and "Mask a CI/CD variable", and the patterns of its
source (app/models/concerns/ci/maskable.rb, lib/gitlab/regex.rb).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from ci_runners.plain_text import token_in
from ci_runners.problems import Problem
from ci_runners.validate import Rules

LEAST_MASKED = 8
LONGEST_KEY = 255
LONGEST_VALUE = 10_000
EVERY_ENVIRONMENT = "*"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_EXPANDED = re.compile(r"[A-Za-z0-9_+=/@:.~-]*")
"""Base64's alphabet and a few signs: what a masked value may hold in which GitLab replaces `$NAME`."""
_SCOPE = re.compile(r"[A-Za-z0-9_/\\${}. *-]{1,255}")
_PREDEFINED = re.compile(
    r"CI|CI_(?:API|BUILDS|COMMIT|CONCURRENT|DEPENDENCY_PROXY|DEPLOY|ENVIRONMENT|EXTERNAL_PULL_REQUEST|JOB"
    r"|KUBERNETES|MERGE_REQUEST|NODE|PAGES|PIPELINE|PROJECT|RELEASE|REPOSITORY|RUNNER|SERVER|TEMPLATE|TRIGGER"
    r"|UPSTREAM)_[A-Z0-9_]+"
    r"|CI_(?:CONFIG_PATH|DEFAULT_BRANCH|DISPOSABLE_ENVIRONMENT|GITLAB_FIPS_MODE|HAS_OPEN_REQUIREMENTS"
    r"|OPEN_MERGE_REQUESTS|REGISTRY|REGISTRY_IMAGE|REGISTRY_PASSWORD|REGISTRY_USER|SERVER|SHARED_ENVIRONMENT)"
    r"|GITLAB_(?:CI|FEATURES|USER_[A-Z]+)|CHAT_[A-Z_]+|KUBECONFIG|TRIGGER_PAYLOAD"
)
"""GitLab's own variables, by family (GitLab docs, Predefined CI/CD variables reference)."""
_DEBUGGING = frozenset({"CI_DEBUG_TRACE", "CI_DEBUG_SERVICES"})


class Rule(str, Enum):
    """The rules of a variable, each by the name that its error bears."""

    NAME = "letters, digits and underscores"
    LONG_NAME = f"at most {LONGEST_KEY} characters in a key"
    PREDEFINED = "not one of GitLab's own variables"
    DEBUGGING = "not a variable that shows every secret in the job's log"
    LONG_VALUE = f"at most {LONGEST_VALUE} characters in a value"
    SINGLE_LINE = "a masked value is a single line"
    NO_SPACES = "a masked value has no spaces"
    LENGTH = f"a masked value has {LEAST_MASKED} characters or more"
    ALPHABET = "a masked value that is expanded has only letters, digits and _ + = / @ : . ~ -"
    NOT_A_NAME = "a masked value is not the name of a variable"
    HIDDEN = "a hidden variable is masked too"
    SCOPE = "an environment scope of letters, digits, spaces and - _ / $ { } . *"
    ONCE = "a key once for each environment scope"


class VariableType(str, Enum):
    """How a job gets the value: in its environment, or in a file whose path is in its environment."""

    ENV_VAR = "env_var"
    FILE = "file"


@dataclass(frozen=True, kw_only=True)
class CiVariable:
    """A CI/CD variable without its value, which may be a secret that is known later."""

    key: str
    masked: bool = False
    hidden: bool = False
    protected: bool = False
    raw: bool = True
    environment_scope: str = EVERY_ENVIRONMENT
    variable_type: VariableType = VariableType.ENV_VAR
    description: str | None = None


@dataclass(frozen=True, kw_only=True)
class PlainVariable(CiVariable):
    """One that holds no secret: its value may be shown."""

    value: str


@dataclass(frozen=True, kw_only=True)
class SecretVariable(CiVariable):
    """One that holds a secret: masked and protected unless it says otherwise."""

    masked: bool = True
    protected: bool = True


def connection_variables(environment: Mapping[str, str]) -> list[PlainVariable]:
    """What a job needs to reach its daemon, as variables whose values GitLab leaves as they are."""
    description = "How a job reaches its daemon. Set by ci-runners."
    return [
        PlainVariable(key=key, value=value, description=description)
        for key, value in sorted(environment.items())
    ]


def variable_problems(rules: Rules, field: str, variable: CiVariable) -> Iterator[Problem]:
    """What is wrong with a variable, whatever its value."""
    key = variable.key
    if not _NAME.fullmatch(key):
        fix = "use letters, digits and _, and no digit first: a shell cannot name it otherwise"
        yield rules.problem(f"{field}.key", key, Rule.NAME.value, fix)
    if len(key) > LONGEST_KEY:
        yield rules.problem(f"{field}.key", key, Rule.LONG_NAME.value, "shorten it")
    if key in _DEBUGGING:
        fix = "set it for one run, by hand, and delete that job's log afterwards"
        yield rules.problem(f"{field}.key", key, Rule.DEBUGGING.value, fix)
    elif _PREDEFINED.fullmatch(key):
        fix = "choose another name: a pipeline behaves unexpectedly where GitLab's own value is overridden"
        yield rules.problem(f"{field}.key", key, Rule.PREDEFINED.value, fix)
    if variable.hidden and not variable.masked:
        fix = "set masked beside hidden: GitLab hides only what it masks"
        yield rules.problem(f"{field}.hidden", variable.hidden, Rule.HIDDEN.value, fix)
    if not _SCOPE.fullmatch(variable.environment_scope):
        fix = f"name an environment, or a pattern like review/*, or {EVERY_ENVIRONMENT} for all"
        yield rules.problem(f"{field}.environment_scope", variable.environment_scope, Rule.SCOPE.value, fix)


def value_problems(
    rules: Rules, field: str, variable: CiVariable, value: str, *, names: Iterable[str]
) -> Iterator[Problem]:
    """What is wrong with a variable's value; `names` are the keys of the variables that there are.

    The message shows no value that is masked or a secret, and not how it breaks the rule either.
    """
    secret = variable.masked or isinstance(variable, SecretVariable)
    broken: list[tuple[Rule, str]] = []
    if len(value) > LONGEST_VALUE:
        broken.append((Rule.LONG_VALUE, "keep it elsewhere, and put its address here"))
    if variable.masked:
        broken += _broken_masks(variable, value, names)
    for rule, fix in broken:
        problem = rules.problem(f"{field}.value", value, rule.value, fix)
        yield replace(problem, secret=secret)
    if not isinstance(variable, SecretVariable) and (kind := token_in(value)):
        fix = "give it as one of secret_variables: this one is shown in previews and kept in plain text"
        yield replace(rules.problem(f"{field}.value", value, f"no secret; this is {kind}", fix), secret=True)


def _broken_masks(variable: CiVariable, value: str, names: Iterable[str]) -> Iterator[tuple[Rule, str]]:
    unmasked = "encode it in base64 and decode it in the job, or say masked: false if its log may show it"
    if re.search(r"[\n\r\v\f]", value):
        yield Rule.SINGLE_LINE, unmasked
    if re.search(r"[^\S\n\r\v\f]", value):
        yield Rule.NO_SPACES, unmasked
    if len(value) < LEAST_MASKED:
        yield Rule.LENGTH, "use a longer secret, or say masked: false if a job's log may show it"
    if not variable.raw and not _EXPANDED.fullmatch(re.sub(r"\s", "", value)):
        yield Rule.ALPHABET, "say raw: true, so that GitLab leaves the value as it is"
    if value in names or _PREDEFINED.fullmatch(value):
        yield Rule.NOT_A_NAME, "use another secret: a mask would hide that name in every log"


def repeated_problems(rules: Rules, named: Iterable[tuple[str, CiVariable]]) -> Iterator[Problem]:
    """Variables that are one to GitLab: the second one by the field that it stands in."""
    seen: set[tuple[str, str]] = set()
    for field, variable in named:
        at = (variable.key, variable.environment_scope)
        if at in seen:
            fix = "leave one out, or give them different environment scopes"
            yield rules.problem(f"{field}.key", variable.key, Rule.ONCE.value, fix)
        seen.add(at)
