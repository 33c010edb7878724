"""What a component asks a word for, or refuses: one program that asks for all of it, and is told in one go each."""

import json
from pathlib import Path

import pytest

from tests.e2e.pulumi_cli import PulumiCli

pytestmark = pytest.mark.e2e

PROGRAM = """
import json
from pathlib import Path

from ci_runners import DindDaemon, GitLabRunner
from ci_runners.daemons.host import HostDaemon
from ci_runners.problems import InvalidInput

KINDS = {"dind": DindDaemon, "dood": HostDaemon, "runner": GitLabRunner}
told = {}
for title, (kind, args) in json.loads(Path("given.json").read_text()).items():
    try:
        KINDS[kind](title, args)
        told[title] = ""
    except InvalidInput as refusal:
        told[title] = str(refusal)
Path("told.json").write_text(json.dumps(told))
"""
WIRING = {"url": "https://gitlab.example.com", "token": "glrt-made-up-and-long-enough", "connection": ""}
ASKED = {
    "privileged": ("dind", {}),
    "rootless": ("dind", {"variant": "rootless"}),
    "plain-port": ("dind", {"accept_privileged": True, "flags": ["--host=tcp://0.0.0.0:2375"]}),
    "command": ("dind", {"accept_privileged": True, "flags": ["dockerd"]}),
    "no-tls": ("dind", {"accept_privileged": True, "flags": ["--tlsverify=false"]}),
    "socket": ("dood", {"accept_host_root": False}),
    "proxied": ("dood", {"accept_host_root": False, "socket_proxy": True}),
    "services": ("runner", {**WIRING, "allowed_privileged_services": []}),
    "socket-volume": ("runner", {**WIRING, "volumes": ["/var/run/docker.sock:/var/run/docker.sock"]}),
    "keys": ("runner", {**WIRING, "volumes": ["/certs:/certs"]}),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each component was told, by what was asked."""
    cli = PulumiCli.on_machine(tmp_path_factory.mktemp("consent"), name="consent", program=PROGRAM)
    (cli.directory / "given.json").write_text(json.dumps(ASKED))
    cli.run("preview")
    found: dict[str, str] = json.loads(Path(cli.directory / "told.json").read_text())
    return found


@pytest.mark.case(
    number=15, component="DindDaemon", title="refused without `accept_privileged`, which says why", cis="5.5"
)
def test_a_privileged_daemon_needs_a_word_and_a_rootless_one_none(told: dict[str, str]) -> None:
    assert "accept_privileged" in told["privileged"]
    assert "root on this host" in told["privileged"]
    assert told["rootless"] == ""


@pytest.mark.case(number=6, component="DindDaemon", title="what would open it is refused", cis="2.7")
@pytest.mark.parametrize("asked", ["plain-port", "command", "no-tls"])
def test_a_daemon_takes_no_flag_that_opens_it(told: dict[str, str], asked: str) -> None:
    assert "flags[0]" in told[asked]


@pytest.mark.case(
    number=17, component="HostDaemon", title="refused without `accept_host_root`, which says why", cis="5.32"
)
@pytest.mark.case(
    number=18, component="HostDaemon", title="with the proxy too: it is not called safe", cis="5.32"
)
@pytest.mark.parametrize("asked", ["socket", "proxied"])
def test_the_hosts_socket_needs_a_word_with_a_proxy_too(told: dict[str, str], asked: str) -> None:
    assert "accept_host_root" in told[asked]
    assert "is root on this host" in told[asked]


@pytest.mark.case(number=20, component="GitLabRunner", title="an empty list is refused", cis="5.5")
def test_an_empty_list_of_privileged_services_is_refused(told: dict[str, str]) -> None:
    assert "an empty list means that every service may be privileged" in told["services"]


@pytest.mark.case(number=8, component="GitLabRunner", title="a volume with the authority's key is refused")
@pytest.mark.case(
    number=17, component="GitLabRunner", title="a volume with the socket is refused", cis="5.32"
)
def test_a_job_gets_neither_socket_nor_keys_by_a_volume(told: dict[str, str]) -> None:
    assert "volumes[0]" in told["socket-volume"]
    assert "volumes[0]" in told["keys"]
