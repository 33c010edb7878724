"""What each policy finds, and what it leaves alone, in programs with and without our components."""

from typing import Any

import pytest

from ci_runners.policy import containers, exposure, images, secrets, stack
from ci_runners.policy.declared import EXCEPTIONS
from ci_runners.policy.resource import (
    CONTAINER,
    DOCKER_PROVIDER,
    PROJECT_VARIABLE,
    REMOTE_IMAGE,
    RUNNER_GROUP,
    UNKNOWN,
    USER_RUNNER,
    Resource,
)
from ci_runners.policy.table import POLICIES, ResourcePolicy
from ci_runners.recommend import Trust

TOKEN = "glrt-made-up-0123456789"
SOCKET = "/var/run/docker.sock"
CHECKS = {policy.name: policy.check for policy in POLICIES if isinstance(policy, ResourcePolicy)}


def resource(
    kind: str = CONTAINER,
    *,
    owner: str = "",
    provider: Resource | None = None,
    **said: Any,  # noqa: ANN401  any property
) -> Resource:
    parents = f"ci-runners:index:BuildStation$ci-runners:index:{owner}$" if owner else ""
    return Resource(
        type=kind,
        name="it",
        urn=f"urn:pulumi:dev::project::{parents}{kind}::it",
        properties=said,
        provider=provider,
    )


def config(docker: str, runner: str = "") -> dict[str, Any]:
    """An upload of a GitLab Runner's configuration."""
    text = f'[[runners]]\n{runner}\n[runners.docker]\nimage = "alpine:3.22"\n{docker}\n'
    return {"uploads": [{"file": "/etc/gitlab-runner/config.toml", "content": text}]}


