"""The records the sandbox keeps. Every field is plain JSON, so a record is stored as one JSON document."""

from dataclasses import dataclass, field
from typing import ClassVar

from sandbox.models import JsonObject, Record


@dataclass(kw_only=True)
class Account(Record):
    """A user or an organization."""

    INDEXED: ClassVar[tuple[str, ...]] = ("key",)

    login: str
    key: str
    """The login in small letters: GitHub finds accounts whatever the case."""
    kind: str = "User"
    name: str = ""
    created_at: str = ""
    actions: JsonObject = field(default_factory=dict)
    """An organization's Actions permissions."""

    @property
    def is_organization(self) -> bool:
        """Whether it is an organization."""
        return self.kind == "Organization"


@dataclass(kw_only=True)
class Repo(Record):
    """A repository with its settings and the refs that runs were already made for."""

    INDEXED: ClassVar[tuple[str, ...]] = ("key",)

    owner: str
    owner_id: int
    name: str
    key: str
    """`owner/name` in small letters."""
    description: str | None = None
    visibility: str = "public"
    default_branch: str = "main"
    archived: bool = False
    settings: JsonObject = field(default_factory=dict)
    """Settings that are kept and told again, and mean nothing here, such as `has_wiki`."""
    actions: JsonObject = field(default_factory=dict)
    """Actions permissions."""
    refs: dict[str, str] = field(default_factory=dict)
    """Full ref name to commit, as last seen: a difference to the repository is a push."""
    created_at: str = ""
    updated_at: str = ""
    pushed_at: str = ""

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    @property
    def private(self) -> bool:
        """Whether strangers may not read it."""
        return self.visibility != "public"


@dataclass(kw_only=True)
class Token(Record):
    """A credential: of a person, of an App's installation, or for registering or removing runners."""

    INDEXED: ClassVar[tuple[str, ...]] = ("token",)

    token: str
    kind: str
    """fine-grained, installation, registration or remove."""
    account: str
    """Login of the account whose resources it reaches."""
    permissions: dict[str, str] = field(default_factory=dict)
    """Permission to read, write or admin."""
    repository_ids: list[int] | None = None
    """The repositories that it reaches; None for all of the account's."""
    expires_at: str | None = None


@dataclass(kw_only=True)
class App(Record):
    """A GitHub App, known by the public half of its private key."""

    name: str
    client_id: str
    public_key: str
    created_at: str = ""


@dataclass(kw_only=True)
class Installation(Record):
    """An App on an account, and what it may do there."""

    app_id: int
    account: str
    permissions: dict[str, str] = field(default_factory=dict)
    repository_ids: list[int] | None = None
    created_at: str = ""


@dataclass(kw_only=True)
class RunnerGroup(Record):
    """A group of an organization's runners, and who may use it."""

    INDEXED: ClassVar[tuple[str, ...]] = ("account_id",)

    account_id: int
    name: str
    visibility: str = "all"
    default: bool = False
    allows_public_repositories: bool = False
    restricted_to_workflows: bool = False
    selected_workflows: list[str] = field(default_factory=list)
    repository_ids: list[int] = field(default_factory=list)


@dataclass(kw_only=True)
class Runner(Record):
    """A registered runner, of a repository or of an organization."""

    INDEXED: ClassVar[tuple[str, ...]] = ("token",)

    token: str
    """What it shows on every call of the stand-in protocol."""
    name: str
    repo_id: int | None = None
    account_id: int | None = None
    group_id: int = 1
    labels: list[str] = field(default_factory=list)
    ephemeral: bool = True
    work_folder: str = "_work"
    contacted_at: str | None = None
    """None while it has no session."""
    job_id: int | None = None


@dataclass(kw_only=True)
class Held(Record):
    """What secrets and variables have in common."""

    INDEXED: ClassVar[tuple[str, ...]] = ("owner_id",)

    owner: str
    """repository, environment or organization."""
    owner_id: int
    name: str
    value: str
    visibility: str = "all"
    """Which of an organization's repositories it is for."""
    repository_ids: list[int] = field(default_factory=list)
    created_at: str = ""
    updated_at: str = ""


@dataclass(kw_only=True)
class Secret(Held):
    """An Actions secret of a repository, an environment or an organization."""


@dataclass(kw_only=True)
class Variable(Held):
    """An Actions variable of a repository, an environment or an organization."""


@dataclass(kw_only=True)
class SealingKey(Record):
    """The key pair that secrets are sealed for, by whose secrets they are."""

    owner: str
    owner_id: int
    private_key: str


@dataclass(kw_only=True)
class Environment(Record):
    """An environment that jobs deploy to, and what protects it."""

    INDEXED: ClassVar[tuple[str, ...]] = ("repo_id",)

    repo_id: int
    name: str
    wait_timer: int = 0
    reviewers: list[JsonObject] = field(default_factory=list)
    prevent_self_review: bool = False
    can_admins_bypass: bool = True
    branch_policy: dict[str, bool] | None = None
    created_at: str = ""
    updated_at: str = ""


@dataclass(kw_only=True)
class BranchPolicy(Record):
    """A pattern of branches or tags that may deploy to an environment."""

    INDEXED: ClassVar[tuple[str, ...]] = ("environment_id",)

    environment_id: int
    name: str
    kind: str = "branch"


@dataclass(kw_only=True)
class Workflow(Record):
    """A workflow file that was seen in a repository."""

    INDEXED: ClassVar[tuple[str, ...]] = ("repo_id",)

    repo_id: int
    path: str
    name: str
    state: str = "active"
    next_run_at: str | None = None
    """When the default branch's schedule is due next."""
    runs: int = 0
    """How many runs it has had: the newest one's number."""
    created_at: str = ""
    updated_at: str = ""


@dataclass(kw_only=True)
class Run(Record):
    """One run of a workflow."""

    INDEXED: ClassVar[tuple[str, ...]] = ("repo_id",)

    repo_id: int
    workflow_id: int
    number: int
    name: str
    title: str
    event: str
    ref: str
    sha: str
    actor: str = ""
    payload: JsonObject = field(default_factory=dict)
    """The event, as jobs get it."""
    status: str = "queued"
    conclusion: str | None = None
    error: str = ""
    """Why a workflow file that is not understood made no jobs."""
    concurrency_group: str = ""
    cancel_requested: bool = False
    created_at: str = ""
    updated_at: str = ""


@dataclass(kw_only=True)
class Job(Record):
    """One job of a run."""

    INDEXED: ClassVar[tuple[str, ...]] = ("run_id", "status", "token")

    run_id: int
    repo_id: int
    key: str
    """Its name in the workflow file."""
    name: str
    needs: list[str] = field(default_factory=list)
    condition: str = ""
    labels: list[str] = field(default_factory=list)
    group: str = ""
    """Name of the runner group that it asks for."""
    environment: str = ""
    timeout_minutes: float = 360
    permissions: dict[str, str] = field(default_factory=dict)
    """What its token may do."""
    status: str = "pending"
    """pending until what it needs is done, waiting for its environment, queued, in_progress, completed."""
    conclusion: str | None = None
    reason: str = ""
    """Why it did not run, or was ended."""
    token: str = ""
    approved: bool = False
    cancel_requested: bool = False
    runner_id: int | None = None
    runner_name: str | None = None
    runner_group_id: int | None = None
    created_at: str = ""
    waiting_since: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
