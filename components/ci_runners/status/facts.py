"""What an engine says of this package's containers: plain values, read in one go."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ContainerFacts:
    """One container of a component's."""

    name: str
    component: str
    """The label `ci-runners.component`."""
    kind: str
    """The label `ci-runners.kind`: dind, gitlab-runner, cleanup and the like."""
    stack: str
    """The label `ci-runners.stack`, project/stack; empty where there is none."""
    state: str
    """The engine's word: created, running, paused, restarting, exited, dead."""
    health: str = ""
    """healthy, unhealthy or starting; empty without a health check."""
    health_output: str = ""
    """What the last health check wrote."""
    exit_code: int = 0
    is_task: bool = False
    """Whether it does one thing and ends, so that its end is no fault."""
    is_out_of_memory: bool = False
    """Whether the kernel ended it for want of memory."""
    restarts: int = 0
    """How often the engine started it anew by itself."""
    since: str = ""
    """Start of what runs, end of what does not: ISO 8601 in UTC; empty for what never started."""
    memory: int | None = None
    """Bytes in use without the page cache, as `docker stats` counts; None where that is not known."""
    memory_limit: int | None = None
    """Bytes that it may use; None without a limit."""
    output: str = ""
    """What a task wrote."""
    cleanup_metrics: str = ""
    """Text of cleanup.prom, of a container of the kind cleanup."""


@dataclass(frozen=True, kw_only=True)
class EngineFacts:
    """What was read of an engine."""

    docker_host: str
    containers: tuple[ContainerFacts, ...] = ()
    failure: str = ""
    """Why nothing could be read; empty where that went well."""
