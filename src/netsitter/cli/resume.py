"""`netsitter resume RUN`: goes on with a run that was stopped or killed."""

from __future__ import annotations

from typing import Annotated

import typer

from netsitter.cli import options as opt
from netsitter.cli.verdict import as_json, checked_severity, exit_code


def resume(
    run: Annotated[str, typer.Argument(help="the run's folder")],
    net: Annotated[
        str | None,
        typer.Option("--net", metavar="FILE.py:NAME", help="the user's own network, if it has one; its code is run"),
    ] = None,
    data_dir: opt.DataDir = None,
    json: opt.AsJson = False,
    quiet: opt.Quiet = False,
    fail_on: opt.FailOn = "error",
) -> None:
    """Go on with a run that was stopped or killed; it ends as if it had not been."""
    from netsitter.doors.fit import resume as resume_door

    checked_severity(fail_on)
    resumed = resume_door(run, net=net, show=not (json or quiet), data_dir=data_dir)
    if json:
        opt.print_json(as_json(resumed))
    elif quiet:
        typer.echo(resumed)
    raise typer.Exit(exit_code(resumed, fail_on))
