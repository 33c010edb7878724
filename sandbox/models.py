"""The records the sandbox keeps. Every field is plain JSON, so a record is stored as one JSON document."""

from dataclasses import dataclass, field
from typing import ClassVar

JsonObject = dict[str, object]


@dataclass(kw_only=True)
class Record:
    """Something with a number of its own. 0 means: not stored yet."""

    INDEXED: ClassVar[tuple[str, ...]] = ()

    id: int = 0


@dataclass(kw_only=True)
class Namespace(Record):
    """What projects live in: a group, or the root user's own namespace."""

    path: str
    """Full path, such as `platform/images`."""
    name: str
    kind: str = "group"
    visibility: str = "private"
    description: str = ""
    created_at: str = ""


@dataclass(kw_only=True)
class Project(Record):
    """A project with its settings and the refs that pipelines were already made for."""

    path: str
    """Full path, such as `platform/images/base`."""
    name: str
    namespace_id: int
    description: str = ""
    visibility: str = "private"
    default_branch: str = "main"
    created_at: str = ""
    settings: JsonObject = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    """Full ref name to commit, as last seen: a difference to the repository is a push."""
    job_token_limited: bool = True
    """Whether job tokens of other projects are let in only by the two lists below."""
    job_token_projects: list[int] = field(default_factory=list)
    job_token_groups: list[int] = field(default_factory=list)


@dataclass(kw_only=True)
class Runner(Record):
    """A registered runner. Its tags and limits live here, not in config.toml."""

    INDEXED: ClassVar[tuple[str, ...]] = ("token",)

    token: str
    runner_type: str
    project_ids: list[int] = field(default_factory=list)
    group_id: int | None = None
    description: str = ""
    tags: list[str] = field(default_factory=list)
    run_untagged: bool = True
    paused: bool = False
    locked: bool = False
    access_level: str = "not_protected"
    maximum_timeout: int | None = None
    maintenance_note: str = ""
    created_at: str = ""
    contacted_at: str | None = None


@dataclass(kw_only=True)
class RunnerManager(Record):
    """One gitlab-runner process that uses a runner's token, told apart by its system id."""

    INDEXED: ClassVar[tuple[str, ...]] = ("runner_id",)

    runner_id: int
    system_id: str
    created_at: str = ""
    contacted_at: str = ""
    ip_address: str = ""
    info: JsonObject = field(default_factory=dict)


@dataclass(kw_only=True)
class Variable(Record):
    """A CI/CD variable of a project, a group or the instance (`owner_id` 0)."""

    INDEXED: ClassVar[tuple[str, ...]] = ("owner_id",)

    owner: str
    owner_id: int
    key: str
    value: str
    variable_type: str = "env_var"
    masked: bool = False
    hidden: bool = False
    protected: bool = False
    raw: bool = False
    environment_scope: str = "*"
    description: str | None = None


@dataclass(kw_only=True)
class ProtectedRef(Record):
    """A protected branch or tag, by name or with `*`."""

    INDEXED: ClassVar[tuple[str, ...]] = ("project_id",)

    project_id: int
    kind: str
    name: str
    push_access_level: int = 40
    merge_access_level: int = 40
    create_access_level: int = 40
    allow_force_push: bool = False


@dataclass(kw_only=True)
class Pipeline(Record):
    """One run of a pipeline file for one commit."""

    INDEXED: ClassVar[tuple[str, ...]] = ("project_id",)

    project_id: int
    iid: int
    ref: str
    tag: bool
    sha: str
    before_sha: str
    source: str
    status: str = "created"
    name: str | None = None
    yaml_errors: str | None = None
    variables: list[JsonObject] = field(default_factory=list)
    """Variables of this run alone, in the runner's wire form."""
    schedule_id: int | None = None
    created_at: str = ""
    updated_at: str = ""
    started_at: str | None = None
    finished_at: str | None = None


@dataclass(kw_only=True)
class Job(Record):
    """One job of a pipeline. A retry is a new job; the old one is marked `retried`."""

    INDEXED: ClassVar[tuple[str, ...]] = ("pipeline_id", "project_id", "status")

    project_id: int
    pipeline_id: int
    name: str
    stage: str
    stage_index: int
    token: str
    spec: JsonObject
    """The job as the pipeline file has it: `ci.config.JobSpec` as a dict."""
    when: str
    allow_failure: bool
    protected: bool
    status: str = "created"
    attempt: int = 0
    retried: bool = False
    played: bool = False
    """A manual job that somebody started."""
    runner_id: int | None = None
    system_id: str = ""
    timeout: int | None = None
    failure_reason: str | None = None
    exit_code: int | None = None
    artifacts: list[JsonObject] = field(default_factory=list)
    created_at: str = ""
    queued_at: str | None = None
    started_at: str | None = None
    finished_at: str | None = None


@dataclass(kw_only=True)
class Schedule(Record):
    """A pipeline schedule with its own variables."""

    INDEXED: ClassVar[tuple[str, ...]] = ("project_id",)

    project_id: int
    description: str
    ref: str
    cron: str
    cron_timezone: str = "UTC"
    active: bool = True
    variables: list[JsonObject] = field(default_factory=list)
    next_run_at: str | None = None
    last_pipeline_id: int | None = None
    created_at: str = ""
    updated_at: str = ""


@dataclass(kw_only=True)
class MergeRequest(Record):
    """A merge request. It starts no pipeline and merges nothing: there is something to comment on."""

    INDEXED: ClassVar[tuple[str, ...]] = ("project_id",)

    project_id: int
    iid: int
    title: str
    source_branch: str
    target_branch: str
    created_at: str = ""


@dataclass(kw_only=True)
class Note(Record):
    """A comment on a merge request."""

    INDEXED: ClassVar[tuple[str, ...]] = ("project_id", "merge_request_id")

    project_id: int
    merge_request_id: int
    body: str
    created_at: str = ""
    updated_at: str = ""