FOUND: list[tuple[str, dict[str, Any], str]] = [
    ("privileged", {"privileged": True}, "privileged"),
    ("privileged", config("privileged = true"), "uploads[0].content: runners[0].docker.privileged"),
    (
        "privileged",
        config("services_privileged = true"),
        "uploads[0].content: runners[0].docker.allowed_privileged_services",
    ),
    ("docker-socket", {"volumes": [{"hostPath": SOCKET}]}, "volumes[0].hostPath"),
    (
        "docker-socket",
        {"volumes": [{"hostPath": "/run/user/1000/docker.sock", "readOnly": True}]},
        "volumes[0].hostPath",
    ),
    ("docker-socket", {"volumes": [{}, {"hostPath": "/var/run/"}]}, "volumes[1].hostPath"),
    ("docker-socket", {"volumes": [{"hostPath": "/"}]}, "volumes[0].hostPath"),
    ("docker-socket", {"mounts": [{"type": "bind", "source": "/run//docker.sock"}]}, "mounts[0].source"),
    (
        "docker-socket",
        config(f'volumes = ["/cache", "{SOCKET}:{SOCKET}"]'),
        "uploads[0].content: runners[0].docker.volumes[1]",
    ),
    (
        "security-profiles",
        {"securityOpts": ["no-new-privileges:true", "seccomp=unconfined"]},
        "securityOpts[1]",
    ),
    ("security-profiles", {"securityOpts": ["apparmor:unconfined"]}, "securityOpts[0]"),
    ("security-profiles", {"securityOpts": ["label=disable"]}, "securityOpts[0]"),
    (
        "added-capabilities",
        {"capabilities": {"drops": ["ALL"], "adds": ["CAP_SYS_ADMIN"]}},
        "capabilities.adds[0]",
    ),
    ("added-capabilities", {"capabilities": {"adds": ["chown", "net_admin"]}}, "capabilities.adds[1]"),
    *(
        ("host-namespaces", {field: "host"}, field)
        for field in ("networkMode", "pidMode", "ipcMode", "usernsMode")
    ),
    ("memory-limit", {}, "memory"),
    ("memory-limit", {"memory": 0}, "memory"),
    ("cpu-limit", {}, "cpus"),
    ("daemon-tls", {"command": ["--host=tcp://0.0.0.0:2375"]}, "command[0]"),
    ("daemon-tls", {"entrypoints": ["dockerd", "-H", "tcp://0.0.0.0"]}, "entrypoints[2]"),
    ("daemon-tls", {"command": ["--tls=false"]}, "command[0]"),
    ("daemon-tls", {"envs": ["DOCKER_TLS_CERTDIR="]}, "envs: DOCKER_TLS_CERTDIR"),
    ("daemon-tls", {"envs": ["DOCKER_HOST=tcp://dind:2375"]}, "envs: DOCKER_HOST"),
    ("daemon-tls", {"ports": [{"internal": 2375.0}]}, "ports[0]"),
    ("daemon-tls", config('host = "tcp://dind:2375"'), "uploads[0].content: runners[0].docker.host"),
    ("daemon-tls", config('host = "tcp://dind:2376"'), "uploads[0].content: runners[0].docker.tls_verify"),
    ("published-ports", {"ports": [{"internal": 80, "external": 80}]}, "ports[0].ip"),
    ("published-ports", {"ports": [{"internal": 80, "ip": "0.0.0.0"}]}, "ports[0].ip"),
    ("published-ports", {"publishAllPorts": True}, "publishAllPorts"),
    ("plain-secret", {"envs": ["A=1", f"B={TOKEN}"]}, "envs[1] (B)"),
    ("plain-secret", {"envs": ["REGISTRY_PASSWORD=hunter2"]}, "envs[0] (REGISTRY_PASSWORD)"),
    ("plain-secret", {"command": ["register", "--token", TOKEN]}, "command[2]"),
    ("plain-secret", {"entrypoints": [f"--token={TOKEN}"]}, "entrypoints[0]"),
    ("plain-secret", {"labels": [{"label": "token", "value": "hunter2"}]}, "labels[0].value"),
    ("plain-secret", {"uploads": [{"content": f"token = '{TOKEN}'"}]}, "uploads[0].content"),
    ("fixed-image", {"image": "docker"}, "image"),
    ("fixed-image", {"image": "docker:latest"}, "image"),
    (
        "fixed-image",
        config('helper_image = "helper:latest"'),
        "uploads[0].content: runners[0].docker.helper_image",
    ),
]
LEFT: list[tuple[str, dict[str, Any]]] = [
    ("privileged", {"privileged": False}),
    ("privileged", {"privileged": UNKNOWN}),
    (
        "privileged",
        config('services_privileged = true\nallowed_privileged_services = ["docker:*-dind-rootless"]'),
    ),
    ("privileged", {"uploads": [{"content": "[[runners]]\nthis is no TOML"}, {"content": UNKNOWN}]}),
    ("docker-socket", {"volumes": [{"volumeName": "docker.sock-of-a-name", "hostPath": ""}, UNKNOWN]}),
    ("docker-socket", {"volumes": [{"hostPath": "/var/lib/docker/volumes/jobs/_data"}]}),
    ("docker-socket", {"mounts": [{"type": "volume", "source": "/var/run"}]}),
    ("docker-socket", config('volumes = ["/cache", "/var/run"]')),
    ("security-profiles", {"securityOpts": ["no-new-privileges:true", "seccomp=/etc/profile.json"]}),
    ("added-capabilities", {"capabilities": {"drops": ["ALL"], "adds": ["CAP_CHOWN", "setuid"]}}),
    ("added-capabilities", {"capabilities": UNKNOWN}),
    ("host-namespaces", {"networkMode": "bridge", "pidMode": ""}),
    ("memory-limit", {"memory": 64}),
    ("memory-limit", {"memory": UNKNOWN}),
    ("memory-limit", {"mustRun": False}),
    ("memory-limit", {"attach": True}),
    *(
        ("cpu-limit", {field: value})
        for field, value in {"cpus": "1.5", "cpuQuota": 5, "cpuShares": 2, "cpuSet": "0"}.items()
    ),
    (
        "daemon-tls",
        {"command": ["--host=tcp://0.0.0.0:2376", "--tlsverify"], "envs": ["DOCKER_TLS_CERTDIR=/certs"]},
    ),
    ("daemon-tls", {"ports": [{"internal": 2376}], "envs": ["DOCKER_HOST=tcp://docker:2376"]}),
    ("daemon-tls", config('host = "tcp://dind:2376"\ntls_verify = true')),
    ("published-ports", {"ports": [{"internal": 80, "ip": "127.0.0.1"}, {"internal": 81, "ip": UNKNOWN}]}),
    ("plain-secret", {"envs": ["TOKEN_FILE=/run/token", "PASSWORD=$OTHER", UNKNOWN]}),
    ("fixed-image", {"image": "docker:29.7.2-dind"}),
    ("fixed-image", {"image": f"sha256:{'0' * 64}"}),
    ("fixed-image", {"image": UNKNOWN}),
]


