"""`netsitter search DATA`: hyper-parameters, coarse to fine; the winner trained in full."""

from __future__ import annotations

from typing import Annotated

import typer

from netsitter.cli import options as opt
from netsitter.cli.board import Board, begin_beside
from netsitter.cli.verdict import FOUND, checked_severity, code_of


def search(
    context: typer.Context,
    data: Annotated[str | None, typer.Argument(help="as for fit")] = None,
    net: opt.Net = None,
    space: Annotated[
        list[str] | None,
        typer.Option(
            "--space",
            metavar="NAME=RANGE",
            help="optim.lr=log:1e-6:1e-3, net.act=relu,elu; may be repeated; or usual, or wide",
        ),
    ] = None,
    trials: Annotated[
        int | None, typer.Option("--trials", metavar="N", help="in all stages together; 100, or what the budget allows")
    ] = None,
    budget: Annotated[
        str | None, typer.Option("--budget", metavar="TIME", help="90s, 10min, 1h for all trials")
    ] = None,
    folds: Annotated[
        int | None, typer.Option("--folds", metavar="K", help="judge each trial by K folds instead of one hold-out")
    ] = None,
    metric: Annotated[str, typer.Option("--metric", metavar="NAME", help="score or loss, on validation")] = "score",
    stages: Annotated[int, typer.Option("--stages", metavar="N", help="from 1 to 3")] = 3,
    sampler: Annotated[
        str, typer.Option("--sampler", metavar="NAME", help="random, sobol, grid, tpe or cmaes")
    ] = "random",
    engine: Annotated[
        str,
        typer.Option("--engine", metavar="NAME", help="what trains: here, processes or ray; the trials are the same"),
    ] = "here",
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", help="cohorts at the same time; as many as processors")
    ] = None,
    address: Annotated[
        str | None, typer.Option("--address", metavar="HOST:PORT", help="of a Ray cluster; else one is begun here")
    ] = None,
    cohort: Annotated[
        int, typer.Option("--cohort", metavar="N", help="trials trained as one at most; fewer keep more workers busy")
    ] = 16,
    allow_public: Annotated[
        bool,
        typer.Option("--allow-public", metavar="", help="a Ray cluster will do whose dashboard lets anybody run code"),
    ] = False,
    act: opt.Act = None,
    prepare: opt.Prepare = None,
    init: opt.Init = None,
    norm: opt.Norm = None,
    dropout: opt.Dropout = None,
    optim: opt.Optim = None,
    schedule: opt.Schedule = None,
    epochs: opt.Epochs = None,
    batch: opt.Batch = None,
    seed: opt.Seed = None,
    plan: opt.PlanFile = None,
    sets: opt.Set = None,
    resume: Annotated[
        str | None, typer.Option("--resume", metavar="FOLDER", help="go on with a search that was broken off")
    ] = None,
    data_dir: opt.DataDir = None,
    runs: Annotated[str, typer.Option("--runs", metavar="FOLDER", help="where its folders are made")] = "runs",
    board: Board = False,
    json: opt.AsJson = False,
    quiet: opt.Quiet = False,
    fail_on: opt.FailOn = "error",
) -> None:
    """Search hyper-parameters: few epochs in wide ranges, then longer in narrower ones; ranges move where they must."""
    from netsitter.doors.search import search as search_door

    checked_severity(fail_on)
    begin_beside(context, runs, wanted=board)
    found = search_door(
        data, space=space or "usual", trials=trials, stages=stages, sampler=sampler, budget=budget,
        folds=folds, metric=metric, plan=plan, resume=resume, runs=runs,
        show=not (json or quiet), data_dir=data_dir, engine=engine, workers=workers, address=address,
        allow_public=allow_public, cohort=cohort, options=opt.asked(context),
    )  # fmt: skip
    if json:
        opt.print_json(found.as_json())
    elif quiet:
        typer.echo(found)
    raise typer.Exit(FOUND if found.study.best is None else code_of(found.findings, [], fail_on))
