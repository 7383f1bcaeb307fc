"""The program ``zelo``. It exits 0, 1 where the answer is no, and 2 on bad usage or bad input."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import metadata
from typing import Annotated

import typer

from zelo.cli import (
    answering,
    collect,
    config,
    data,
    export,
    jobs,
    keys,
    lifecycle,
    monitor,
    profile,
    projects,
    replay,
    retrain,
    score,
    serving,
    simulate,
)
from zelo.cli.show import show_error
from zelo.cli.workspace import open_workspace
from zelo.errors import GateError, ZeloError
from zelo.logs import set_up

app = typer.Typer(
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (
    projects,
    score,
    data,
    collect,
    profile,
    config,
    lifecycle,
    serving,
    keys,
    answering,
    replay,
    monitor,
    export,
    simulate,
    retrain,
    jobs,
):
    module.add_commands(app)


@app.callback(invoke_without_command=True)
def program(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """From a table of data to a served model that people can trust."""
    if version:
        typer.echo(f"zelo {metadata.version('zelo')}")
        raise typer.Exit
    set_up_logs()


def set_up_logs() -> None:
    """As the settings say. Raises SpecError."""
    settings = open_workspace().settings
    set_up(
        level=settings.log_level,
        form=settings.log_format,
        file=settings.log_file,
        rotation=settings.log_rotation,
        retention=settings.log_retention,
    )


def main() -> None:
    """Run the command that was typed."""
    # Threads of OpenMP that wait by spinning starve each other where cores are few or shared.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    as_program(app)


def as_program(run: Callable[[], object]) -> None:
    """Run, and turn the errors of the tree, and the system's, into a message and an exit status."""
    as_json = "--json" in sys.argv
    try:
        run()
    except ZeloError as error:
        show_error(error, as_json=as_json)
        raise SystemExit(1 if isinstance(error, GateError) else 2) from error
    except OSError as error:
        show_error(_refused(error), as_json=as_json)
        raise SystemExit(2) from error


def _refused(error: OSError) -> ZeloError:
    """A full disk, a folder without leave to write, a file in a folder's place."""
    return ZeloError(
        "the system refused",
        where=str(error.filename or ""),
        found=error.strerror or type(error).__name__,
        expected="room on the disk, and leave to read and write there",
        hint="look at the path, at ZELO_HOME, and at the space that is left",
    )
