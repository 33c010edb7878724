"""The bench's own registry, and the few calls of its API that put base images into it (OCI distribution-spec).

Base images go there without any engine, so that no daemon has them before it pulls them.
"""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import docker
import requests
from docker.models.containers import Container

from bench.builds.bases import Layer
from ci_runners.images import REGISTRY

CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DATA = "/var/lib/registry"
PORT = 5055
READY_S = 30


@dataclass(frozen=True, kw_only=True)
class Registry:
    """A registry, by its host and port."""

    host: str

    @property
    def _url(self) -> str:
        return f"http://{self.host}/v2"

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + READY_S
        while True:
            try:
                if requests.get(f"{self._url}/", timeout=5).ok:
                    return
            except requests.ConnectionError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.1)

    def push(self, repository: str, tag: str, layers: Sequence[Layer], *, architecture: str) -> None:
        """Put an image of these layers into the repository."""
        for layer in layers:
            self._blob(repository, layer.digest, layer)
        config = json.dumps(image_config(layers, architecture=architecture)).encode()
        digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
        self._blob(repository, digest, config)
        document = manifest(layers, digest, len(config))
        answer = requests.put(
            f"{self._url}/{repository}/manifests/{tag}",
            json.dumps(document),
            headers={"Content-Type": MANIFEST},
            timeout=60,
        )
        answer.raise_for_status()

    def _blob(self, repository: str, digest: str, data: bytes | Layer) -> None:
        begun = requests.post(f"{self._url}/{repository}/blobs/uploads/", timeout=60)
        begun.raise_for_status()
        requests.put(
            begun.headers["Location"],
            data=data,
            params={"digest": digest},
            headers={"Content-Type": "application/octet-stream"},
            timeout=300,
        ).raise_for_status()

    def mount(self, repository: str, layers: Sequence[Layer], *, source: str) -> None:
        """Give a repository layers of another one, as an earlier push of the same base image would have."""
        for layer in layers:
            requests.post(
                f"{self._url}/{repository}/blobs/uploads/",
                params={"mount": layer.digest, "from": source},
                timeout=60,
            ).raise_for_status()

    def pull(self, repository: str, tag: str) -> None:
        """Read an image to its end, so that a pull-through mirror holds it afterwards."""
        answer = requests.get(
            f"{self._url}/{repository}/manifests/{tag}", headers={"Accept": MANIFEST}, timeout=60
        )
        answer.raise_for_status()
        document = answer.json()
        for blob in [document["config"], *document["layers"]]:
            with requests.get(
                f"{self._url}/{repository}/blobs/{blob['digest']}", stream=True, timeout=300
            ) as got:
                got.raise_for_status()
                for _ in got.iter_content(1 << 20):
                    pass


def image_config(layers: Sequence[Layer], *, architecture: str) -> dict[str, Any]:
    """The configuration of an image of these layers."""
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {
        "architecture": architecture,
        "os": "linux",
        "config": {"Env": [path], "Cmd": ["bash"]},
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        "history": [{"created_by": "ci-runners bench"} for _ in layers],
    }


def manifest(layers: Sequence[Layer], config: str, config_size: int) -> dict[str, Any]:
    """The manifest of an image of these layers."""
    return {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": config, "size": config_size},
        "layers": [{"mediaType": LAYER, "digest": layer.digest, "size": len(layer)} for layer in layers],
    }


def start(engine: docker.DockerClient, *, name: str, gateway: str, labels: dict[str, str]) -> Container:
    """Start the registry, on loopback and on the engine's own bridge, its data on a volume of its own."""
    # The SDK's annotations know one address a port; the engine and the SDK itself take a list of them.
    ports: dict[str, Any] = {"5000/tcp": [("127.0.0.1", PORT), (gateway, PORT)]}
    engine.volumes.create(name=name, labels=labels)
    return engine.containers.run(
        REGISTRY,
        name=name,
        detach=True,
        labels=labels,
        ports=ports,
        volumes={name: {"bind": DATA, "mode": "rw"}},
    )
