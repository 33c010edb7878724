"""What previews mean: those that were recorded on the real engine, and made-up ones for what cannot be recorded."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from ci_runners.explain import Explanation, Severity, Topic, explain, read_preview
from ci_runners.explain.show import VERDICTS as SAID
from ci_runners.explain.show import WIDTH, as_json, as_text
from ci_runners.explain.words import duration
from ci_runners.problems import InvalidInput
from tests.unit.explain_verdicts import VERDICTS, Verdict

PREVIEWS = Path(__file__).parent / "previews"
NAMES = sorted(file.stem for file in PREVIEWS.glob("*.json"))
SHOWN = (
    "dind-destroy-retained",
    "dind-destroy-protected",
    "dind-first",
    "dind-rotate-token",
    "dind-to-dood",
    "github-fewer-runners",
    "plain-noise",
    "plain-health-check",
)
"""Texts that are kept whole."""
CONTAINER = "docker:index/container:Container"
VOLUME = "docker:index/volume:Volume"


def text(name: str) -> str:
    return (PREVIEWS / f"{name}.json").read_text()


def explained(name: str) -> Explanation:
    return explain(read_preview(text(name)))


def names(explanation: Explanation, topic: Topic) -> tuple[str, ...]:
    return tuple(finding.resource for finding in explanation.about(topic))


def sentence(explanation: Explanation, topic: Topic, resource: str) -> str:
    (found,) = [each for each in explanation.about(topic) if each.resource == resource]
    return found.sentence


def state(inputs: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"inputs": inputs, **more}


def step(
    op: str,
    kind: str,
    name: str,
    *,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    diff: dict[str, str] | None = None,
) -> dict[str, Any]:
    """A step of a made-up preview; `diff` has the kind of difference by field."""
    detailed = {field: {"kind": how} for field, how in (diff or {}).items()}
    urn = f"urn:pulumi:dev::made-up::{kind}::{name}"
    return {"op": op, "urn": urn, "oldState": old, "newState": new, "detailedDiff": detailed}


def made_up(*steps: dict[str, Any], **more: object) -> Explanation:
    return explain(read_preview(json.dumps({"steps": list(steps), "changeSummary": {}, **more})))


def test_every_recorded_preview_has_a_verdict_and_there_are_many() -> None:
    assert set(NAMES) == set(VERDICTS)
    assert len(NAMES) > 50


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_preview_means_what_was_said_by_hand(name: str) -> None:
    found = explained(name)

    assert VERDICTS[name] == Verdict(
        severity=found.severity,
        refused=bool(found.errors),
        stops=names(found, Topic.STOPS),
        seconds=found.seconds,
        loses=names(found, Topic.LOSSES),
        gains=tuple(
            (each.resource, each.cis)
            for each in found.about(Topic.PRIVILEGES)
            if each.severity is Severity.GAINS
        ),
        secrets=names(found, Topic.SECRETS),
    )


@pytest.mark.parametrize("name", NAMES)
def test_something_is_said_of_every_resource_that_a_preview_names(name: str) -> None:
    preview = read_preview(text(name))
    told = {finding.urn for finding in explain(preview).findings}

    assert [each.urn for each in preview.steps if each.is_real and each.urn not in told] == []


@given(st.sampled_from(NAMES), st.randoms(use_true_random=False))
def test_the_order_of_a_previews_steps_does_not_matter(name: str, dice: random.Random) -> None:
    plain = json.loads(text(name))
    dice.shuffle(plain["steps"])
    shuffled = explain(read_preview(json.dumps(plain)))

    assert {**vars(shuffled), "stack": ""} == {**vars(explained(name)), "stack": ""}


@pytest.mark.parametrize("name", SHOWN)
def test_the_text(name: str, snapshot: SnapshotAssertion) -> None:
    assert as_text(explained(name)) == snapshot


@pytest.mark.parametrize("name", NAMES)
def test_the_text_fits_and_the_json_holds_every_sentence(name: str) -> None:
    found = explained(name)
    shown, plain = as_text(found), json.loads(as_json(found))
    words = " ".join(shown.split())

    assert [line for line in shown.splitlines() if len(line) > WIDTH and " " in line.strip()] == []
    assert [each.sentence for each in found.findings if each.sentence not in words] == []
    assert [each["sentence"] for topic in Topic for each in plain[topic.value]] == [
        each.sentence for each in found.findings
    ]
    assert plain["severity"] == found.severity.name.lower()


@pytest.mark.parametrize("name", NAMES)
def test_no_value_of_a_secret_and_no_place_holder_is_shown(name: str) -> None:
    shown = as_text(explained(name)) + as_json(explained(name))

    assert "[secret]" not in shown
    assert "04da6b54-80e4-46f7-96ec-b56ff0331ba9" not in shown
    assert "deploy-token" not in shown


def test_the_recordings_hold_no_secret_and_name_no_machine() -> None:
    for name in NAMES:
        kept = text(name)
        assert "glrt-" not in kept
        assert "-deploy-token" not in kept
        assert "/run/ci-runners" not in kept


def test_a_runner_stops_before_its_daemon_and_both_times_are_added() -> None:
    found = explained("dind-daemon-image")

    runner, daemon = found.about(Topic.STOPS)
    assert (runner.seconds, daemon.seconds, found.seconds) == (3600, 60, 3660)
    assert "image (docker:29.7.2-dind to docker:29.7.3-dind)" in daemon.sentence
    assert "it uses the container explain-dind-dind, which goes" in runner.sentence
    assert found.start_seconds == 180


def test_a_runner_that_gets_another_grace_has_the_old_one_this_time() -> None:
    (runner,) = explained("dind-runner-drain").about(Topic.STOPS)

    assert runner.seconds == 3600
    assert "(3600 to 7200)" in runner.sentence


def test_side_by_side_the_longest_grace_counts() -> None:
    app = {"destroyGraceSeconds": 30}
    found = made_up(
        step("delete", CONTAINER, "one", old=state(app)),
        step("delete", CONTAINER, "two", old=state({"destroyGraceSeconds": 40})),
    )

    assert found.seconds == 40


def test_what_drains_a_runner_goes_before_it_and_before_its_daemon() -> None:
    def part(kind: str, seconds: int, *uses: str) -> dict[str, Any]:
        labels = [{"label": "ci-runners.kind", "value": kind}]
        needs = [f"urn:pulumi:dev::made-up::{CONTAINER}::{each}" for each in uses]
        return state({"labels": labels, "destroyGraceSeconds": seconds}, dependencies=needs)

    found = made_up(
        step("delete", CONTAINER, "daemon", old=part("dind", 60)),
        step("delete", CONTAINER, "runner", old=part("gitlab-runner", 30, "daemon")),
        step("delete", CONTAINER, "drain", old=part("runner-drain", 3600, "runner")),
        step("delete", CONTAINER, "metrics", old=part("metrics", 10, "runner")),
    )

    assert names(found, Topic.STOPS) == ("drain", "metrics", "runner", "daemon")
    assert found.seconds == 3600 + 30 + 60
    assert "paused at its forge" in found.findings[0].sentence
    assert found.severity is Severity.STOPS


def test_what_use_one_another_in_a_circle_are_told_all_the_same() -> None:
    def part(other: str) -> dict[str, Any]:
        return state(
            {"destroyGraceSeconds": 5}, dependencies=[f"urn:pulumi:dev::made-up::{CONTAINER}::{other}"]
        )

    found = made_up(
        step("delete", CONTAINER, "one", old=part("two")), step("delete", CONTAINER, "two", old=part("one"))
    )

    assert names(found, Topic.STOPS) == ("one", "two")


def test_what_pulumi_takes_over_is_told_as_such() -> None:
    project = step("import", "gitlab:index/project:Project", "settings", new=state({"name": "app"}))
    found = made_up(project)

    assert found.about(Topic.FORGE)[0].sentence == "The project app is there already, and is taken over."
    assert found.severity is Severity.CALM


def test_a_daemon_that_no_runner_drains_before_loses_what_runs() -> None:
    labels = [{"label": "ci-runners.kind", "value": "dind"}]
    daemon = {"labels": labels, "destroyGraceSeconds": 60}
    found = made_up(step("delete", CONTAINER, "daemon", old=state(daemon)))

    assert found.severity is Severity.LOSES
    assert "no runner drains before it" in found.findings[0].sentence


def test_what_is_retained_stays_and_what_is_protected_is_refused() -> None:
    retained, protected = explained("dind-destroy-retained"), explained("dind-destroy-protected")
    storage = "explain-dind-dind-storage"

    assert "Pulumi only forgets it" in sentence(retained, Topic.APPEARANCES, storage)
    assert "Pulumi refuses to delete it" in sentence(protected, Topic.APPEARANCES, storage)
    assert any("cannot be deleted because it is protected" in error for error in protected.errors)
    assert as_text(protected).startswith("ci-runners/dev: Pulumi would refuse this.")


def test_a_writer_that_is_replaced_leaves_the_runner_alone() -> None:
    found = explained("dind-concurrent")

    assert names(found, Topic.APPEARANCES) == ("explain-dind-runner-config-writer",)
    assert "Pulumi hides what differs" in found.about(Topic.SECRETS)[0].sentence
    assert found.about(Topic.STOPS) == []


def test_a_new_registration_tells_what_the_writer_writes() -> None:
    found = explained("dind-rotate-token")

    assert "with the new token" in sentence(found, Topic.SECRETS, "explain-dind-runner-config-writer")


def test_settings_that_accept_a_privilege_are_named_beside_it() -> None:
    privilege = sentence(explained("dind-first"), Topic.PRIVILEGES, "explain-dind-dind")

    assert "The settings accept it: dind.accept_privileged." in privilege


def test_what_one_of_several_stations_accepts_is_named_with_the_station() -> None:
    recording = json.loads(text("dind-first"))
    station = json.loads(recording["config"].pop("ci-runners:station"))
    recording["config"]["ci-runners:stations"] = json.dumps([station])
    found = explain(read_preview(json.dumps(recording)))
    privilege = sentence(found, Topic.PRIVILEGES, "explain-dind-dind")

    assert f"The settings accept it: {station['name']}.dind.accept_privileged." in privilege


def test_a_daemon_without_privilege_gives_it_up() -> None:
    told = sentence(explained("dind-rootless"), Topic.PRIVILEGES, "explain-dind-dind")

    assert told.startswith("It gives up all privileges of root on its host")


def test_a_socket_that_is_known_only_at_up_is_foreseen() -> None:
    told = sentence(explained("dind-to-buildkit"), Topic.PRIVILEGES, "explain-dind-runner")

    assert "the engine's socket" in told
    assert "explain-github-runner-1" not in names(explained("github-to-buildkit"), Topic.PRIVILEGES)


def test_certificates_that_go_and_that_come_are_told_apart() -> None:
    switched = explained("dind-to-buildkit-drop")

    assert "nothing needs them any more" in sentence(switched, Topic.CERTIFICATES, "explain-dind-dind-ca")
    assert "It makes the daemon's authority" in sentence(
        switched, Topic.CERTIFICATES, "explain-dind-buildkit-certificates"
    )


def test_a_rotation_shuts_out_and_other_names_do_not() -> None:
    maker = "explain-dind-dind-certificates"

    assert "is shut out" in sentence(explained("dind-rotate-certificates"), Topic.CERTIFICATES, maker)
    assert "is shut out" in sentence(explained("dind-authority"), Topic.CERTIFICATES, maker)
    assert "with the same keys" in sentence(explained("dind-daemon-names"), Topic.CERTIFICATES, maker)


def test_what_goes_with_something_that_pulumi_was_told_to_replace_names_it() -> None:
    assert "it uses the volume explain-dind-dind-ca, which goes" in sentence(
        explained("dind-authority"), Topic.STOPS, "explain-dind-runner"
    )


def test_what_the_provider_reads_otherwise_is_no_change() -> None:
    found = explained("plain-noise")

    assert names(found, Topic.APPEARANCES) == (
        "explain-plain-cpus",
        "explain-plain-kept",
        "explain-plain-options",
        "explain-plain-swap",
    )
    assert all("for nothing" in each.sentence for each in found.about(Topic.STOPS))


def test_what_the_provider_does_not_do_is_said() -> None:
    health, own = explained("plain-health-check"), explained("plain-provider-only")

    assert "does not tell the engine" in health.about(Topic.APPEARANCES)[0].sentence
    assert "the container is not touched" in own.about(Topic.APPEARANCES)[0].sentence


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("labels", [{"label": "a", "value": "1"}, {"label": "b", "value": "2"}], None),
        ("networksAdvanced", [{"name": "a"}, {"name": "b"}], None),
        ("envs", ["A=1", "B=2"], None),
    ],
)
def test_another_order_is_no_change(field: str, old: list[Any], new: list[Any] | None) -> None:
    after = new or [*reversed(old)]
    found = made_up(
        step(
            "update",
            CONTAINER,
            "app",
            old=state({field: old}),
            new=state({field: after}),
            diff={field: "update"},
        )
    )

    assert found.severity is Severity.CALM
    assert "stand in another order" in found.about(Topic.APPEARANCES)[0].sentence


def test_another_order_of_a_commands_words_is_a_change() -> None:
    old, new = state({"command": ["a", "b"]}), state({"command": ["b", "a"]})
    found = made_up(step("replace", CONTAINER, "app", old=old, new=new, diff={"command": "update-replace"}))

    assert found.about(Topic.APPEARANCES) == []
    assert found.severity is Severity.LOSES


@pytest.mark.parametrize(
    ("inputs", "cis"),
    [
        ({"pidMode": "host"}, "5.16"),
        ({"ipcMode": "host"}, "5.17"),
        ({"usernsMode": "host"}, "5.31"),
        ({"devices": [{"hostPath": "/dev/kvm"}]}, "5.18"),
        ({"volumes": [{"hostPath": "/var/run", "containerPath": "/x"}]}, "5.32"),
        ({"volumes": [{"hostPath": "/srv", "containerPath": "/srv"}]}, "5.6"),
        ({"mounts": [{"type": "bind", "source": "/run/docker.sock", "target": "/s"}]}, "5.32"),
        ({"securityOpts": ["seccomp=unconfined"]}, "5.22"),
        ({"securityOpts": ["apparmor:unconfined"]}, "5.2"),
        ({"capabilities": {"adds": ["NET_ADMIN"]}}, "5.4"),
        ({"ports": [{"internal": 80, "external": 80, "ip": "192.0.2.1"}]}, "5.14"),
    ],
    ids=str,
)
def test_a_new_container_with_a_privilege_gains_it(inputs: dict[str, Any], cis: str) -> None:
    found = made_up(step("create", CONTAINER, "app", new=state(inputs)))

    assert [each.cis for each in found.about(Topic.PRIVILEGES)] == [cis]
    assert found.severity is Severity.GAINS


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"capabilities": {"adds": ["CAP_CHOWN"], "drops": ["ALL"]}},
        {"ports": [{"internal": 80, "external": 80, "ip": "127.0.0.1"}]},
        {"volumes": [{"volumeName": "data", "containerPath": "/data"}]},
        {"securityOpts": ["no-new-privileges:true"]},
    ],
    ids=str,
)
def test_an_ordinary_new_container_gains_nothing(inputs: dict[str, Any]) -> None:
    assert made_up(step("create", CONTAINER, "app", new=state(inputs))).severity is Severity.CALM


def test_a_volume_that_is_none_of_ours_is_lost_whatever_its_name() -> None:
    found = made_up(step("delete", VOLUME, "app-client", old=state({"name": "app-client"})))

    assert names(found, Topic.LOSSES) == ("app-client",)


def test_errors_are_told_one_by_one_and_without_what_says_nothing() -> None:
    (error,) = explained("dind-refused").errors

    assert error.startswith("settings: station.runner.drain_seconds: got 10")


def test_a_programs_exception_is_told_by_its_last_line() -> None:
    message = "error: Program failed with an unhandled exception:\nTraceback (most recent call last):\n  x\nKeyError: 1\n"
    found = made_up(diagnostics=[{"severity": "error", "message": message}])

    assert found.errors == ("Program failed with an unhandled exception: KeyError: 1",)


def test_the_clis_warnings_before_the_json_are_left_out() -> None:
    said = "warning: using a plugin from $PATH\n" + text("dind-daemon-image")

    assert explain(read_preview(said)) == explained("dind-daemon-image")


@given(st.text(max_size=200))
def test_another_text_is_refused_with_the_rule(said: str) -> None:
    with pytest.raises(InvalidInput, match="expected a preview's JSON"):
        read_preview(said)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{}",
        '{"sequence": 0, "timestamp": 1, "stdoutEvent": {}}\n{"sequence": 1}',
        '{"steps": [{}], "changeSummary": {}}',
        '{"steps": [{"op": "create", "urn": "urn:pulumi:dev::app"}], "changeSummary": {}}',
        text("dind-first")[:5000],
    ],
    ids=["nothing", "empty", "streamed", "no steps", "no urn", "cut off"],
)
def test_what_is_no_whole_preview_is_refused(said: str) -> None:
    with pytest.raises(InvalidInput):
        read_preview(said)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (150, "2 minutes and 30 seconds"),
        (3600, "1 hour"),
        (3661, "1 hour and 1 minute"),
        (90000, "1 day and 1 hour"),
    ],
)
def test_a_span_of_time_as_a_person_says_it(seconds: int, said: str) -> None:
    assert duration(seconds) == said


def test_every_severity_has_a_verdict() -> None:
    assert set(SAID) == set(Severity)
