"""Makes pipelines: reads the file at a commit, decides which jobs take part, and stores them."""

from dataclasses import dataclass, replace

from sandbox import clock, jobs
from sandbox.ci.config import CiConfig, CiConfigError, JobSpec, parse_config
from sandbox.ci.expand import expand
from sandbox.ci.rules import Circumstances, Decision, decide, first_rule
from sandbox.context import Sandbox, new_token
from sandbox.models import Job, JsonObject, Pipeline, Project
from sandbox.project_settings import setting
from sandbox.protection import is_protected
from sandbox.variables import given_variables, pipeline_predefined

_SKIP_MARKS = ("[ci skip]", "[skip ci]")


class PipelineRefused(ValueError):
    """No pipeline comes of it: the file is missing, wrong, or its rules leave no job."""


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """What a pipeline is asked for."""

    ref: str
    """Full ref name, `refs/heads/main`."""
    sha: str
    source: str
    before_sha: str = ""
    variables: tuple[JsonObject, ...] = ()
    schedule_id: int | None = None


def create_pipeline(sandbox: Sandbox, project: Project, trigger: Trigger) -> Pipeline:
    """Makes a pipeline and starts its first jobs.

    Raises:
        PipelineRefused: there is nothing to run; the message says why, in GitLab's words where it has some.
        CiConfigError: the file has problems.
    """
    pipeline = _blank(sandbox, project, trigger)
    config = _read_config(sandbox, project, trigger.sha)
    circumstances = Circumstances(
        ref=pipeline.ref,
        tag=pipeline.tag,
        source=pipeline.source,
        predefined=pipeline_predefined(sandbox, project, pipeline),
        given=given_variables(sandbox, project, pipeline),
    )
    config = _by_workflow(config, circumstances)
    pipeline.name = config.workflow_name
    taking_part = [(spec, decision) for spec in config.jobs if (decision := decide(spec, circumstances))]
    if not taking_part:
        raise PipelineRefused(
            "Pipeline will not run for the selected trigger. The rules configuration prevented any jobs "
            "from being added to the pipeline."
        )
    _check_needs([spec for spec, _ in taking_part])
    _cancel_redundant(sandbox, project, pipeline)
    sandbox.store.add(pipeline)
    # Runners fetch this ref, so that a commit stays within reach when its branch moves on.
    sandbox.repository(project).set_ref(f"refs/pipelines/{pipeline.id}", pipeline.sha)
    protected = is_protected(sandbox.store, project, pipeline.ref, tag=pipeline.tag)
    for spec, decision in taking_part:
        sandbox.store.add(_job(pipeline, config, spec, decision, circumstances, protected=protected))
    jobs.advance(sandbox, pipeline)
    return pipeline


def pipeline_for_push(sandbox: Sandbox, project: Project, trigger: Trigger) -> Pipeline | None:
    """Makes the pipeline of a push: one that failed where the file has problems, none where nothing is to run."""
    commit = sandbox.repository(project).commit(trigger.sha)
    try:
        if any(mark in commit.message.lower() for mark in _SKIP_MARKS):
            return _stillborn(sandbox, project, trigger, status="skipped")
        return create_pipeline(sandbox, project, trigger)
    except CiConfigError as why:
        return _stillborn(sandbox, project, trigger, status="failed", problems=why.problems)
    except PipelineRefused:
        return None


def _blank(sandbox: Sandbox, project: Project, trigger: Trigger) -> Pipeline:
    _, kind, name = trigger.ref.split("/", 2)
    now = clock.stamp()
    return Pipeline(
        project_id=project.id,
        iid=max((p.iid for p in sandbox.store.find(Pipeline, project_id=project.id)), default=0) + 1,
        ref=name,
        tag=kind == "tags",
        sha=trigger.sha,
        before_sha=trigger.before_sha,
        source=trigger.source,
        variables=list(trigger.variables),
        schedule_id=trigger.schedule_id,
        created_at=now,
        updated_at=now,
    )


def _stillborn(
    sandbox: Sandbox, project: Project, trigger: Trigger, *, status: str, problems: list[str] | None = None
) -> Pipeline:
    pipeline = _blank(sandbox, project, trigger)
    pipeline.status = status
    pipeline.finished_at = pipeline.created_at
    pipeline.yaml_errors = "\n".join(problems) if problems else None
    return sandbox.store.add(pipeline)


def _read_config(sandbox: Sandbox, project: Project, sha: str) -> CiConfig:
    path = str(setting(project, "ci_config_path") or ".gitlab-ci.yml")
    if "@" in path or "://" in path:
        raise CiConfigError(
            [f"ci_config_path {path!r}: the sandbox reads the pipeline file from the project only"]
        )
    file = sandbox.repository(project).file(sha, path)
    if file is None:
        raise PipelineRefused("Missing CI config file")
    try:
        return parse_config(file.content.decode())
    except UnicodeDecodeError as why:
        raise CiConfigError([f"Invalid configuration format: {why}"]) from why


def _by_workflow(config: CiConfig, circumstances: Circumstances) -> CiConfig:
    """Applies the workflow's rules: they let the pipeline be, and may add variables."""
    if config.workflow_rules is None:
        return config
    rule = first_rule(config.workflow_rules, circumstances.values(config.variables))
    if rule is None or rule.get("when") == "never":
        raise PipelineRefused("Pipeline filtered out by workflow rules.")
    added = rule.get("variables")
    if not isinstance(added, dict):
        return config
    return replace(config, jobs=[replace(job, variables={**job.variables, **added}) for job in config.jobs])


def _check_needs(specs: list[JobSpec]) -> None:
    present = {spec.name for spec in specs}
    problems = [
        f"'{spec.name}' job needs '{need['job']}' job, but '{need['job']}' does not exist in the pipeline. "
        "This might be because of the only, except, or rules keywords. "
        "To need a job that sometimes does not exist in the pipeline, use needs:optional."
        for spec in specs
        for need in spec.needs or []
        if need["job"] not in present and not need["optional"]
    ]
    if problems:
        raise CiConfigError(problems)


def _job(
    pipeline: Pipeline,
    config: CiConfig,
    spec: JobSpec,
    decision: Decision,
    circumstances: Circumstances,
    *,
    protected: bool,
) -> Job:
    variables = {**spec.variables, **decision.variables}
    values = circumstances.values(variables)
    final = replace(spec, variables=variables, tags=[expand(tag, values) for tag in spec.tags])
    return Job(
        project_id=pipeline.project_id,
        pipeline_id=pipeline.id,
        name=spec.name,
        stage=spec.stage,
        stage_index=config.stages.index(spec.stage),
        token=new_token("glcbt-"),
        spec=jobs.spec_body(final),
        when=decision.when,
        allow_failure=decision.allow_failure,
        protected=protected,
        created_at=pipeline.created_at,
    )


def _cancel_redundant(sandbox: Sandbox, project: Project, fresh: Pipeline) -> None:
    """Cancels older pipelines of the branch, unless a job that may not be interrupted has started."""
    if setting(project, "auto_cancel_pending_pipelines") != "enabled" or fresh.tag:
        return
    for pipeline in sandbox.store.find(Pipeline, project_id=project.id, ref=fresh.ref, tag=False):
        if pipeline.sha == fresh.sha or pipeline.status not in {"created", "pending", "running", "manual"}:
            continue
        started = [job for job in jobs.current_jobs(sandbox, pipeline) if job.started_at]
        if all(jobs.spec_of(job).interruptible for job in started):
            jobs.cancel_pipeline(sandbox, pipeline)
