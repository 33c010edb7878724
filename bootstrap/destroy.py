"""Destroys the dev stack, if there is one; `make down` calls it where the engine's addresses are."""

import subprocess
import sys

from bootstrap import images
from bootstrap.layout import layout
from bootstrap.recover import recover
from bootstrap.station import dev_stack


def main() -> None:
    """Destroy and remove the stack; its exit code is Pulumi's."""
    places = layout()
    stack = dev_stack(places)
    if stack.run("stack", "export", check=False).returncode:
        return
    if recover(stack, images.client_of(places)):
        stack.run("refresh", "--yes", "--skip-preview")
    code = subprocess.run(
        stack.command("destroy", "--yes", "--skip-preview"), cwd=places.root, check=False
    ).returncode
    if code == 0:
        stack.run("stack", "rm", "--yes", "--preserve-config")
    sys.exit(code)


if __name__ == "__main__":
    main()
