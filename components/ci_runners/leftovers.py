"""What an interrupted `pulumi up` leaves: containers and networks that were made, and that no state knows of.

Their names are fixed, so the next `up` would end in a conflict (Docker's "name is already in use"), or, with networks,
have two of one name. Volumes need nothing: the engine gives back the one there is, with its data.
"""

import contextlib

import pulumi

from ci_runners.extras import needed_by
from ci_runners.preflight.client import engine_way
from ci_runners.resources import STACK_LABEL, stack_name

with needed_by("clear_leftovers"):
    import docker
    from docker.errors import NotFound

CONTAINER = "docker:index/container:Container"
NETWORK = "docker:index/network:Network"
ANSWER_SECONDS = 120
"""Seconds for the engine to remove a container."""


def clear_leftovers(station: str, docker_host: str | None) -> pulumi.ResourceTransformation:
    """Before a container or a network is made, remove what this stack left under its name when it was interrupted.

    Give it to a component's `transformations`: it holds for everything below. `docker_host` is the address of their
    host, as in DOCKER_HOST; None leaves it to the environment, as the Docker provider does. What another stack made, or
    nobody of ours, stays, and the engine's own refusal names it. Previews remove nothing.
    """
    stack = stack_name()

    def clear(args: pulumi.ResourceHookArgs) -> None:
        name = str((args.new_inputs or {})["name"])
        with engine_way(docker_host) as way, contextlib.closing(way.client(timeout=ANSWER_SECONDS)) as engine:
            gone = remove_leftover(engine, args.type, name, stack)
        if gone:
            pulumi.log.warn(f"{gone} was left by an interrupted update of {stack}: removed, and made anew")

    hook = pulumi.ResourceHook(f"clear-leftovers-{station}", clear)
    hooks = pulumi.ResourceHookBinding(before_create=[hook])

    def attach(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ not in {CONTAINER, NETWORK}:
            return None
        with_hooks = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(hooks=hooks))
        return pulumi.ResourceTransformationResult(args.props, with_hooks)

    return attach


def remove_leftover(engine: docker.DockerClient, kind: str, name: str, stack: str) -> str:
    """Remove the container or network of this name if this stack made it; returns what is gone, in words.

    Raises the SDK's `APIError` where the engine refuses, as it does for a network that containers are in.
    """
    if kind == CONTAINER:
        try:
            container = engine.containers.get(name)
        except NotFound:
            return ""
        if container.labels.get(STACK_LABEL) != stack:
            return ""
        container.remove(force=True)
        return f"container {name}"
    gone = ""
    for network in engine.networks.list(names=[f"^{name}$"]):
        if (network.attrs["Labels"] or {}).get(STACK_LABEL) == stack:
            network.remove()
            gone = f"network {name}"
    return gone
