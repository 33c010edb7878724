"""What a daemon registers for its certificates: rotation, warnings, an authority of the user's own."""

from collections.abc import Callable
from typing import Any, cast

import pulumi
import pytest

from ci_runners import DindDaemon, DindDaemonArgs, InvalidInput
from ci_runners.daemons.buildkit import BuildkitDaemon, BuildkitDaemonArgs
from ci_runners.daemons.certificates import CertificatesArgs
from ci_runners.render.certificates import LIFE_DAYS
from tests.graph.recorder import CERTIFICATE_END, SECRET, Graph, Registered, only
from tests.unit.authority import AUTHORITY, KEY

DUE, PLANNED = "2020-02-29", "2199-12-31"
Daemon = Callable[..., Callable[[], None]]


def _dind(asked: CertificatesArgs, **more: Any) -> Callable[[], None]:  # noqa: ANN401  any argument's value
    args = cast(DindDaemonArgs, {"accept_privileged": True, "certificates": asked, **more})
    return lambda: pulumi.export("end", DindDaemon("one", args).certificate_expiry)


def _buildkit(asked: CertificatesArgs, **more: Any) -> Callable[[], None]:  # noqa: ANN401  any argument's value
    args = cast(BuildkitDaemonArgs, {"certificates": asked, **more})
    return lambda: pulumi.export("end", BuildkitDaemon("one", args).certificate_expiry)


BOTH = pytest.mark.parametrize("daemon", [_dind, _buildkit], ids=["dind", "buildkit"])


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What a person is told."""
    said: dict[str, list[str]] = {"warn": [], "info": []}
    for kind, texts in said.items():
        monkeypatch.setattr(pulumi.log, kind, lambda text, _, texts=texts: texts.append(text))
    return said


def maker(found: list[Registered]) -> Registered:
    return only(found, "one-certificates")


@BOTH
def test_a_rotation_that_is_due_is_another_certificate_maker(graph: Graph, daemon: Daemon) -> None:
    made = maker(graph.run(daemon({"rotate": DUE})))

    assert made.inputs["envs"] == [f"ROTATED={DUE}"]
    assert made.ignore_changes == ()


@pytest.mark.parametrize("asked", [{}, {"rotate": PLANNED}], ids=["none", "planned"])
@BOTH
def test_a_rotation_that_is_not_due_changes_nothing_of_the_last_one(
    graph: Graph, daemon: Daemon, asked: CertificatesArgs
) -> None:
    made = maker(graph.run(daemon(asked)))

    assert "envs" not in made.inputs
    assert made.ignore_changes == ("envs",)


@BOTH
def test_the_daemon_is_replaced_after_its_certificates_maker(graph: Graph, daemon: Daemon) -> None:
    found = graph.run(daemon({"rotate": DUE}))

    assert "one-certificates" in only(found, "one-container").dependencies


@pytest.mark.parametrize("mark", [str, pulumi.Output.secret, pulumi.Output.from_input])
@BOTH
def test_an_authority_of_ones_own_goes_to_the_certificate_maker_and_nowhere_else(
    graph: Graph, daemon: Daemon, mark: Callable[[str], pulumi.Input[str]]
) -> None:
    def program() -> None:
        # An output is made where the program runs.
        daemon({"authority_certificate": AUTHORITY}, authority_key=mark(KEY))()

    found = graph.run(program)

    made = maker(found)
    assert made.inputs["uploads"] == [
        {"content": AUTHORITY, "file": "/authority/cert.pem"},
        {"content": {SECRET: KEY}, "file": "/authority/key.pem", "permissions": "0600"},
    ]
    assert made.additional_secret_outputs == ("uploads",)
    assert [each.name for each in found if KEY in str(each).replace("\\n", "\n")] == ["one-certificates"]


@BOTH
def test_a_key_without_its_certificate_is_refused_and_nothing_is_registered(
    graph: Graph, daemon: Daemon
) -> None:
    with pytest.raises(InvalidInput, match="since there is authority_key"):
        graph.run(daemon({"rotate": "never"}, authority_key=KEY))

    assert graph.resources == []


@BOTH
def test_a_warning_names_the_daemon_and_the_day(
    graph: Graph, daemon: Daemon, told: dict[str, list[str]]
) -> None:
    graph.run(daemon({"warn_days": LIFE_DAYS}))

    (warning,) = told["warn"]
    assert "Daemon 'one': the certificates end" in warning
    assert "2027-01-02" in warning
    assert told["info"] == []


@BOTH
def test_a_planned_rotation_is_told(
    graph: Graph, daemon: Daemon, told: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.graph.recorder.CERTIFICATE_END", CERTIFICATE_END.replace("2027", "2999"))
    graph.run(daemon({"rotate": PLANNED}))

    (said,) = told["info"]
    assert f"on or after {PLANNED} makes the certificates anew" in said
    assert told["warn"] == []


@pytest.mark.parametrize("preview", [False, True], ids=["up", "preview"])
@BOTH
def test_nothing_is_told_of_certificates_whose_end_is_far_or_not_known(
    graph: Graph,
    daemon: Daemon,
    told: dict[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
    *,
    preview: bool,
) -> None:
    monkeypatch.setattr("tests.graph.recorder.CERTIFICATE_END", CERTIFICATE_END.replace("2027", "2999"))
    graph.run(daemon({}), preview=preview)

    assert told == {"warn": [], "info": []}


@BOTH
def test_a_certificate_maker_that_fails_says_why(
    graph: Graph, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.graph.recorder.CERTIFICATE_END", "problem: the key is another's\n")

    with pytest.raises(ValueError, match="the certificates were not made: the key is another's"):
        graph.run(daemon({}))
