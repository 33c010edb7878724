"""The certificate maker: a container that makes a daemon's certificates, says when they end, and ends itself.

The authority's key is in its hands alone: the daemon gets what it needs to show who it is, and a job that can mount all
of its daemon's container finds no key there that signs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NotRequired, TypedDict

import pulumi
import pulumi_docker as docker

from ci_runners.certificate import expiry
from ci_runners.connection import CLIENT_CERTIFICATES
from ci_runners.images import DOCKER_DIND
from ci_runners.render.certificates import (
    AUTHORITY,
    OWN_AUTHORITY,
    SCRIPT,
    SERVER_CERTIFICATES,
    Certificates,
    certificate_notice,
    subject_names,
)
from ci_runners.resources import LOG_OPTS, after, container_labels
from ci_runners.validate import Rules

PATHS = {"ca": AUTHORITY, "server": SERVER_CERTIFICATES, "client": CLIENT_CERTIFICATES}
"""Where the maker has each of its volumes."""


class CertificatesArgs(TypedDict):
    """A daemon's certificates: their renewal, and whose they are."""

    rotate: NotRequired[str]
    """Day (UTC) like "2027-01-31", from which on the next `up` makes all keys and certificates anew, those of an
    authority made here too: whoever has an old one is shut out. The runner drains first, then the daemon is replaced.
    Before it, previews say so. Defaults to none."""
    warn_days: NotRequired[int]
    """Days before the certificates' end from which on previews and updates warn, 1 to 825. Defaults to 30."""
    authority_certificate: NotRequired[str]
    """Your own authority, in PEM: its certificate first, then those above it up to the one that signs itself. It
    needs the daemon's `authority_key`. Defaults to an authority made for this daemon alone."""


@dataclass(frozen=True, kw_only=True)
class DaemonCertificates:
    """What there is of a daemon's certificates."""

    expiry: pulumi.Output[str]
    """End of their lives, ISO 8601 in UTC."""
    volumes: Mapping[str, pulumi.Output[str]]
    """Names of the volumes `server` and `client`. What mounts them goes before they are made anew, and comes back after:
    Pulumi asks the provider what a change would replace, and it says so of a mount, not of an environment."""


def daemon_certificates(
    parent: pulumi.Resource,
    name: str,
    labels: list[tuple[str, str]],
    *,
    rules: Rules,
    volumes: Mapping[str, docker.Volume],
    server_names: tuple[str, ...],
    server_group: int,
    asked: Certificates,
    authority_key: pulumi.Input[str] | None,
) -> DaemonCertificates:
    """Make a daemon's certificates, and warn when their end comes near."""
    maker = certificate_maker(
        parent,
        name,
        labels,
        volumes=volumes,
        server_names=server_names,
        server_group=server_group,
        rotated=asked.rotated(datetime.now(UTC).date()),
        authority=_authority(asked, authority_key),
    )

    def told(log: str) -> str:
        end = expiry(log)
        notice = certificate_notice(end, datetime.now(UTC).date(), asked)
        if notice is not None:
            say = pulumi.log.warn if notice.is_warning else pulumi.log.info
            say(f"{rules.component}: {notice.text}", parent)
        return end

    return DaemonCertificates(
        expiry=maker.container_logs.apply(told),
        volumes={part: after(volumes[part].name, maker) for part in ("server", "client")},
    )


def certificate_maker(
    parent: pulumi.Resource,
    name: str,
    labels: list[tuple[str, str]],
    *,
    volumes: Mapping[str, docker.Volume],
    server_names: tuple[str, ...],
    server_group: int,
    rotated: str | None = None,
    authority: list[docker.ContainerUploadArgs] | None = None,
) -> docker.Container:
    """Makes authority, server's and client's certificate on the volumes `ca`, `server` and `client`.

    It is root without any capability, and in the daemon's group, so that it can give it the server's key. Made anew
    (`pulumi up --replace`, or when names, rotation or authority change) it keeps what still counts; the daemon and its
    runner go before it and come back after it. `container_logs` tell the ends of the certificates' lives.
    """
    return docker.Container(
        f"{name}-certificates",
        name=f"{name}-certificates",
        image=DOCKER_DIND,  # has openssl, and is not started as a daemon
        entrypoints=["/bin/sh"],
        command=["-c", SCRIPT, "certificates", subject_names(server_names), str(server_group)],
        envs=[f"ROTATED={rotated}"] if rotated else None,
        network_mode="none",
        volumes=[
            docker.ContainerVolumeArgs(volume_name=volumes[part].name, container_path=path)
            for part, path in PATHS.items()
        ],
        uploads=authority,
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"]),
        group_adds=[str(server_group)],
        security_opts=["no-new-privileges:true"],
        attach=True,
        logs=True,
        must_run=False,
        log_driver="json-file",
        log_opts=LOG_OPTS,
        labels=container_labels(labels),
        opts=pulumi.ResourceOptions(
            parent=parent,
            delete_before_replace=True,
            # Only a rotation that is due is a change: neither the next one's plan nor none is. Where the last one is
            # forgotten with the container, its trace on the volume is not.
            ignore_changes=None if rotated else ["envs"],
            additional_secret_outputs=["uploads"] if authority else None,
        ),
    )


def _authority(asked: Certificates, key: pulumi.Input[str] | None) -> list[docker.ContainerUploadArgs] | None:
    """A user's own authority, for the maker's eyes."""
    if asked.authority_certificate is None or key is None:
        return None
    secret = pulumi.Output.secret(key)
    return [
        docker.ContainerUploadArgs(file=f"{OWN_AUTHORITY}/cert.pem", content=asked.authority_certificate),
        docker.ContainerUploadArgs(file=f"{OWN_AUTHORITY}/key.pem", content=secret, permissions="0600"),
    ]
