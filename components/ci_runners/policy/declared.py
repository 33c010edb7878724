"""Declared exceptions: what this package's components do by design, once their arguments accept it.

The argument is the explicit word, and the component refuses to exist without it; so who made a container says that the
word was given. In programs without our components an exception is one of the pack's configuration, with its reason.
"""

from ci_runners.policy.resource import Resource

EXCEPTIONS: dict[str, dict[str, str]] = {
    "privileged": {
        "DindDaemon": "docker:dind runs privileged, as accept_privileged says (CIS 5.5)",
    },
    "docker-socket": {
        "HostDaemon": "jobs get the host's own engine, as accept_host_root says (CIS 5.32)",
        "BuildkitDaemon": "a look at the socket's group, by a container without network that ends (CIS 5.32)",
        "Kaniko": "a look at the socket's group, by a container without network that ends (CIS 5.32)",
        "GitLabRunner": "the runner starts jobs on the host's engine; its jobs get the socket with DooD only (CIS 5.32)",
        "GitHubRunner": "jobs get the host's own engine, as the HostDaemon's accept_host_root says (CIS 5.32)",
        "CacheCleanup": "the cleanup asks the host's engine; no job is in its container (CIS 5.32)",
    },
    "security-profiles": {
        "BuildkitDaemon": "rootless BuildKit makes user namespaces, which the profiles forbid (CIS 5.2, 5.22)",
        "DindDaemon": "a rootless daemon makes user namespaces, which the profiles forbid (CIS 5.2, 5.22)",
    },
}
"""By policy, by component: why."""


def is_declared(policy: str, resource: Resource) -> bool:
    """Whether what the policy asks about is an exception that the resource's component declares."""
    return resource.owner in EXCEPTIONS.get(policy, {})
