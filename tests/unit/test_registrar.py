"""The registrar: the script itself, with the programs that it uses, against a GitHub of our own on loopback."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ci_runners.connections import dind_connection
from ci_runners.render.github_runner import GitHubRunnerSpec, registrar_command, registrar_environment
from tests.unit.fake_github import (
    ORGANIZATION,
    REPOSITORY,
    FakeGitHub,
    Registrar,
    fake_github,
    registrar,
    wait_for,
)

GOOD = {"token": "github_pat_good"}
CONNECTION = dind_connection(host="dind", network="dind", client_volume="client", tags=("dind",))
Start = Callable[..., AbstractContextManager[Registrar]]


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with fake_github() as running:
        yield running


@pytest.fixture
def start(github: FakeGitHub, tmp_path: Path) -> Start:
    """Starts a registrar; a second one finds what the first one left."""

    def begin(
        credential: dict[str, str] | None = None, *, slots: int = 1, group: str = ""
    ) -> AbstractContextManager[Registrar]:
        github.scope = f"orgs/{ORGANIZATION}" if github.groups else f"repos/{REPOSITORY}"
        rendered = registrar_environment(
            "runner",
            GitHubRunnerSpec(concurrent=slots),
            url=f"https://github.com/{ORGANIZATION if github.groups else REPOSITORY}",
            connection=CONNECTION,
            runner_group=group,
        )
        environment = dict(line.split("=", 1) for line in rendered) | {"API_URL": github.url}
        return registrar(tmp_path, registrar_command(), environment, credential or GOOD, slots=slots)

    return begin


def test_a_request_gets_a_configuration_for_a_runner_with_the_labels(
    github: FakeGitHub, start: Start
) -> None:
    with start() as running:
        running.slots[0].start()
        given = running.slots[0].get("register")

    assert given == "configuration-1"
    (body,) = github.bodies
    assert body["labels"] == ["self-hosted", "linux", "x64", "dind"]
    assert body["runner_group_id"] == 1
    assert body["work_folder"] == "_work"
    assert body["name"].startswith("runner-")


def test_a_request_that_no_living_container_made_gets_nothing(github: FakeGitHub, start: Start) -> None:
    with start(slots=2) as running:
        nonce = running.slots[0].ask("register")
        running.slots[1].start()
        running.slots[1].get("register")
        assert running.slots[0].answered(nonce) is None

    assert len(github.bodies) == 1


def test_every_request_gets_one_configuration(start: Start) -> None:
    with start(slots=2) as running:
        first, second = running.slots
        first.start()
        second.start()
        nonce = first.ask("register")
        wait_for(lambda: first.answered(nonce) is not None, "the first answer")
        given = {first.answered(nonce), second.get("register"), second.get("register")}

    assert given == {"configuration-1", "configuration-2", "configuration-3"}


def test_a_busy_runner_s_folder_gets_no_second_registration(github: FakeGitHub, start: Start) -> None:
    with start() as running:
        slot = running.slots[0]
        slot.start()
        slot.get("register")
        github.runners[1].update(busy=True, status="online")
        nonce = slot.ask("register")
        wait_for(lambda: "waiting" in running.said(), "a word on the busy runner")
        assert slot.answered(nonce) is None

    assert len(github.bodies) == 1


def test_one_of_which_the_forge_heard_nothing_any_more_does_not_keep_the_folder(
    github: FakeGitHub, start: Start
) -> None:
    with start() as running:
        slot = running.slots[0]
        slot.start()
        slot.get("register")
        github.runners[1].update(busy=True, status="offline")

        assert slot.get("register") == "configuration-2"


def test_a_container_that_ended_loses_its_registration(github: FakeGitHub, start: Start) -> None:
    with start() as running:
        running.slots[0].start()
        running.slots[0].get("register")
        running.slots[0].die()
        wait_for(lambda: not github.runners, "the registration's end")

    assert github.times("DELETE") == 1


@pytest.mark.parametrize(("busy", "word", "left"), [(False, "released", 0), (True, "busy", 1)])
def test_whether_a_runner_may_go_is_the_forge_s_word(
    github: FakeGitHub, start: Start, *, busy: bool, word: str, left: int
) -> None:
    with start() as running:
        running.slots[0].start()
        running.slots[0].get("register")
        github.runners[1].update(busy=busy, status="online")

        assert running.slots[0].get("release") == word
        assert len(github.runners) == left


def test_at_its_end_it_deletes_what_does_not_run_and_nothing_else(github: FakeGitHub, start: Start) -> None:
    with start(slots=2) as running:
        for slot in running.slots:
            slot.start()
            slot.get("register")
        gone, lives = (runner["name"] for runner in github.runners.values())
        github.runners[1].update(status="online")
        github.runners[9] = {"id": 9, "name": "somebody-else", "status": "offline", "busy": False}
        github.runners[1].update(busy=True)
        running.slots[0].die()
        wait_for(lambda: github.times("DELETE") > 0, "a first try")
        github.runners[1].update(busy=False)
        running.stop()
        log = running.said()

    assert [runner["name"] for runner in github.runners.values()] == [lives, "somebody-else"]
    assert f"{gone} is deleted" in log


def test_a_later_one_deletes_what_an_earlier_one_left_and_knows_its_own(
    github: FakeGitHub, start: Start
) -> None:
    with start(slots=3) as earlier:
        for slot in earlier.slots:
            slot.start()
            slot.get("register")
        names = [runner["name"] for runner in github.runners.values()]
        earlier.process.kill()
        with start(slots=2) as later:
            wait_for(lambda: 3 not in github.runners, "the third's end")
            later.stop()

    assert [runner["name"] for runner in github.runners.values()] == names[:2]


def test_a_refused_credential_is_said_once_and_a_new_one_is_used_at_once(
    github: FakeGitHub, start: Start
) -> None:
    with start({"token": "github_pat_revoked"}) as running:
        running.slots[0].start()
        nonce = running.slots[0].ask("register")
        wait_for(lambda: github.refused >= 2, "a second try")
        assert running.process.poll() is None
        assert "401 Bad credentials" in running.trouble.read_text()
        assert running.said().count("refuses the credential") == 1
        assert "github_pat_revoked" not in running.said()

        running.renew(GOOD)
        wait_for(lambda: running.slots[0].answered(nonce) is not None, "an answer")
        assert not running.trouble.exists()
        assert "another credential" in running.said()


def test_a_forge_that_is_not_there_is_said(github: FakeGitHub, start: Start) -> None:
    github.url = "http://127.0.0.1:9"
    with start() as running:
        wait_for(running.trouble.exists, "a trouble")

        assert "does not answer" in running.said()
    assert github.asked == []


def test_an_app_s_key_is_exchanged_for_a_token_once(github: FakeGitHub, start: Start, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    public = subprocess.run(
        ["openssl", "rsa", "-in", key, "-pubout"], check=True, capture_output=True, text=True
    )
    github.public_key, github.tokens = public.stdout, set()
    app = {"client_id": "Iv1.client", "installation_id": "77", "private_key": key.read_text()}
    with start(app) as running:
        running.slots[0].start()
        assert running.slots[0].get("register") == "configuration-1"
        running.slots[0].get("register")

    assert github.times("POST /app/installations/77/access_tokens") == 1
    assert not any(token in running.said() for token in github.tokens)


GROUPS = [
    {"id": 1, "name": "other", "default": False},
    {"id": 4, "name": "Default", "default": True},
    {"id": 5, "name": "build's own", "default": False},
]


@pytest.mark.parametrize(("group", "number"), [("build's own", 5), ("", 4)])
def test_a_runner_group_is_looked_up_once(github: FakeGitHub, start: Start, group: str, number: int) -> None:
    github.groups = GROUPS
    with start(group=group) as running:
        running.slots[0].start()
        running.slots[0].get("register")
        asked = len([each for each in github.asked if "runner-groups" in each])
        running.slots[0].get("register")

    assert [body["runner_group_id"] for body in github.bodies] == [number, number]
    assert len([each for each in github.asked if "runner-groups" in each]) == asked


def test_a_runner_group_that_does_not_exist_is_said(github: FakeGitHub, start: Start) -> None:
    github.groups = GROUPS
    with start(group="none") as running:
        running.slots[0].start()
        running.slots[0].ask("register")
        wait_for(running.trouble.exists, "a trouble")

        assert "no runner group none" in running.said()
    assert github.bodies == []


def test_no_process_has_the_credential_in_its_arguments(github: FakeGitHub, start: Start) -> None:
    seen: set[str] = set()

    def look() -> None:
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):  # it ended meanwhile
                seen.add(file.read_text(errors="replace"))

    github.while_asked = look
    with start() as running:
        running.slots[0].start()
        nonce = running.slots[0].ask("register")
        wait_for(lambda: running.slots[0].answered(nonce) is not None, "an answer")

    assert any("curl" in words and github.url in words for words in seen)
    assert not any("github_pat_good" in words for words in seen)
