"""What each recorded preview means, said by hand: `tests/prove/preview_changes.py` has the changes themselves."""

from dataclasses import dataclass

from ci_runners.explain import Severity


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What must be found, and no more of these kinds."""

    severity: Severity = Severity.CALM
    refused: bool = False
    stops: tuple[str, ...] = ()
    """In this order."""
    seconds: int = 0
    loses: tuple[str, ...] = ()
    gains: tuple[tuple[str, str], ...] = ()
    """Who, and the benchmark's rule."""
    secrets: tuple[str, ...] = ()


GRACE_S = 3600
"""Of a runner."""
DAEMON_S = 60
SHORT_S = 10
"""Of the socket's proxy."""
CALM, STOPS, LOSES, GAINS = Severity


def _both(way: str, **more: object) -> Verdict:
    """A runner stops, then its daemon."""
    stops = (f"explain-{way}-runner", f"explain-{way}-{way}")
    return Verdict(**{"severity": STOPS, "stops": stops, "seconds": GRACE_S + DAEMON_S, **more})  # type: ignore[arg-type]


def _forge(name: str, *more: str) -> tuple[str, ...]:
    return tuple(
        f"explain-{name}-project-{each}" for each in ("registration", "variable-DEPLOY_TOKEN", *more)
    )


def _unconfined(name: str) -> tuple[tuple[str, str], ...]:
    """A rootless buildkitd's declared exceptions: /proc, AppArmor and seccomp."""
    return tuple((name, rule) for rule in ("", "5.2", "5.22"))


def _app(rule: str) -> Verdict:
    return Verdict(
        severity=GAINS, stops=("explain-plain-app",), seconds=5, gains=(("explain-plain-app", rule),)
    )


