"""The command `netsitter`: its commands, and how an error reaches the user."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import Annotated

import typer

from netsitter.cli.activations import activations
from netsitter.cli.board import board
from netsitter.cli.check import check
from netsitter.cli.cure import cure
from netsitter.cli.fit import fit
from netsitter.cli.init import init
from netsitter.cli.options import print_json
from netsitter.cli.predict import predict
from netsitter.cli.report import report
from netsitter.cli.resume import resume
from netsitter.cli.rules import explain, rules
from netsitter.cli.search import search
from netsitter.cli.summary import summary
from netsitter.cli.verdict import MISUSE, RESUMABLE
from netsitter.errors import NOTHING_WRITTEN, NetsitterError, PlanError, closest
from netsitter.version import __version__

DEBUG = "--debug"
"""Understood anywhere on the line."""

app = typer.Typer(
    name="netsitter",
    help="Raises neural networks: prepares the data, starts the network right, checks it before it trains, watches it.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _common(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", metavar="", help="print the version")] = False,
    debug: Annotated[bool, typer.Option(DEBUG, metavar="", help="show the traceback behind an error")] = False,
) -> None:
    if version:
        typer.echo(f"netsitter {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(MISUSE)


for command in (fit, check, cure, search, resume, board, report, predict, rules, explain, summary, activations, init):
    app.command()(command)


def run() -> None:
    """Runs the command line; an error is told on standard error and by the exit code, without a traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    code = _run()
    try:
        sys.stdout.flush()
    except OSError:
        # Whoever read our output has gone, as `head` does; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _run() -> int:
    arguments = [argument for argument in sys.argv[1:] if argument != DEBUG]
    try:
        return app(arguments, prog_name="netsitter", standalone_mode=False) or 0
    except NetsitterError as error:
        return _told(error)
    except (KeyboardInterrupt, typer.Abort):
        print("stopped at once; a run that had begun is kept up to its last checkpoint", file=sys.stderr)
        return 130
    except OSError as error:
        # What our own files meet is told by the code that writes them; what is left is mostly standard output.
        return _told(NetsitterError(f"the system refused: {error}", code="S28", fix="look for a full disk", state=""))
    except SystemExit as gone:
        # The parser's own answer to a closed pipe.
        return 0 if isinstance(gone.__context__, BrokenPipeError) else int(gone.code or 0)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        return _told(_misused(error))


def _told(error: NetsitterError) -> int:
    """Tells the error, and returns the exit code."""
    if DEBUG in sys.argv:
        raise error
    if "--json" in sys.argv:
        print_json({"error": error.as_json()})
    with contextlib.suppress(BrokenPipeError):
        print(f"error: {error}", file=sys.stderr)
    return MISUSE if error.state in ("", NOTHING_WRITTEN) else RESUMABLE


def _misused(error: Exception) -> PlanError:
    """The error of ours for what the parser of the command line refuses."""
    said = error.format_message().rstrip(".")  # type: ignore[attr-defined]
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "netsitter"
    name = getattr(error, "option_name", None)
    if name and "No such option" in said:
        known = [option for parameter in context.command.params for option in parameter.opts] if context else []
        said = f"there is no option {name}.{closest(name, known)}"
    return PlanError(said[0].lower() + said[1:], code="P01", fix=f"{path} --help")
