"""`netsitter report RUN`: one HTML file that tells what a run, a search or a cure came to."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from netsitter.cli import options as opt


def report(
    run: Annotated[str, typer.Argument(help="the folder of a run or a search; it may still be going on")],
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="where to write it; else report.html in the folder")
    ] = None,
    show: Annotated[bool, typer.Option("--open", metavar="", help="show it in the browser")] = False,
    json: opt.AsJson = False,
) -> None:
    """Write the report of a run, a search or a cure: one HTML file, made from the journal, needing no network."""
    from netsitter.report.page_file import report_of

    path = report_of(Path(run), Path(out) if out else None)
    if json:
        opt.print_json({"report": str(path), "bytes": path.stat().st_size})
    else:
        typer.echo(f"the report: {path}")
    if show:
        webbrowser.open(path.resolve().as_uri())
