"""`netsitter fit DATA`: prepare, check, train, watch, save."""

from __future__ import annotations

from typing import Annotated

import typer

from netsitter.cli import options as opt
from netsitter.cli.board import Board, begin_beside
from netsitter.cli.cure import checked_when, cured_run
from netsitter.cli.verdict import as_json, checked_severity, exit_code


def fit(
    context: typer.Context,
    data: Annotated[
        str | None, typer.Argument(help="a folder, an archive, a file, or a known name; else data.source of the plan")
    ] = None,
    net: opt.Net = None,
    act: opt.Act = None,
    prepare: opt.Prepare = None,
    init: opt.Init = None,
    norm: opt.Norm = None,
    dropout: opt.Dropout = None,
    optim: opt.Optim = None,
    lr: opt.Lr = None,
    l2: opt.L2 = None,
    schedule: opt.Schedule = None,
    epochs: opt.Epochs = None,
    batch: opt.Batch = None,
    seed: opt.Seed = None,
    device: opt.Device = None,
    resize: opt.Resize = None,
    task: opt.Task = None,
    plan: opt.PlanFile = None,
    sets: opt.Set = None,
    data_dir: opt.DataDir = None,
    download: opt.Download = False,
    runs: Annotated[str, typer.Option("--runs", metavar="FOLDER", help="where the run's own folder is made")] = "runs",
    name: Annotated[str | None, typer.Option("--name", help="of the run's folder, behind the date")] = None,
    keep_going: opt.KeepGoing = False,
    cure: Annotated[
        str,
        typer.Option("--cure", metavar="WHEN", help="try remedies of what is wrong, and train anew: auto, ask, off"),
    ] = "off",
    select: opt.Select = None,
    ignore: opt.Ignore = None,
    board: Board = False,
    json: opt.AsJson = False,
    quiet: opt.Quiet = False,
    fail_on: opt.FailOn = "error",
) -> None:
    """Raise a network on DATA: prepare it, check before training, train, watch, save.

    With no option everything is chosen from the data, and said.
    """
    from netsitter.doors.fit import fit as fit_door

    checked_severity(fail_on)
    checked_when(cure)
    begin_beside(context, runs, wanted=board)
    run = fit_door(
        data,
        plan=plan,
        runs=runs,
        name=name,
        show=not (json or quiet),
        data_dir=data_dir,
        download=download,
        options={"rules.stop": False if keep_going else None, **opt.asked(context)},
    )
    cured = cured_run(run, cure, runs=runs, show=not (json or quiet))
    last = run if cured is None or cured.run is None else cured.run
    if json:
        opt.print_json(as_json(run) | ({"cure": cured.as_json()} if cured is not None else {}))
    elif quiet:
        typer.echo(last)
    raise typer.Exit(exit_code(last, fail_on))
