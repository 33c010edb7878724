"""Second stage, in the virtual environment: `up`, `machine`, `run`, `down`."""

import argparse
import os
import sys
import time
from functools import partial

from rich.console import Console
from rich.markup import escape

from bootstrap import debian, engine, images, languages, programs, services, tools
from bootstrap.down import down
from bootstrap.layout import Layout, layout
from bootstrap.stand_in_images import STAND_INS
from bootstrap.steps import How, Outcome, Step, StepFailed, run_steps
from ci_runners.images import REGISTRY


def first_step() -> Outcome:
    """What the first stage did, handed on through the environment."""
    _, how, source, seconds = os.environ["CI_RUNNERS_FIRST_STEP"].split("\t")
    return Outcome(how=How(how), source=f"{source} ({seconds} s)")


def _program_steps(places: Layout) -> list[Step]:
    after = (programs.PULUMI.name,)
    return [
        Step(name=programs.PULUMI.name, work=partial(programs.pulumi, places)),
        Step(name=programs.DOCKER_PLUGIN.name, work=partial(programs.docker_plugin, places), needs=after),
        Step(
            name="language host, forges", work=partial(programs.language_host_and_forges, places), needs=after
        ),
        Step(
            name=programs.GITLAB_RUNNER.name,
            work=partial(programs.build_and_link, places, programs.GITLAB_RUNNER),
            needs=after,
        ),
        *(
            Step(
                name=program.name,
                work=partial(programs.build_for_images, places, program),
                needs=after,
                dev_station=False,
            )
            for program in (programs.BUILDKIT, programs.KANIKO, programs.CADDY)
        ),
    ]


def _image_steps(places: Layout) -> list[Step]:
    return [
        Step(
            name="Debian base tree", work=partial(debian.make_base_tree, places), needs=("Debian packages",)
        ),
        Step(
            name="image base",
            work=partial(images.import_base, places),
            needs=("Docker Engine", "Debian base tree"),
        ),
        *(
            Step(
                name=f"image {stand_in.name}",
                work=partial(images.ensure_image, places, stand_in),
                needs=("image base", *((stand_in.program.name,) if stand_in.program else ())),
                dev_station=stand_in.dev_station,
            )
            for stand_in in STAND_INS
        ),
        Step(name="image sandbox", work=partial(images.ensure_sandbox_image, places), needs=("image base",)),
    ]


def machine_steps(places: Layout) -> list[Step]:
    """Everything that stands between a bare machine and `pulumi up`, for every way to build."""
    own = engine.find_engine() is None
    return [
        Step(name="virtual environment", work=first_step),
        Step(name="Debian packages", work=partial(debian.install_host_packages, places, own_engine=own)),
        *_program_steps(places),
        *languages.language_steps(places),
        *tools.tool_steps(places),
        Step(name="Docker Engine", work=partial(engine.ensure_engine, places), needs=("Debian packages",)),
        *([Step(name="tun device", work=engine.open_tun, dev_station=False)] if own else []),
        *_image_steps(places),
        Step(
            name="registry",
            work=partial(services.ensure_registry, places),
            needs=(f"image {REGISTRY}",),
        ),
        Step(
            name="registry mirror",
            work=partial(images.mirror, places),
            needs=("registry", *(f"image {s.name}" for s in STAND_INS if s.mirrored)),
        ),
        Step(name="sandbox", work=partial(services.ensure_sandbox, places), needs=("image sandbox",)),
        Step(
            name="GitHub sandbox",
            work=partial(services.ensure_github, places),
            needs=("image sandbox",),
            dev_station=False,
        ),
    ]


def machine(places: Layout, console: Console, *, for_every_way: bool) -> None:
    """Get the machine ready: for every way to build, or for the dev station's."""
    steps = machine_steps(places)
    run_steps([step for step in steps if for_every_way or step.dev_station], console)


def environment(places: Layout) -> dict[str, str]:
    """What pulumi, the plugins and the tests find in their environment."""
    found = engine.recorded(places)
    if found is None:
        raise StepFailed("the machine is not ready", tried=".machine/engine.json", fix="run `make up`")
    for folder in (places.stacks, places.pulumi_home):
        folder.mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        "PATH": f"{places.bin}:{places.venv / 'bin'}:{os.environ.get('PATH', '')}:/usr/sbin:/sbin",
        "VIRTUAL_ENV": str(places.venv),
        "DOCKER_HOST": found.host,
        "CI_RUNNERS_PULUMI": str(places.bin / "pulumi"),
        "CI_RUNNERS_GITLAB_RUNNER": str(places.bin / "gitlab-runner"),
        "CI_RUNNERS_NODE_MODULES": str(tools.node_modules(places)),
        "PULUMI_HOME": str(places.pulumi_home),
        # Without the `.attrs` files beside the state, which are not written as a whole: a killed command leaves an empty
        # one, and with it no command can read the stack.
        "PULUMI_BACKEND_URL": f"file://{places.stacks}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(services.secret_file(places, "passphrase")),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        **services.addresses(places),
    }


def run_inside(places: Layout, words: list[str]) -> None:
    """Become the command, inside the engine's namespace, with everything on PATH."""
    env = environment(places)
    found = engine.recorded(places)
    command = found.inside(words) if found else words
    os.execvpe(command[0], command, env)


def arguments(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python3 -m bootstrap", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    getting = commands.add_parser("machine", help="find, fetch or build what the machine lacks")
    getting.add_argument(
        "--dev-station", action="store_true", help="only what the dev station needs, not every way to build"
    )
    commands.add_parser(
        "up", help="what the dev station needs of that, the station itself, a job, and a summary"
    )
    commands.add_parser("down", help="destroy the dev station, end the sandbox and an engine of our own")
    inside = commands.add_parser("run", help="run a command where pulumi and the engine's addresses are")
    inside.add_argument("words", nargs=argparse.REMAINDER)
    return parser.parse_args(words)


def main() -> None:
    """Do what the command line says; a failed step ends with its message and exit code 1."""
    asked = arguments(sys.argv[1:])
    places = layout()
    console = Console()
    started = time.monotonic()
    try:
        if asked.command in {"machine", "up"}:
            machine(places, console, for_every_way=asked.command == "machine" and not asked.dev_station)
            console.print(f"machine ready in {time.monotonic() - started:.1f} s")
        if asked.command == "up":
            run_inside(places, [str(places.python), "-m", "bootstrap.station"])
        if asked.command == "run":
            run_inside(places, asked.words)
        if asked.command == "down":
            down(places, console)
    except StepFailed as failure:
        console.print(f"[bold red]stopped:[/bold red] {escape(str(failure))}", highlight=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
