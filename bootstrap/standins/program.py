"""Run one Pulumi program. The language host starts this file, as a script, for every `Run`.

It stands in for the script `pulumi-language-python-exec` and keeps its contract: the configuration comes in
PULUMI_CONFIG and PULUMI_CONFIG_SECRET_KEYS, and an exit with 32 says that the person has been shown the error
(pulumi/pulumi, sdk/python/cmd). It imports nothing of this project, so that a program sees only its own modules.
"""

import argparse
import asyncio
import logging
import os
import runpy
import signal
import sys
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import pulumi
from pulumi import log, runtime

ALREADY_SHOWN = 32
INTERRUPTED = 130


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line: what a RunRequest says, in the words of Pulumi's own script."""
    parser = argparse.ArgumentParser(prog="program.py")
    for name in ("monitor", "engine", "project", "stack", "organization", "root_directory", "pwd"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("--dry_run", choices=["true", "false"], default="false")
    parser.add_argument("program")
    parser.add_argument("args", nargs="*")
    return parser.parse_args(words)


def main_file(program: str) -> Path:
    """The file whose code runs: the program itself, or `__main__.py` where the program is a folder."""
    path = Path(program).resolve()
    return path / "__main__.py" if path.is_dir() else path


def traceback_of(error: BaseException, file: Path) -> str:
    """The traceback from the program's own first line on; the whole of it where none is the program's."""
    at = error.__traceback__
    while at is not None and Path(at.tb_frame.f_code.co_filename).resolve() != file:
        at = at.tb_next
    return "".join(traceback.format_exception(type(error), error, at or error.__traceback__))


def run(program: str, file: Path, *, parallel: int) -> int:
    """Run the program in a stack; returns the exit code."""
    # asyncio's own handler would wait for the program's next await, which may be far.
    signal.signal(signal.SIGINT, _interrupted)
    # An unfinished graph leaves futures behind that asyncio would complain about at the end.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(ThreadPoolExecutor(max_workers=max(parallel, 1) * 4))
        try:
            runner.run(runtime.run_in_stack(lambda: _run_file(program)))
        except pulumi.RunError as error:
            log.error(str(error))
            return 1
        except KeyboardInterrupt:
            return INTERRUPTED
        except Exception as error:  # noqa: BLE001  whatever the program raises is the person's to see
            log.error("Program failed with an unhandled exception:\n" + traceback_of(error, file))
            return ALREADY_SHOWN
    return 0


def _interrupted(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run_file(program: str) -> None:
    runpy.run_path(program, run_name="__main__")


def main() -> int:
    """Set the runtime up as the command line says, and run the program."""
    said = arguments()
    runtime.set_all_config(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    runtime.configure(
        runtime.Settings(
            project=said.project,
            stack=said.stack,
            parallel=said.parallel,
            engine=said.engine,
            monitor=said.monitor,
            dry_run=said.dry_run == "true",
            organization=said.organization,
            root_directory=said.root_directory,
        )
    )
    sys.argv = [said.program, *said.args]
    if said.pwd:
        os.chdir(said.pwd)
    file = main_file(said.program)
    if not file.is_file():
        log.error(f"unable to find main python program `{file.name}` in `{file.parent}`")
        return ALREADY_SHOWN
    return run(said.program, file, parallel=said.parallel)


if __name__ == "__main__":
    sys.exit(main())