@pytest.mark.parametrize(("policy", "said", "field"), FOUND)
def test_what_a_policy_forbids_is_named_by_its_field(policy: str, said: dict[str, Any], field: str) -> None:
    assert [problem.field for problem in CHECKS[policy](resource(**said))] == [field]


@pytest.mark.parametrize(("policy", "said"), LEFT)
def test_what_it_allows_or_cannot_know_yet_is_left_alone(policy: str, said: dict[str, Any]) -> None:
    assert list(CHECKS[policy](resource(**said))) == []


@pytest.mark.parametrize("policy", CHECKS)
def test_other_resources_are_no_containers(policy: str) -> None:
    everything: dict[str, Any] = {
        "privileged": True,
        "volumes": [{"hostPath": "/"}],
        "envs": [f"A={TOKEN}"],
        "image": "docker",
    }

    assert list(CHECKS[policy](resource("docker:index/network:Network", **everything))) == []


@pytest.mark.parametrize(
    ("policy", "owner", "said"),
    [
        ("privileged", "DindDaemon", {"privileged": True}),
        *(
            ("docker-socket", owner, {"volumes": [{"hostPath": SOCKET}]})
            for owner in EXCEPTIONS["docker-socket"]
        ),
        *(
            ("security-profiles", owner, {"securityOpts": ["seccomp=unconfined"]})
            for owner in EXCEPTIONS["security-profiles"]
        ),
    ],
)
def test_a_declared_exception_passes_and_is_said_aloud(policy: str, owner: str, said: dict[str, Any]) -> None:
    ours = resource(owner=owner, **said)

    assert list(CHECKS[policy](ours)) == []
    assert list(CHECKS[policy](resource(**said))) != []
    assert list(CHECKS[policy](resource(owner="RegistryMirror", **said))) != []
    ((at, problem),) = stack.declared_exceptions([ours])
    assert at is ours
    assert EXCEPTIONS[policy][owner] in problem.expected


def test_a_component_of_somebody_else_declares_nothing() -> None:
    urn = f"urn:pulumi:dev::project::other:index:DindDaemon${CONTAINER}::it"
    theirs = Resource(type=CONTAINER, name="it", urn=urn, properties={"privileged": True})

    assert theirs.owner == ""
    assert [problem.field for problem in containers.privileged(theirs)] == ["privileged"]


@pytest.mark.parametrize(
    ("zone", "fields"),
    [
        (Trust.ONE_TEAM, []),
        (Trust.SEVERAL_TEAMS, ["docker.sock"]),
        (Trust.UNTRUSTED, ["privileged", "docker.sock"]),
    ],
)
def test_in_a_zone_no_declared_exception_counts(zone: Trust, fields: list[str]) -> None:
    daemons = [
        resource(owner="DindDaemon", privileged=True),
        resource(owner="HostDaemon", mounts=[{"type": "bind", "source": SOCKET}]),
        resource(owner="BuildkitDaemon", mounts=[{"type": "bind", "source": SOCKET}]),
        resource(owner="GitLabRunner", volumes=[{"hostPath": SOCKET}]),
    ]

    found = [problem.field for daemon in daemons for problem in containers.trust_zone(daemon, zone)]

    assert found == fields


def test_a_token_that_the_program_keeps_secret_in_the_state_may_be_uploaded() -> None:
    upload = {"uploads": [{"content": f"token = '{TOKEN}'"}]}
    kept = Resource(type=CONTAINER, name="it", urn="", properties=upload, secret_outputs=("uploads",))

    assert list(secrets.plain_secret(kept)) == []


