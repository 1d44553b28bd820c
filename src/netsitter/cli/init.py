"""`netsitter init`: writes a plan file in which every option stands with its meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from netsitter.cli import options as opt
from netsitter.errors import PlanError
from netsitter.plan.files import commented_plan
from netsitter.plan.plan import Plan
from netsitter.plan.short import with_options
from netsitter.record.durable import write_durably


def init(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="where to write it; - prints it")] = "netsitter.toml",
    net: opt.Net = None,
    sets: opt.Set = None,
    force: Annotated[bool, typer.Option("--force", metavar="", help="write over a file that is there")] = False,
) -> None:
    """Write a plan file in which every option stands with its meaning, unit and bounds."""
    text = commented_plan(with_options(Plan(), opt.asked(context)))
    if file == "-":
        typer.echo(text, nl=False)
        return
    path = Path(file)
    if path.exists() and not force:
        raise PlanError(f"{file} is there already", code="P08", fix="--force writes over it; another name leaves it")
    if not path.parent.is_dir():
        raise PlanError(f"{path.parent} is no folder", code="P08", fix="make it first")
    write_durably(path, text.encode())
    typer.echo(f"{file} is written. Use it:  netsitter fit DATA --plan {file}")
