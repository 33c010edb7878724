"""A Docker client that has no engine: what it shows is in `world.json` beside it, and what it is asked in `asked`."""

import json
import re
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
WORLD = FOLDER / "world.json"


def main(words: list[str]) -> str:
    """The answer to one command; a refusal exits with the engine's words."""
    with (FOLDER / "asked").open("a") as log:
        log.write(" ".join(words) + "\n")
    world = json.loads(WORLD.read_text())
    for refused in world.get("refused", []):
        if re.search(refused["asked"], " ".join(words)):
            refused["times"] -= 1
            if refused["times"] >= 0:
                WORLD.write_text(json.dumps(world))
                sys.exit(refused["says"])
    answer = answered(world, words)
    WORLD.write_text(json.dumps(world))
    return "".join(f"{line}\n" for line in answer)


def answered(world: dict[str, Any], words: list[str]) -> list[str]:
    verb, *rest = words
    answers: dict[str, Callable[[dict[str, Any], list[str]], list[str]]] = {
        "ps": lambda world, words: [each["id"] for each in world["containers"] if passes(each, words)],
        "inspect": containers,
        "rm": remove,
        "image": images,
        "volume": volumes,
        "system": disk_usage,
        "buildx": prune,
    }
    return answers[verb](world, rest)


def remove(world: dict[str, Any], words: list[str]) -> list[str]:
    world["containers"] = [each for each in world["containers"] if each["id"] != words[-1]]
    return words[-1:]


def volumes(world: dict[str, Any], words: list[str]) -> list[str]:
    if words[0] == "rm":
        world["volumes"].remove(words[1])
    return list(world["volumes"])


def disk_usage(world: dict[str, Any], words: list[str]) -> list[str]:
    if "--verbose" in words:
        return [f"cache|{at}|{size}MB|{at}|{at}" for at, size in world["cache"]]
    held = sum(image["mb"] for image in world["images"])
    cached = sum(size for _, size in world["cache"])
    return [f"Images|{held}MB", "Containers|0B", "Local Volumes|0B", f"Build Cache|{cached}MB"]


def prune(world: dict[str, Any], words: list[str]) -> list[str]:
    world["pruned"].append(words[-1])
    world["cache"] = []
    return []


def containers(world: dict[str, Any], words: list[str]) -> list[str]:
    at = words.index("--format") + 1
    return [inspected(world, words[at], container) for container in words[at + 1 :]]


def passes(container: dict[str, Any], words: list[str]) -> bool:
    filters = [word for before, word in pairwise(words) if before == "--filter"]
    states = [each.removeprefix("status=") for each in filters if each.startswith("status=")]
    labels = [each.removeprefix("label=") for each in filters if each.startswith("label=")]
    names = [each.removeprefix("name=") for each in filters if each.startswith("name=")]
    return (
        (not states or container["state"] in states)
        and all(label in container.get("labels", []) for label in labels)
        and all(re.search(name, container.get("name", "")) for name in names)
    )


def inspected(world: dict[str, Any], template: str, wanted: str) -> str:
    (container,) = [each for each in world["containers"] if each["id"] == wanted]
    if "Image" in template:
        return str(container["image"])
    if "builder" in template:
        _, at = template.removesuffix("{{end}}").rsplit(maxsplit=1)
        return f"builder {wanted} {at}" if container["building"] else ""
    return "" if container["building"] else f"/{container['name']}"


def images(world: dict[str, Any], words: list[str]) -> list[str]:
    verb, *words = words
    if verb == "ls":
        with_size = words[-1].startswith("size")
        return [f"size {each['id']} {each['mb']}MB" if with_size else each["id"] for each in world["images"]]
    wanted = words[-1]
    found = [each for each in world["images"] if wanted in {each["id"], *each["names"]}]
    if not found:
        sys.exit(f"Error response from daemon: No such image: {wanted}")
    (image,) = found
    if verb == "inspect":
        return [" ".join(image["names"]) if "RepoTags" in words[1] else image["id"]]
    image["names"] = [name for name in image["names"] if name != wanted]
    if not image["names"]:
        world["images"].remove(image)
    return [wanted]


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]))
