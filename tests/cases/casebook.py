"""The cases: what may go wrong with a build station, by number; each is tried on the real engine, or said not to be."""

from dataclasses import dataclass

CASES = {
    1: "a TLS client without a certificate",
    2: "a client certificate of another authority, and one that is only a server's",
    3: "a daemon that is not ours answers under our daemon's name",
    4: "a client with certificate and key, but no authority to check the daemon by",
    5: "a name that the daemon's certificate does not hold",
    6: "the daemon's plain port",
    7: "the daemon's port from the host, the default bridge and other networks",
    8: "a job reads the authority's key or writes the client's certificates",
    9: "the daemon's certificate has expired",
    10: "the authority is lost",
    11: "the daemon restarts again and again under its clients",
    12: "the daemon's clock moves back",
    13: "capabilities, privilege, seccomp and no-new-privileges of what needs none",
    14: "the usual ways out of a container",
    15: "the host's disk, mounted from a privileged daemon",
    16: "a job mounts `/` of its daemon",
    17: "a job mounts `/` of the host, through the host's socket",
    18: "a proxy in front of the socket that filters by path and method only",
    19: "two daemons on one host",
    20: "a job asks for a privileged service",
    21: "a job asks for an image or a pull policy that is not allowed",
    22: "a private image that another's job pulled",
    23: "a job gives a tag of the shared daemon another image",
    24: "a set-user-ID program in a job",
    25: "a job that forks without end, and one that takes twice its memory",
    26: "the runner's token: state, previews, logs, inspect, images, processes",
    27: "a job reads the environment of the runner that serves GitHub",
    28: "credentials in an image that Kaniko built",
    29: "a masked value that GitLab would not mask",
    30: "SIGKILL of the daemon in the middle of a build",
    31: "restart of the host's engine",
    32: "a busy runner is replaced",
    33: "a busy runner is stopped by hand",
    34: "a second `up`, and `up --refresh`, with nothing changed",
    35: "a changed health check, tmpfs or init",
    36: "a changed label or option of the storage volume",
    37: "a container or network removed or stopped by hand",
    38: "SIGKILL of the Pulumi CLI",
    39: "the daemon's storage is full",
    40: "cleanup: what is in use, named, another's or pulled a minute ago",
    41: "the registry's mirror, or the registry itself, is down",
    42: "a network that carries less than 1500 bytes a packet",
    43: "a daemon without a storage volume, and one from Docker 28 to 29",
    44: "the runner's token is revoked or has run out",
    45: "`destroy` with another's container on the volume",
}
"""What each case is, in the order of the book: TLS and network, privilege, secrets, faults."""
FIRST_FAULT = 30
"""From here on nobody attacks: something breaks."""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What a component does not hold back, by design: it says so and asks for a word."""

    component: str
    cis: str
    what: str
    word: str


EXCEPTIONS = (
    Declared(
        component="DindDaemon, `privileged`",
        cis="5.4, 5.5, 5.22, 5.26",
        what="a privileged container, with all capabilities and without seccomp: who may use the daemon can become root on the host",
        word="`accept_privileged`; the variants `rootless` and `sysbox` need none",
    ),
    Declared(
        component="HostDaemon",
        cis="5.32",
        what="the engine's socket in jobs: who may use it is root on the host",
        word="`accept_host_root`; with `socket_proxy` jobs can only build, pull and push, but the word is asked for all the same",
    ),
    Declared(
        component="BuildkitDaemon and DindDaemon, `rootless`",
        cis="5.2, 5.22, 5.26",
        what="no seccomp and no AppArmor profile and no no-new-privileges, because rootlesskit makes user namespaces",
        word="none is asked: every process of theirs is an ordinary user of the host",
    ),
)
