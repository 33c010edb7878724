"""A component on a Docker host of its own: its provider, and that another host means other resources.

To Pulumi a provider with another address is the same provider: what is up stays in the state as it is, and on the old
host, where nothing removes it any more (pulumi/pulumi, pkg/resource/deploy/step_generator.go, providerChanged).
"""

import pulumi
import pulumi_docker as docker


def on_docker_host(name: str, docker_host: str | None) -> pulumi.ResourceOptions:
    """Options of a component all of whose containers, volumes and networks are on `docker_host`.

    `name` becomes the provider's, `docker_host` is an address as in DOCKER_HOST. With another address everything is
    removed from the old host, with its data, and made on the new one; an address that was not said before changes
    nothing. None makes no provider, and leaves the host to the stack's own.
    """
    if docker_host is None:
        return pulumi.ResourceOptions()
    provider = docker.Provider(
        name, host=docker_host, opts=pulumi.ResourceOptions(replace_on_changes=["host"])
    )
    bound = pulumi.ResourceOptions(replacement_trigger=docker_host)

    def bind(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith("docker:"):
            return None
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, bound))

    return pulumi.ResourceOptions(providers=[provider], transformations=[bind])
