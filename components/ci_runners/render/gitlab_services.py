"""The pipeline for a runner that is not ours, or has no daemon of its own: its job brings a daemon along as a service.

Such a runner starts services privileged and gives its jobs a volume at /certs/client (GitLab docs, Use Docker to build
images): whoever may run a job there can become root on its host. A daemon of our own needs none of this in a pipeline.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ci_runners.connection import CERTIFICATES, TLS_PORT, DaemonKind
from ci_runners.connections import JOB_HOST_NAME, client_environment
from ci_runners.images import DOCKER_CLI, DOCKER_DIND
from ci_runners.problems import Problem, refuse
from ci_runners.render.build_scripts import SCRIPTS
from ci_runners.render.daemon_json import DaemonJson
from ci_runners.render.gitlab_ci import (
    GitLabPipelineSpec,
    attestation_problems,
    build_of,
    dump_pipeline,
    limits,
    variables,
)
from ci_runners.render.shared_rules import tag_problems
from ci_runners.validate import Rules

_HEADER = """\
# Rendered by ci-runners.
# The runner must start this service privileged, and give its jobs a volume at /certs/client.
"""
_WAIT = "for second in $(seq 60); do docker version > /dev/null 2>&1 && break; sleep 1; done"
"""Docker's executor has waited for the daemon, Kubernetes' has not. What is wrong after a minute, the next command says."""


@dataclass(frozen=True, kw_only=True)
class DindService:
    """The daemon that a job brings along, and the runners that let it."""

    image: str = DOCKER_DIND
    """The daemon's image: docker:*-dind, whose entrypoint makes the certificates."""

    tags: tuple[str, ...] = ()
    """Tags of runners that start it privileged. Default: none, for runners that take untagged jobs."""

    registry_mirrors: tuple[str, ...] = ()
    """URLs of pull-through mirrors of Docker Hub. Default: none."""

    insecure_registries: tuple[str, ...] = ()
    """`host[:port]` of registries without TLS. Default: none."""

    address_pool: str = DaemonJson.address_pool
    """Private IPv4 network, /20 or larger, for the networks inside the daemon. Default: as with `DindDaemon`; without
    one dockerd takes the network of the engine beneath, and what has its address there is out of reach."""


def service_problems(service: DindService) -> Iterator[Problem]:
    """Say what is wrong with a service, field by field."""
    rules = Rules(component="Service")
    yield from rules.image("image", service.image)
    if service.tags:
        yield from tag_problems(rules, service.tags)
    yield from rules.each("registry_mirrors", service.registry_mirrors, "url")
    yield from rules.each("insecure_registries", service.insecure_registries, "registry_host")
    yield from rules.address_pool("address_pool", service.address_pool)


def render_gitlab_ci_with_dind(spec: GitLabPipelineSpec, service: DindService) -> str:
    """Render the `.gitlab-ci.yml` whose job builds and pushes one image with a docker:dind service, over TLS only.

    The service makes its certificates in DOCKER_TLS_CERTDIR; their names cover its alias. Raises `InvalidInput` for
    attestations, which this daemon cannot make.
    """
    refuse(list(attestation_problems(spec, DaemonKind.DIND)))
    client = {**client_environment(JOB_HOST_NAME), "DOCKER_TLS_CERTDIR": CERTIFICATES}
    return dump_pipeline(
        {
            "image": spec.job_image or DOCKER_CLI,
            "services": [_service(service)],
            **({"tags": list(service.tags)} if service.tags else {}),
            **limits(spec),
            "variables": {**client, **variables(spec)},
            "script": [_WAIT, *SCRIPTS[DaemonKind.DIND](build_of(spec, DaemonKind.DIND))],
        },
        header=_HEADER,
    )


def _service(service: DindService) -> dict[str, object]:
    """The service: the image exposes the port without TLS too, which nothing listens on, so the runner is told the other.

    Flags alone are its command: one that starts with `dockerd` would get neither certificates nor that port.
    """
    flags = [
        f"--default-address-pool=base={service.address_pool},size=24",
        *(f"--registry-mirror={url}" for url in service.registry_mirrors),
        *(f"--insecure-registry={host}" for host in service.insecure_registries),
    ]
    return {
        "name": service.image,
        "alias": JOB_HOST_NAME,
        "command": flags,
        "variables": {"HEALTHCHECK_TCP_PORT": str(TLS_PORT)},
    }
