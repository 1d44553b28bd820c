"""The command `netsitter`: its commands, and how an error reaches the user."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from netsitter import __version__
from netsitter.cli.activations import activations
from netsitter.cli.check import check
from netsitter.cli.fit import fit
from netsitter.cli.init import init
from netsitter.cli.predict import predict
from netsitter.cli.resume import resume
from netsitter.cli.summary import summary
from netsitter.cli.verdict import MISUSE, RESUMABLE
from netsitter.errors import NOTHING_WRITTEN, NetsitterError

app = typer.Typer(
    name="netsitter",
    help="Raises neural networks: prepares the data, starts the network right, checks it before it trains, watches every step.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _common(
    version: Annotated[bool, typer.Option("--version", help="print the version")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="show the traceback behind an error")] = False,
) -> None:
    if version:
        typer.echo(f"netsitter {__version__}")
        raise typer.Exit


for command in (fit, check, resume, predict, summary, activations, init):
    app.command()(command)


def run() -> None:
    """Runs the command line; an error of ours is told on standard error and by the exit code, without a traceback."""
    debug = "--debug" in sys.argv
    try:
        app()
    except NetsitterError as error:
        if debug:
            raise
        if "--json" in sys.argv:
            from netsitter.cli.options import print_json

            print_json({"error": error.as_json()})
        print(f"error: {error}", file=sys.stderr)
        sys.exit(MISUSE if error.state in ("", NOTHING_WRITTEN) else RESUMABLE)
    except KeyboardInterrupt:
        print("stopped before the training began; nothing is lost", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
