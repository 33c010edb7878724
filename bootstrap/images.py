"""The images under their official names: there already, pulled, or stand-ins built from Debian packages and Go modules."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import docker
from docker.errors import DockerException, ImageNotFound

from bootstrap import debian, programs
from bootstrap.engine import REGISTRY_PORT, recorded
from bootstrap.fingerprint import fingerprint
from bootstrap.layout import Layout
from bootstrap.stand_in_images import OWN, STAND_INS, StandIn
from bootstrap.steps import How, Outcome, StepFailed

BASE = "ci-runners/stand-in-base"
SANDBOX = f"{OWN}sandbox:local"
LABEL = "ci-runners.stand-in"
"""On every stand-in: what it is made from. The official images do not carry it."""
KEY = "ci-runners.key"

SANDBOX_PACKAGES = (
    "python3-cryptography",
    "python3-jwt",
    "python3-nacl",
    "python3-python-multipart",
    "python3-starlette",
    "python3-uvicorn",
    "python3-yaml",
)


def client_of(places: Layout) -> docker.DockerClient:
    """A client of the engine that the step before found or started."""
    engine = recorded(places)
    if engine is None:
        raise StepFailed("no engine is recorded", tried=".machine/engine.json", fix="run `make up`")
    return engine.client()


def _labels(client: docker.DockerClient, name: str) -> dict[str, str] | None:
    try:
        return dict(client.images.get(name).labels)
    except ImageNotFound:
        return None


def import_base(places: Layout) -> Outcome:
    """The base of the stand-ins as an image."""
    tree = debian.base_tree(places)
    name = f"{BASE}:{tree.name}"
    client = client_of(places)
    if _labels(client, name) is not None:
        return Outcome(how=How.FOUND, source=name)
    with subprocess.Popen(["tar", "-C", tree, "-c", "."], stdout=subprocess.PIPE) as tar:
        client.api.import_image_from_stream(tar.stdout, repository=BASE, tag=tree.name)
    if tar.returncode or _labels(client, name) is None:
        raise StepFailed(
            f"{name} could not be imported", tried=f"tar of {tree}", fix="free disk space, run this again"
        )
    return Outcome(how=How.BUILT, source=f"Debian {debian.SUITE} packages")


def _context(places: Layout, stand_in: StandIn, folder: Path) -> None:
    """Put what the Dockerfile copies into one folder."""
    shutil.copytree(places.root / "bootstrap" / "images" / stand_in.folder, folder, dirs_exist_ok=True)
    if stand_in.packages:
        shutil.copyfile(debian.layer(places, stand_in.folder, stand_in.packages), folder / "layer.tar")
    for name in stand_in.files:
        source = places.root / name
        copy = shutil.copytree if source.is_dir() else shutil.copy2
        copy(source, folder / source.name)
    if stand_in.program:
        built, _ = programs.build(places, stand_in.program)
        for binary in stand_in.program.binaries:
            shutil.copy2(built / binary, folder / binary)


def _key(places: Layout, stand_in: StandIn) -> str:
    program = places.root / "bootstrap" / "go" / stand_in.program.folder if stand_in.program else ""
    folder = places.root / "bootstrap" / "images" / stand_in.folder
    files = [places.root / name for name in stand_in.files]
    return fingerprint([debian.base_tree(places).name, folder, *stand_in.packages, program, *files])


def _build(places: Layout, stand_in: StandIn, fill: Callable[[Path], None], key: str) -> None:
    client = client_of(places)
    with tempfile.TemporaryDirectory(dir=places.machine) as folder:
        fill(Path(folder))
        client.images.build(
            path=folder,
            tag=stand_in.name,
            rm=True,
            forcerm=True,
            buildargs={"BASE": f"{BASE}:{debian.base_tree(places).name}"},
            labels={LABEL: stand_in.made_from, KEY: key},
        )


def ensure_image(places: Layout, stand_in: StandIn) -> Outcome:
    """The image, as it is, pulled, or built as a stand-in."""
    client = client_of(places)
    labels = _labels(client, stand_in.name)
    key = _key(places, stand_in)
    if labels is not None and (LABEL not in labels or labels.get(KEY) == key):
        return Outcome(how=How.FOUND, source=labels.get(LABEL) or "the engine's own")
    engine = recorded(places)
    # Our own engine has no way out, and nobody serves what has our own name.
    if engine and not engine.namespace and not stand_in.name.startswith(OWN):
        try:
            client.images.pull(stand_in.name)
        except DockerException as refusal:
            tried = str(refusal)
        else:
            return Outcome(how=How.FETCHED, source="pulled")
    else:
        tried = ""
    _build(places, stand_in, lambda folder: _context(places, stand_in, folder), key)
    why = f" (pull: {tried})" if tried else ""
    return Outcome(how=How.BUILT, source=f"stand-in: {stand_in.made_from}{why}")


def ensure_sandbox_image(places: Layout) -> Outcome:
    """The sandbox's image, from this checkout's `sandbox/`."""
    source = places.root / "sandbox"
    layer = debian.layer(places, "sandbox", SANDBOX_PACKAGES)
    key = fingerprint([source, layer.name])
    stand_in = StandIn(name=SANDBOX, folder="sandbox", made_from="this project's sandbox/ on Debian's Python")
    if (_labels(client_of(places), SANDBOX) or {}).get(KEY) == key:
        return Outcome(how=How.FOUND, source=stand_in.made_from)

    def fill(folder: Path) -> None:
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, folder / "sandbox", ignore=skip)
        shutil.copyfile(source / "Dockerfile", folder / "Dockerfile")
        shutil.copyfile(layer, folder / "layer.tar")

    _build(places, stand_in, fill, key)
    return Outcome(how=How.BUILT, source=stand_in.made_from)


def mirrored_as(name: str) -> str:
    """The path and tag under which a mirror holds an image: without the registry's host, as every mirror does."""
    host, slash, path = name.partition("/")
    if slash and {".", ":"} & set(host):
        return path
    return name if slash else f"library/{name}"


def mirror(places: Layout) -> Outcome:
    """Put what jobs pull into the registry, where the daemons look first."""
    client = client_of(places)
    pushed = []
    for stand_in in STAND_INS:
        labels = _labels(client, stand_in.name) or {}
        if not stand_in.mirrored or LABEL not in labels:
            continue
        path, tag = mirrored_as(stand_in.name).split(":")
        repository = f"127.0.0.1:{REGISTRY_PORT}/{path}"
        client.images.get(stand_in.name).tag(repository, tag)
        for line in client.images.push(repository, tag, stream=True, decode=True):
            if "error" in line:
                raise StepFailed(
                    f"{repository}:{tag}: {line['error']}",
                    tried="docker push",
                    fix="docker logs of the registry",
                )
        pushed.append(stand_in.name)
    if not pushed:
        return Outcome(how=How.FOUND, source="the official images need no mirror")
    return Outcome(how=How.BUILT, source=", ".join(pushed))
