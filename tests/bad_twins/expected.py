"""What the policy pack must say of each example's bad twin: by policy, words of its message."""

import re
from pathlib import Path

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
ELSEWHERE = {"pull-request-github", "pull-request-gitlab", "python-package", "typescript", "yaml"}
"""Folders of examples that other tests run: the languages', and the templates of pull requests."""

EXPECTED: dict[str, dict[str, str]] = {
    "cache-cleanup": {
        "docker-socket": "volumes[0].hostPath: got '/var/run/docker.sock'",
        "memory-limit": "'prune': memory: got None, expected a number of MiB",
    },
    "compare-ways": {
        "docker-socket": "uploads[0].content: runners[0].docker.volumes[0]: got '/var/run/docker.sock'",
        "privileged": "'runner': privileged: got True, expected False",
    },
    "dood-container": {
        "docker-socket": "mounts[0].source: got '/var/run/', expected no mount of an engine's socket"
    },
    "github-hosted": {
        "plain-secret": "content: got a secret value, expected no plain text: this is a GitHub token"
    },
    "gitlab-auto": {
        "memory-limit": "'ci-dind-container': memory: got None",
        "protected-refs": "accessLevel: got 'not_protected', expected ref_protected",
    },
    "gitlab-dind-service": {"daemon-tls": "content: got 'an address with tcp:// and without TLS'"},
    "gitlab-dood-pipeline": {
        "daemon-tls": "value: got 'an address with tcp:// and without TLS', expected TLS",
        "plain-secret": "value: got a secret value, expected no plain text: this is a secret, by its name",
    },
    "in-your-stack": {
        "host-namespaces": "networkMode: got 'host', expected a network namespace of its own",
        "published-ports": "expected one address of the host",
    },
    "many-hosts": {"daemon-tls": "provider.host: got 'tcp://build-1.example.com:2375', expected TLS"},
    "stack-reference/daemon": {
        "daemon-tls": "command[1]: got '--tls=false', expected TLS",
        "privileged": "'dind': privileged: got True, expected False",
        "published-ports": "expected one address of the host",
    },
    "stack-reference/runner": {
        "daemon-tls": "runners[0].docker.host: got 'tcp://build-1.example.com:2375', expected TLS"
    },
    "two-environments": {
        "fixed-image": "'prod': image: got 'gitlab/gitlab-runner:latest'",
        "memory-limit": "'prod': memory: got None",
    },
    "github-buildkit": {
        "cpu-limit": "'ci-runner-1': cpus: got None",
        "memory-limit": "'ci-runner-1': memory: got None, expected a number of MiB",
    },
    "github-dind": {
        "added-capabilities": "capabilities.adds[0]: got 'ALL'",
        "host-namespaces": "networkMode: got 'host', expected a network namespace of its own",
    },
    "github-dood": {
        "docker-socket": "volumes[0].hostPath: got '/var/run/docker.sock'",
        "fixed-image": "image: got 'myoung34/github-runner:latest'",
        "plain-secret": "envs[0] (ACCESS_TOKEN): got a secret value, expected no plain text: this is a GitHub token",
    },
    "gitlab-buildkit": {
        "added-capabilities": "got 'CAP_SYS_ADMIN'",
        "fixed-image": "image: got 'moby/buildkit', expected an image with a fixed tag or digest",
        "security-profiles": "securityOpts[0]: got 'seccomp=unconfined'",
    },
    "gitlab-dind": {
        "daemon-tls": "envs: DOCKER_TLS_CERTDIR: got '', expected a folder",
        "memory-limit": "'dind': memory: got None",
        "privileged": "privileged: got True, expected False: whoever gets into it can become root on the host",
        "protected-refs": "accessLevel: got None, expected ref_protected: a job on 'dind' can become root on its host",
        "published-ports": "expected one address of the host",
    },
    "gitlab-dood": {
        "docker-socket": "uploads[0].content: runners[0].docker.volumes[0]: got '/var/run/docker.sock'",
        "fixed-image": "uploads[0].content: runners[0].docker.image: got 'docker:latest'",
        "plain-secret": "uploads[0].content: got a secret value, expected no plain text: this is a GitLab token",
        "privileged": "uploads[0].content: runners[0].docker.privileged: got True",
    },
    "gitlab-kaniko": {
        "plain-secret": "envs[0] (CI_SERVER_TOKEN): got a secret value, expected no plain text: this is a GitLab token",
    },
    "registry-mirror": {
        "plain-secret": "envs[1] (REGISTRY_PROXY_PASSWORD): got a secret value",
        "published-ports": "expected one address of the host",
    },
}
SECRETS = ("made-up-0123456789", "made-up-and-secret", "0123456789abcdefghij")
"""What the twins hold in plain text; no message may."""


def good(example: str) -> Path:
    """The example's program."""
    return EXAMPLES / example / "__main__.py"


def twin(example: str) -> Path:
    """Its bad twin's program."""
    return HERE / f"{re.sub('[-/]', '_', example)}.py"


def programs() -> list[str]:
    """Every example's program: its folder, below that of the examples."""
    found = [str(file.parent.relative_to(EXAMPLES)) for file in EXAMPLES.rglob("Pulumi.yaml")]
    return sorted(name for name in found if name.partition("/")[0] not in ELSEWHERE)
