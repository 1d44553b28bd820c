"""`netsitter cure RUN`: the remedies of its findings, tried and measured; what helps is kept."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from netsitter.cli import options as opt
from netsitter.cli.verdict import checked_severity, code_of
from netsitter.errors import PlanError, closest, shown
from netsitter.record.events import Outcome

if TYPE_CHECKING:
    from netsitter.doors.cure import Cured
    from netsitter.doors.run import Run


WHEN = ("auto", "ask", "off")
"""When `fit --cure` tries remedies."""


def checked_when(when: str) -> str:
    """The value of --cure. Raises PlanError for an unknown one, and for "ask" where nobody can answer."""
    if when not in WHEN:
        raise PlanError(f"--cure = {shown(when)}: unknown.{closest(when, WHEN)}", code="P71", allowed=", ".join(WHEN))
    if when == "ask" and not sys.stdin.isatty():
        raise PlanError("--cure ask needs a terminal to ask in", code="P71", fix="--cure auto")
    return when


def cured_run(run: Run, when: str, *, runs: str, show: bool) -> Cured | None:
    """What came of curing a run that has something above a note; None where there is nothing, or it is not wanted."""
    from netsitter.doors.cure import cure as cure_door

    wrong = [finding for finding in run.findings if finding.severity != "note"]
    if when == "off" or not wrong or run.outcome is Outcome.INTERRUPTED:
        return None
    if when == "ask" and not typer.confirm(
        f"Try the remedies of {', '.join(f.slug for f in wrong[:3])}?", default=True
    ):
        return None
    return cure_door(run, train=True, runs=runs, show=show)


def cure(
    run: Annotated[str, typer.Argument(help="the run's folder")],
    net: Annotated[
        str | None,
        typer.Option("--net", metavar="FILE.py:NAME", help="the user's own network, if it has one; its code is run"),
    ] = None,
    train: Annotated[
        bool, typer.Option("--train", metavar="", help="train the cured network in full, as a new run")
    ] = False,
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", help="seeds of each experiment, from 2 to 10")] = 3,
    budget: Annotated[
        float, typer.Option("--budget", metavar="TRAININGS", help="what all experiments may cost, in trainings")
    ] = 1.5,
    runs: Annotated[str, typer.Option("--runs", metavar="FOLDER", help="where the new run's folder is made")] = "runs",
    data_dir: opt.DataDir = None,
    json: opt.AsJson = False,
    quiet: opt.Quiet = False,
    fail_on: opt.FailOn = "error",
) -> None:
    """Try the remedies of a run's findings beside the network as it is, measure each over seeds, keep what helps.

    The run stays as it is; the plan with what helped is written into its folder.
    """
    from netsitter.doors.cure import cure as cure_door

    checked_severity(fail_on)
    cured = cure_door(
        run, net=net, train=train, seeds=seeds, budget=budget, runs=runs, data_dir=data_dir, show=not (json or quiet)
    )
    if json:
        opt.print_json({"run": run, **cured.as_json()})
    elif quiet:
        typer.echo(cured)
    raise typer.Exit(code_of(list(cured.left), [], fail_on))
