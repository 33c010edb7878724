"""Reads a `.gitlab-ci.yml` into jobs.

What is not understood is a problem, as an error in the file is: nothing is silently ignored. All problems are
reported together. The forms and defaults are those of GitLab's "CI/CD YAML syntax reference".
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import yaml

from sandbox.ci import keywords
from sandbox.ci.extends import resolve_extends
from sandbox.ci.keywords import Problems
from sandbox.models import JsonObject

_DEFAULT_STAGES = ["build", "test", "deploy"]
_SPOKEN_FOR = {"stages", "variables", "default", "workflow"}
_DEFAULTS = {
    "image",
    "services",
    "before_script",
    "after_script",
    "cache",
    "tags",
    "timeout",
    "artifacts",
    "interruptible",
    "retry",
}
_GLOBAL_DEFAULTS = {"image", "services", "before_script", "after_script", "cache"}
_JOB_KEYS = _DEFAULTS | {
    "stage",
    "script",
    "variables",
    "rules",
    "only",
    "except",
    "when",
    "allow_failure",
    "needs",
    "dependencies",
}
# GitLab's keywords that the sandbox lacks: named, so that nobody takes them for a typing error.
_NOT_HERE = {
    *(
        "include",
        "spec",
        "pages",
        "coverage",
        "dast_configuration",
        "environment",
        "hooks",
        "id_tokens",
        "identity",
    ),
    *(
        "inherit",
        "manual_confirmation",
        "parallel",
        "release",
        "resource_group",
        "run",
        "secrets",
        "start_in",
    ),
    "trigger",
}


class CiConfigError(ValueError):
    """A pipeline file with problems."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """One job, defaults filled in, every value in plain JSON form."""

    name: str
    stage: str = "test"
    script: list[str] = field(default_factory=list)
    before_script: list[str] = field(default_factory=list)
    after_script: list[str] = field(default_factory=list)
    image: JsonObject | None = None
    services: list[JsonObject] = field(default_factory=list)
    variables: dict[str, JsonObject] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    rules: list[JsonObject] | None = None
    only: list[str] = field(default_factory=lambda: ["branches", "tags"])
    excluded: list[str] = field(default_factory=list)
    """What `except` names."""
    when: str = "on_success"
    allow_failure: bool | None = None
    """None: not given, so it depends on `when`."""
    allowed_exit_codes: list[int] = field(default_factory=list)
    needs: list[JsonObject] | None = None
    dependencies: list[str] | None = None
    artifacts: JsonObject | None = None
    cache: list[JsonObject] = field(default_factory=list)
    timeout: int | None = None
    """Seconds; None leaves it to the project and the runner."""
    interruptible: bool = False
    retry: JsonObject = field(default_factory=lambda: {"max": 0, "when": ["always"]})


@dataclass(frozen=True, kw_only=True)
class CiConfig:
    """A whole pipeline file."""

    stages: list[str]
    jobs: list[JobSpec]
    workflow_rules: list[JsonObject] | None = None
    workflow_name: str | None = None
    variables: dict[str, JsonObject] = field(default_factory=dict)


def parse_config(text: str) -> CiConfig:
    """Reads a pipeline file.

    Raises:
        CiConfigError: with everything that is wrong or not understood.
    """
    problems = Problems()
    document = _document(text)
    if unknown := [key for key in document if key in _NOT_HERE]:
        problems.add(", ".join(unknown), "is not something the sandbox understands")
    stages = _stages(document, problems)
    shared = keywords.variables(document.get("variables", {}), "variables", problems)
    defaults = _defaults(document, problems)
    raw_jobs = {name: body for name, body in document.items() if _is_job(name)}
    resolved = resolve_extends(raw_jobs, problems)
    specs = [
        _job(name, {**defaults, **body}, shared, problems)
        for name, body in resolved.items()
        if not name.startswith(".")
    ]
    if not specs:
        problems.add("jobs", "config should contain at least one visible job")
    _check_order(specs, stages, problems)
    workflow_rules, workflow_name = _workflow(document, problems)
    if problems.found:
        raise CiConfigError(problems.found)
    return CiConfig(
        stages=stages,
        jobs=specs,
        workflow_rules=workflow_rules,
        workflow_name=workflow_name,
        variables=shared,
    )


def _document(text: str) -> dict[str, object]:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as why:
        raise CiConfigError([f"Invalid configuration format: {' '.join(str(why).split())}"]) from why
    if not isinstance(document, dict):
        raise CiConfigError(["Invalid configuration format"])
    return {str(key): value for key, value in document.items()}


def _is_job(name: str) -> bool:
    return name not in _SPOKEN_FOR | _GLOBAL_DEFAULTS | _NOT_HERE


def _stages(document: dict[str, object], problems: Problems) -> list[str]:
    given = keywords.names(document.get("stages", _DEFAULT_STAGES), "stages", problems)
    return [".pre", *(stage for stage in given if stage not in {".pre", ".post"}), ".post"]


def _defaults(document: dict[str, object], problems: Problems) -> JsonObject:
    given = keywords.mapping(document.get("default", {}), "default", _DEFAULTS, problems)
    for key in _GLOBAL_DEFAULTS & document.keys():
        if key in given:
            problems.add("default", f"config {key} is given twice: at the top and under default")
        given[key] = document[key]
    return given


def _workflow(document: dict[str, object], problems: Problems) -> tuple[list[JsonObject] | None, str | None]:
    given = keywords.mapping(document.get("workflow", {}), "workflow", {"rules", "name"}, problems)
    rules = None
    if "rules" in given:
        rules = keywords.rules(given["rules"], "workflow:rules", problems, workflow=True)
    name = given.get("name")
    return rules, name if isinstance(name, str) else None


_CHECKERS: dict[str, Callable[[object, str, Problems], object]] = {
    "script": keywords.texts,
    "before_script": keywords.texts,
    "after_script": keywords.texts,
    "image": keywords.image,
    "services": keywords.services,
    "tags": keywords.texts,
    "rules": keywords.rules,
    "only": keywords.refs,
    "excluded": keywords.refs,
    "needs": keywords.needs,
    "dependencies": keywords.names,
    "artifacts": keywords.artifacts,
    "cache": keywords.caches,
    "timeout": keywords.seconds,
    "interruptible": keywords.flag,
    "retry": keywords.retry,
    "when": lambda value, where, problems: keywords.choice(value, where, (*keywords.WHEN, "never"), problems),
}


def _job(name: str, body: JsonObject, shared: dict[str, JsonObject], problems: Problems) -> JobSpec:
    where = f"jobs:{name}"
    if missing := [key for key in body if key in _NOT_HERE]:
        problems.add(f"{where}:{', '.join(missing)}", "is not something the sandbox understands")
    given = keywords.mapping(
        {key: value for key, value in body.items() if key not in _NOT_HERE}, where, _JOB_KEYS, problems
    )
    if not given.get("script"):
        problems.add(where, "config should implement the script:, run:, or trigger: keyword")
    if "rules" in given and (clash := [key for key in ("only", "except") if key in given]):
        problems.add(where, f"config key may not be used with `rules`: {', '.join(clash)}")
    given["excluded"] = given.pop("except", [])
    fields: JsonObject = {
        key: check(given[key], f"{where}:{key}", problems) for key, check in _CHECKERS.items() if key in given
    }
    own = keywords.variables(given.get("variables", {}), f"{where}:variables", problems)
    fields["variables"] = {**shared, **own}
    fields["stage"] = given.get("stage", "test")
    fields |= _allow_failure(given.get("allow_failure"), f"{where}:allow_failure", problems)
    return JobSpec(name=name, **fields)  # type: ignore[arg-type] # each checker returns its field's type


def _allow_failure(value: object, where: str, problems: Problems) -> JsonObject:
    if value is None or isinstance(value, bool):
        return {"allow_failure": value}
    codes = keywords.mapping(value, where, {"exit_codes"}, problems).get("exit_codes", [])
    listed = codes if isinstance(codes, list) else [codes]
    if not all(isinstance(code, int) for code in listed):
        problems.add(where, "exit_codes should be an array of integers or an integer")
    return {"allow_failure": False, "allowed_exit_codes": listed}


def _check_order(specs: list[JobSpec], stages: list[str], problems: Problems) -> None:
    stage_of = {spec.name: spec.stage for spec in specs}
    for spec in specs:
        where = f"{spec.name} job:"
        if spec.stage not in stages:
            known = ", ".join(stages)
            problems.add(where, f"chosen stage {spec.stage} does not exist; available stages are {known}")
            continue
        wanted = [str(need["job"]) for need in spec.needs or [] if not need["optional"]]
        for other in [*wanted, *(spec.dependencies or [])]:
            if other not in stage_of:
                problems.add(where, f"undefined need or dependency: {other}")
            elif stage_of[other] in stages and stages.index(stage_of[other]) > stages.index(spec.stage):
                problems.add(where, f"need or dependency {other} is not defined in current or prior stages")
    _check_cycles({spec.name: [str(need["job"]) for need in spec.needs or []] for spec in specs}, problems)


def _check_cycles(needs: dict[str, list[str]], problems: Problems) -> None:
    waiting = dict(needs)
    while ready := [name for name, wanted in waiting.items() if not set(wanted) & waiting.keys()]:
        for name in ready:
            del waiting[name]
    if waiting:
        problems.add(", ".join(waiting), "jobs: the pipeline has circular dependencies")
