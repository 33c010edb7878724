"""The bad twin of examples/cache-cleanup: whatever is the latest, with the socket, prunes all that nothing runs on."""

import pulumi_docker as docker

docker.Container(
    "prune",
    name="ci-prune",
    image="docker:cli",
    command=["sh", "-c", "while sleep 604800; do docker system prune --all --volumes --force; done"],
    volumes=[
        docker.ContainerVolumeArgs(host_path="/var/run/docker.sock", container_path="/var/run/docker.sock")
    ],
    restart="always",
)
