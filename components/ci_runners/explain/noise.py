"""What only looks like a change: where a provider's reading differs from its writing (pulumi/pulumi-docker)."""

from collections.abc import Mapping

from ci_runners.explain.preview import CONTAINER, SECRET, UNKNOWN, Op, Step, holds
from ci_runners.explain.words import argument, listed

KEPT_BY_PULUMI = frozenset(
    {
        "attach",
        "containerReadRefreshTimeoutMilliseconds",
        "destroyGraceSeconds",
        "logs",
        "mustRun",
        "removeVolumes",
        "rm",
        "start",
        "wait",
        "waitTimeout",
    }
)
"""What Pulumi itself goes by, now and later: the engine is not told."""

NOT_APPLIED = frozenset({"cpuPeriod", "cpuQuota", "healthcheck", "init", "mounts", "tmpfs"})
"""What the provider reports as changed on a running container, and does not tell the engine."""

_ORDER_MATTERS = frozenset({"command", "dns", "dnsSearches", "entrypoints"})
_LABEL_OFF = "label=disable"
_READINGS = {
    "capabilities": "the engine spells capabilities otherwise",
    "cpus": "the provider reads cpus back spelled otherwise",
    "memorySwap": "the engine has set memory_swap, which the program leaves out",
    "securityOpts": f"the engine adds {_LABEL_OFF} to a privileged container",
}


def noise(step: Step) -> str | None:
    """Why a change is none, although the provider finds one. None: it is one, or not known as none."""
    if step.op not in {Op.UPDATE, Op.REPLACE} or not step.changed or not step.type.startswith("docker:"):
        return None
    said = {_field_noise(step, field) for field in step.changed}
    return None if None in said else listed(sorted(filter(None, said)))


def ineffective(step: Step) -> str | None:
    """What an update in place says that it does, and does not do. None: it does what it says."""
    fields = set(step.changed)
    if step.op is not Op.UPDATE or step.type != CONTAINER or not fields:
        return None
    names = listed(sorted(map(argument, fields)))
    if fields <= KEPT_BY_PULUMI:
        return f"{names}: only Pulumi goes by it, the container is not touched."
    if fields <= KEPT_BY_PULUMI | NOT_APPLIED:
        return f"{names}: the provider says that it changes, but does not tell the engine. Replace the container for it."
    return None


def _field_noise(step: Step, field: str) -> str | None:
    old, new = step.old.get(field), step.new.get(field)
    known = {
        "capabilities": _capabilities(old) == _capabilities(new),
        "cpus": _number(old) == _number(new) is not None,
        "memorySwap": old == new,
        "securityOpts": bool(step.new.get("privileged")) and _deletes_only_label_off(step, old, new),
    }
    if known.get(field):
        return _READINGS[field]
    if old is not None and old == new and not holds(old, {SECRET, *UNKNOWN}):
        return f"the engine tells {argument(field)} otherwise than it was told"
    if field not in _ORDER_MATTERS and isinstance(old, list) and isinstance(new, list) and _same(old, new):
        return f"{argument(field)} stand in another order"
    return None


def _same(old: list[object], new: list[object]) -> bool:
    """Whether two lists hold the same, in whatever order."""
    return sorted(map(_sorted, old)) == sorted(map(_sorted, new))


def _deletes_only_label_off(step: Step, old: object, new: object) -> bool:
    before, after = (value if isinstance(value, list) else [] for value in (old, new))
    deletes = all(kind.startswith("delete") for kind in step.kinds)
    return deletes and _LABEL_OFF in before and _LABEL_OFF not in after


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _capabilities(given: object) -> list[list[str]]:
    """Added and dropped capabilities: CAP_NET_ADMIN and net_admin are one."""
    both = given if isinstance(given, Mapping) else {}
    lists = [some if isinstance(some := both.get(key), list) else [] for key in ("adds", "drops")]
    return [sorted(str(each).upper().removeprefix("CAP_") for each in some) for some in lists]


def _sorted(value: object) -> str:
    return repr(sorted(value.items())) if isinstance(value, Mapping) else repr(value)
