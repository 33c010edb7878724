"""What can be reached from where it should not: daemons without TLS, ports on every address."""

from collections.abc import Iterator

from ci_runners.plain_text import OPEN_PORT, open_daemon_in
from ci_runners.policy.resource import (
    ACTIONS_VARIABLE,
    CONTAINER,
    DOCKER_PROVIDER,
    GITHUB_FILE,
    GITLAB_FILE,
    GROUP_VARIABLE,
    INSTANCE_VARIABLE,
    PROJECT_VARIABLE,
    Resource,
)
from ci_runners.policy.runner_config import runner_sections
from ci_runners.problems import Problem
from ci_runners.validate import Rules

TEXTS = {
    PROJECT_VARIABLE: "value",
    GROUP_VARIABLE: "value",
    INSTANCE_VARIABLE: "value",
    GITLAB_FILE: "content",
    ACTIONS_VARIABLE: "value",
    GITHUB_FILE: "content",
}
"""What of a forge's resource may name a daemon: a variable's value, a pipeline."""
_EVERYWHERE = frozenset({"", "0.0.0.0", "::", "[::]"})  # noqa: S104  what is refused
_EXPECTED = f"TLS: whoever reaches port {OPEN_PORT} is root on that daemon's host"


def daemon_tls(resource: Resource) -> Iterator[Problem]:
    """An address of a daemon without TLS, a daemon that is told to listen so, a provider that checks nobody."""
    rules = Rules(component=resource.component)
    if resource.type == CONTAINER:
        yield from _container(resource, rules)
        yield from _runner(resource, rules)
        yield from _provider(resource.provider, rules)
    elif resource.type == DOCKER_PROVIDER:
        yield from _provider(resource, rules)
    elif resource.type in TEXTS and open_daemon_in(resource.text(TEXTS[resource.type])):
        field = TEXTS[resource.type]
        yield rules.problem(field, "an address with tcp:// and without TLS", _EXPECTED, "use port 2376")


def _container(resource: Resource, rules: Rules) -> Iterator[Problem]:
    for field, word in resource.words():
        if open_daemon_in(word):
            yield rules.problem(field, "an address with tcp:// and without TLS", _EXPECTED, "use port 2376")
        elif word in {"--tls=false", "--tlsverify=false"}:
            yield rules.problem(field, word, _EXPECTED, "remove it")
    for name, value in resource.environment().items():
        if name == "DOCKER_TLS_CERTDIR" and not value:
            expected = f"a folder: docker:dind without one listens on port {OPEN_PORT} without TLS"
            yield rules.problem(f"envs: {name}", value, expected, "set it to /certs, or leave it out")
        elif open_daemon_in(value):
            yield rules.problem(f"envs: {name}", value, _EXPECTED, "use port 2376 and DOCKER_TLS_VERIFY=1")
    for at, port in resource.objects("ports"):
        if OPEN_PORT in {port.properties.get("internal"), port.properties.get("external")}:
            yield rules.problem(at, OPEN_PORT, _EXPECTED, "remove it")


def _runner(resource: Resource, rules: Rules) -> Iterator[Problem]:
    """What a runner's configuration says of its jobs' engine."""
    for at, section in runner_sections(resource):
        host = section.text("host")
        if open_daemon_in(host):
            yield rules.problem(f"{at}.host", host, _EXPECTED, "use port 2376 and tls_verify")
        elif host.startswith("tcp://") and not section.flag("tls_verify"):
            yield rules.problem(f"{at}.tls_verify", False, "true beside tcp://", "set it")  # noqa: FBT003


def _provider(provider: Resource | None, rules: Rules) -> Iterator[Problem]:
    """Given a client's pair and no authority, the provider skips the check of who answers (terraform-provider-docker)."""
    if provider is None or not provider.text("host").startswith("tcp://"):
        return
    host, properties = provider.text("host"), provider.properties
    if open_daemon_in(host):
        yield rules.problem("provider.host", host, _EXPECTED, "use port 2376, or ssh://")
    elif not properties.get("certPath") and not properties.get("caMaterial"):
        expected = "the authority's certificate beside tcp://: without it the provider trusts whoever answers"
        yield rules.problem("provider.caMaterial", None, expected, "give it, or cert_path; or use ssh://")


def published_ports(resource: Resource) -> Iterator[Problem]:
    """Ports that every address of the host answers on."""
    if resource.type != CONTAINER:
        return
    rules = Rules(component=resource.component)
    expected = "one address of the host"
    for at, port in resource.objects("ports"):
        # The provider's own default is every address.
        if port.properties.get("ip", "") in _EVERYWHERE:
            yield rules.problem(
                f"{at}.ip", port.text("ip"), expected, "set it to 127.0.0.1, or remove the port"
            )
    if resource.flag("publishAllPorts"):
        yield rules.problem("publishAllPorts", True, expected, "remove it")  # noqa: FBT003  the value