DIND = {
    "dind-first": Verdict(severity=GAINS, gains=(("explain-dind-dind", "5.5"),), secrets=_forge("dind")),
    "dind-nothing": Verdict(),
    "dind-nothing-refreshed": Verdict(),
    "dind-concurrent": Verdict(secrets=("explain-dind-runner-config-writer",)),
    "dind-runner-memory": Verdict(),
    "dind-runner-image": Verdict(
        severity=STOPS,
        stops=("explain-dind-runner",),
        seconds=GRACE_S,
        # The helper's image, which is the runner's version, stands in its file.
        secrets=("explain-dind-runner-config-writer",),
    ),
    "dind-runner-drain": Verdict(severity=STOPS, stops=("explain-dind-runner",), seconds=GRACE_S),
    "dind-runner-network": Verdict(severity=STOPS, stops=("explain-dind-runner",), seconds=GRACE_S),
    "dind-runner-labels": Verdict(severity=STOPS, stops=("explain-dind-runner",), seconds=GRACE_S),
    "dind-daemon-labels": _both("dind"),
    "dind-daemon-image": _both("dind"),
    "dind-daemon-memory": Verdict(),
    "dind-daemon-cpus": _both("dind"),
    "dind-daemon-json": _both("dind"),
    "dind-daemon-mtu": _both("dind"),
    "dind-daemon-grace": _both("dind"),
    "dind-daemon-names": _both("dind"),
    "dind-rotate-certificates": _both("dind"),
    "dind-rotate-later": Verdict(),
    "dind-rootless": _both("dind", severity=LOSES, loses=("explain-dind-dind-storage",)),
    "dind-rootless-drop": _both(
        "dind", severity=LOSES, loses=("explain-dind-buildkit-cache", "explain-dind-dind-storage")
    ),
    "dind-to-buildkit": _both(
        "dind",
        severity=GAINS,
        gains=(*_unconfined("explain-dind-buildkit"), ("explain-dind-runner", "5.32")),
        secrets=("explain-dind-runner-config-writer",),
    ),
    "dind-to-buildkit-drop": _both(
        "dind",
        severity=GAINS,
        loses=("explain-dind-dind-storage",),
        gains=(*_unconfined("explain-dind-buildkit"), ("explain-dind-runner", "5.32")),
        secrets=("explain-dind-runner-config-writer",),
    ),
    "dind-to-dood": _both(
        "dind",
        severity=GAINS,
        gains=tuple((f"explain-dind-{each}", "5.32") for each in ("dood", "dood-proxy", "runner")),
        secrets=("explain-dind-runner-config-writer",),
    ),
    "dind-to-kaniko": _both(
        "dind",
        severity=GAINS,
        gains=(("explain-dind-runner", "5.32"),),
        secrets=("explain-dind-runner-config-writer",),
    ),
    "dind-renamed": _both(
        "dind",
        severity=GAINS,
        loses=("explain-dind-buildkit-cache", "explain-dind-dind-storage"),
        gains=(("explain-other-dind", "5.5"),),
        secrets=(*_forge("dind"), *_forge("other")),
    ),
    "dind-retain": Verdict(),
    "dind-rotate-token": Verdict(
        secrets=("explain-dind-project-registration", "explain-dind-runner-config-writer")
    ),
    "dind-unlocked": Verdict(severity=GAINS, gains=(("explain-dind-project-registration", ""),) * 2),
    "dind-protected-only": Verdict(),
    "dind-settings": Verdict(),
    "dind-variable": Verdict(),
    "dind-secret": Verdict(secrets=("explain-dind-project-variable-DEPLOY_TOKEN",)),
    "dind-variables": Verdict(secrets=("explain-dind-project-variable-NPM_TOKEN",)),
    "dind-branch": Verdict(severity=GAINS, gains=(("explain-dind-project-branch-main", ""),) * 2),
    "dind-schedule": Verdict(),
    "dind-pipeline": Verdict(),
    "dind-refused": Verdict(refused=True),
    "dind-authority": _both("dind"),
    "dind-destroy": _both(
        "dind",
        severity=LOSES,
        loses=("explain-dind-buildkit-cache", "explain-dind-dind-storage"),
        secrets=_forge("dind"),
    ),
    "dind-destroy-retained": _both(
        "dind", severity=LOSES, loses=("explain-dind-buildkit-cache",), secrets=_forge("dind")
    ),
    "dind-destroy-protected": _both(
        "dind", severity=LOSES, refused=True, loses=("explain-dind-buildkit-cache",), secrets=_forge("dind")
    ),
    "dind-runner-gone": Verdict(),
}
DOOD = {
    "dood-first": Verdict(
        severity=GAINS,
        gains=tuple((f"explain-dood-{each}", "5.32") for each in ("dood", "dood-proxy", "runner")),
        secrets=_forge("dood"),
    ),
    "dood-nothing": Verdict(),
    "dood-no-proxy": Verdict(
        severity=GAINS,
        stops=("explain-dood-runner", "explain-dood-dood-proxy"),
        seconds=GRACE_S + SHORT_S,
        gains=(("explain-dood-dood-proxy", "5.32"),),
        secrets=("explain-dood-runner-config-writer",),
    ),
    "dood-proxy-image": Verdict(
        severity=STOPS,
        stops=("explain-dood-runner", "explain-dood-dood-proxy"),
        seconds=GRACE_S + SHORT_S,
    ),
    "dood-to-dind": Verdict(
        severity=GAINS,
        stops=("explain-dood-runner", "explain-dood-dood-proxy"),
        seconds=GRACE_S + SHORT_S,
        loses=("explain-dood-dood-jobs",),
        gains=(("explain-dood-dind", "5.5"),),
        secrets=("explain-dood-runner-config-writer",),
    ),
    "dood-destroy": Verdict(
        severity=LOSES,
        stops=("explain-dood-runner", "explain-dood-dood-proxy"),
        seconds=GRACE_S + SHORT_S,
        loses=tuple(f"explain-dood-{each}" for each in ("buildkit-cache", "dind-storage", "dood-jobs")),
        secrets=_forge("dood"),
    ),
}
BUILDKIT = {
    "buildkit-first": Verdict(
        severity=GAINS,
        gains=(*_unconfined("explain-buildkit-buildkit"), ("explain-buildkit-runner", "5.32")),
        secrets=_forge("buildkit"),
    ),
    "buildkit-nothing-refreshed": Verdict(),
    "buildkit-cache-size": _both("buildkit"),
    "buildkit-daemon-names": _both("buildkit"),
    "buildkit-daemon-labels": _both("buildkit"),
    "buildkit-to-dind": _both(
        "buildkit",
        severity=GAINS,
        loses=("explain-buildkit-buildkit-jobs",),
        gains=(("explain-buildkit-dind", "5.5"),),
        secrets=("explain-buildkit-runner-config-writer",),
    ),
    "buildkit-to-kaniko-drop": _both(
        "buildkit",
        severity=LOSES,
        loses=tuple(
            f"explain-buildkit-{each}" for each in ("buildkit-cache", "buildkit-jobs", "dind-storage")
        ),
        secrets=("explain-buildkit-runner-config-writer",),
    ),
    "buildkit-destroy": _both(
        "buildkit",
        severity=LOSES,
        loses=tuple(
            f"explain-buildkit-{each}" for each in ("buildkit-cache", "buildkit-jobs", "dind-storage")
        ),
        secrets=_forge("buildkit"),
    ),
}
GITHUB = {
    "github-first": Verdict(
        severity=GAINS,
        gains=(("explain-github-dind", "5.5"),),
        secrets=("explain-github-project-secret-DEPLOY_TOKEN",),
    ),
    "github-nothing": Verdict(),
    "github-fewer-runners": Verdict(
        severity=STOPS,
        stops=("explain-github-runner-2", "explain-github-runner-registrar"),
        seconds=GRACE_S + DAEMON_S,
    ),
    "github-more-runners": Verdict(severity=STOPS, stops=("explain-github-runner-registrar",), seconds=60),
    "github-credential": Verdict(secrets=("explain-github-runner-credential-writer",)),
    "github-memory": Verdict(),
    "github-labels": Verdict(severity=STOPS, stops=("explain-github-runner-registrar",), seconds=60),
    "github-secret": Verdict(secrets=("explain-github-project-secret-DEPLOY_TOKEN",)),
    "github-workflow": Verdict(),
    "github-to-buildkit": Verdict(
        severity=GAINS,
        stops=("explain-github-runner-1", "explain-github-runner-2", "explain-github-dind"),
        seconds=GRACE_S + DAEMON_S,
        loses=("explain-github-dind-storage",),
        gains=_unconfined("explain-github-buildkit"),
    ),
    "github-destroy": Verdict(
        severity=LOSES,
        stops=tuple(
            f"explain-github-{each}" for each in ("runner-1", "runner-2", "runner-registrar", "dind")
        ),
        seconds=GRACE_S + 60 + DAEMON_S,
        loses=("explain-github-dind-storage",),
        secrets=("explain-github-project-secret-DEPLOY_TOKEN",),
    ),
}
PLAIN = {
    "plain-first": Verdict(),
    "plain-nothing-refreshed": Verdict(),
    "plain-noise": Verdict(
        severity=STOPS,
        stops=("explain-plain-cpus", "explain-plain-kept", "explain-plain-options"),
        seconds=5,
    ),
    "plain-labels-order": Verdict(),
    "plain-health-check": Verdict(),
    "plain-provider-only": Verdict(),
    "plain-privileged": _app("5.5"),
    "plain-socket": _app("5.32"),
    "plain-capabilities": _app("5.4"),
    "plain-host-network": _app("5.10"),
    "plain-ports": _app("5.14"),
    "plain-no-grace": Verdict(severity=LOSES, stops=("explain-plain-health",)),
    "plain-volume-label": Verdict(severity=LOSES, loses=("explain-plain-cache",)),
}
VERDICTS = {**DIND, **DOOD, **BUILDKIT, **GITHUB, **PLAIN}