@pytest.mark.parametrize("said", [said for policy, said, _ in FOUND if policy == "plain-secret"])
def test_no_message_shows_the_secret(said: dict[str, Any]) -> None:
    (problem,) = secrets.plain_secret(resource(**said))

    assert "hunter2" not in str(problem)
    assert TOKEN not in str(problem)


def test_a_variable_at_a_forge_is_no_place_for_a_plain_secret_or_an_open_daemon() -> None:
    plain = resource(PROJECT_VARIABLE, key="REGISTRY_PASSWORD", value="hunter2")
    masked = resource(PROJECT_VARIABLE, key="REGISTRY_PASSWORD", value="hunter2", masked=True)
    daemon = resource(PROJECT_VARIABLE, key="DOCKER_HOST", value="tcp://docker:2375")

    assert [problem.field for problem in secrets.plain_secret(plain)] == ["value"]
    assert list(secrets.plain_secret(masked)) == []
    assert [problem.field for problem in exposure.daemon_tls(daemon)] == ["value"]


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ({"host": "tcp://engine:2375"}, ["provider.host"]),
        ({"host": "tcp://engine:2376", "certMaterial": "c", "keyMaterial": "k"}, ["provider.caMaterial"]),
        ({"host": "tcp://engine:2376", "caMaterial": UNKNOWN}, []),
        ({"host": "tcp://engine:2376", "certPath": "/certs"}, []),
        ({"host": "ssh://engine"}, []),
        ({}, []),
    ],
)
def test_a_provider_that_trusts_whoever_answers_is_named(said: dict[str, Any], fields: list[str]) -> None:
    provider = resource(DOCKER_PROVIDER, **said)

    assert [problem.field for problem in exposure.daemon_tls(provider)] == fields
    assert [problem.field for problem in exposure.daemon_tls(resource(provider=provider))] == fields


def test_an_images_own_resource_is_held_to_the_same_rule() -> None:
    assert [problem.field for problem in images.fixed_image(resource(REMOTE_IMAGE, name="docker"))] == [
        "name"
    ]


ROOT = [
    resource(privileged=True),
    resource(owner="DindDaemon", privileged=True),
    resource(volumes=[{"hostPath": SOCKET}]),
    resource(owner="HostDaemon", volumes=[{"hostPath": SOCKET}]),
]


@pytest.mark.parametrize("root", ROOT)
def test_a_runner_for_anybodys_jobs_does_not_go_with_root_on_the_host(root: Resource) -> None:
    anybody = resource(USER_RUNNER, accessLevel="not_protected")
    unsaid = resource(USER_RUNNER)
    protected = resource(USER_RUNNER, accessLevel="ref_protected")
    public = resource(RUNNER_GROUP, allowsPublicRepositories=True)
    closed = resource(RUNNER_GROUP)

    found = list(stack.protected_refs([root, anybody, unsaid, protected, public, closed]))

    assert [(at, problem.field) for at, problem in found] == [
        (anybody, "accessLevel"),
        (unsaid, "accessLevel"),
        (public, "allowsPublicRepositories"),
    ]


@pytest.mark.parametrize("owner", ["BuildkitDaemon", "Kaniko", "GitLabRunner"])
def test_a_runner_for_anybodys_jobs_goes_with_what_makes_nobody_root(owner: str) -> None:
    there = [resource(owner=owner, volumes=[{"hostPath": SOCKET}]), resource(USER_RUNNER)]

    assert list(stack.protected_refs(there)) == []


def test_every_policy_says_where_it_comes_from_and_how_to_mend() -> None:
    names = [policy.name for policy in POLICIES]

    assert len(set(names)) == len(names)
    assert [policy.name for policy in POLICIES if not policy.remediation.endswith(".")] == []
    ids = {cis for policy in POLICIES for cis in policy.cis}
    assert ids >= {"2.7", "5.4", "5.5", "5.11", "5.12", "5.14", "5.22", "5.32"}
