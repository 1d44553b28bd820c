"""`netsitter check DATA`: everything that can be said before training."""

from __future__ import annotations

from typing import Annotated

import typer

from netsitter.cli import options as opt
from netsitter.cli.verdict import checked_severity, code_of


def check(
    context: typer.Context,
    data: Annotated[str | None, typer.Argument(help="as for fit")] = None,
    net: opt.Net = None,
    act: opt.Act = None,
    prepare: opt.Prepare = None,
    init: opt.Init = None,
    norm: opt.Norm = None,
    l2: opt.L2 = None,
    optim: opt.Optim = None,
    lr: opt.Lr = None,
    dropout: opt.Dropout = None,
    epochs: opt.Epochs = None,
    batch: opt.Batch = None,
    seed: opt.Seed = None,
    resize: opt.Resize = None,
    task: opt.Task = None,
    plan: opt.PlanFile = None,
    sets: opt.Set = None,
    data_dir: opt.DataDir = None,
    select: opt.Select = None,
    ignore: opt.Ignore = None,
    json: opt.AsJson = False,
    quiet: opt.Quiet = False,
    fail_on: opt.FailOn = "error",
) -> None:
    """Say everything that can be said before training: of the data, the network, its start, the loss and the rate."""
    from netsitter.doors.check import check as check_door

    checked_severity(fail_on)
    report = check_door(data, plan=plan, show=not (json or quiet), data_dir=data_dir, options=opt.asked(context))
    if json:
        opt.print_json(report.as_json())
    elif quiet:
        typer.echo(report)
    raise typer.Exit(code_of(report.findings, report.checks, fail_on))
