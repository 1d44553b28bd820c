"""`netsitter predict RUN DATA`: what a run's network says of new rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from netsitter.cli import options as opt


def predict(
    run: Annotated[str, typer.Argument(help="the run's folder")],
    data: Annotated[str, typer.Argument(help="an image, a folder of images, or anything that fit reads")],
    net: Annotated[
        str | None,
        typer.Option("--net", metavar="FILE.py:NAME", help="the user's own network, if it has one; its code is run"),
    ] = None,
    out: Annotated[str | None, typer.Option("--out", metavar="FILE", help="write the table there")] = None,
    json: opt.AsJson = False,
) -> None:
    """Print a prediction a row, as CSV, with the probability of each class; and the score, where rows are labelled."""
    from netsitter.doors.predict import predictions
    from netsitter.doors.run import open_run
    from netsitter.record.durable import write_durably

    found = predictions(open_run(run, net=net), data)
    if json:
        opt.print_json(found.as_json())
    elif out:
        write_durably(Path(out), found.as_csv().encode())
        typer.echo(f"the table is in {out}; rows: {len(found.rows):,}")
    else:
        typer.echo(found.as_csv(), nl=False)
    if found.score is not None and not json:
        typer.echo(f"score {found.score['score']:.4f} on {found.score['rows']:,} labelled rows", err=True)
