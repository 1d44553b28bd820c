"""The options that several commands share, their help taken from the plan's own fields."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from netsitter.errors import PlanError, shown
from netsitter.plan.files import parsed
from netsitter.plan.plan import field_at
from netsitter.plan.short import SHORT

SCHEMA = 1
"""Of every JSON object that a command prints."""


def plan_option(name: str, metavar: str) -> Any:
    """An option of a command for a field of the plan, given as text; the plan itself checks it."""
    path = SHORT[name][0]
    about = "mlp:50, mlp:100,100, conv, lenet or FILE.py:build" if path == "net" else field_at(path).description
    return typer.Option(f"--{name}", metavar=metavar, help=about, rich_help_panel="The plan")


Net = Annotated[str | None, plan_option("net", "NET")]
Act = Annotated[str | None, plan_option("act", "NAME")]
Prepare = Annotated[str | None, plan_option("prepare", "NAME")]
Init = Annotated[str | None, plan_option("init", "NAME")]
Norm = Annotated[str | None, plan_option("norm", "NAME")]
Dropout = Annotated[str | None, plan_option("dropout", "SHARE")]
Optim = Annotated[str | None, plan_option("optim", "NAME")]
Lr = Annotated[str | None, plan_option("lr", "RATE")]
L2 = Annotated[str | None, plan_option("l2", "STRENGTH")]
Schedule = Annotated[str | None, plan_option("schedule", "NAME")]
Epochs = Annotated[str | None, plan_option("epochs", "N")]
Batch = Annotated[str | None, plan_option("batch", "ROWS")]
Seed = Annotated[str | None, plan_option("seed", "N")]
Device = Annotated[str | None, plan_option("device", "NAME")]
Resize = Annotated[str | None, plan_option("resize", "WxH")]
Task = Annotated[str | None, plan_option("task", "NAME")]
PlanFile = Annotated[
    str | None, typer.Option("--plan", metavar="FILE", help="a plan file; options are set on top of it")
]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="any field of the plan, as optim.lr=1e-3; may be repeated"),
]
Select = Annotated[
    list[str] | None,
    typer.Option("--select", metavar="RULES", help="only these rules: codes, slugs, families (ACT), with commas"),
]
Ignore = Annotated[
    list[str] | None, typer.Option("--ignore", metavar="RULES", help="all rules but these; may be repeated")
]
KeepGoing = Annotated[
    bool, typer.Option("--keep-going", metavar="", help="train to the end even where going on is useless")
]
DataDir = Annotated[
    str | None,
    typer.Option("--data-dir", metavar="FOLDER", help="where known data sets lie; NETSITTER_DATA says it too"),
]
Download = Annotated[bool, typer.Option("--download", metavar="", help="fetch a known data set that is not there")]
AsJson = Annotated[
    bool, typer.Option("--json", metavar="", help="one JSON object on standard output, and nothing else")
]
Quiet = Annotated[bool, typer.Option("--quiet", metavar="", help="print the result only")]
FailOn = Annotated[
    str,
    typer.Option(
        "--fail-on",
        metavar="SEVERITY",
        help="exit with 1 on a finding or check as grave as this: note, warning, error or never",
    ),
]


def asked(context: typer.Context) -> dict[str, Any]:
    """The options of a command that stand for fields of the plan, by short name, and `--set` on top of them."""
    given = {name: value for name, value in context.params.items() if name in SHORT}
    rules = {name: _listed(given[name]) for name in ("select", "ignore") if name in given}
    return {**given, **rules, **_from_sets(context.params["sets"])}


def _from_sets(sets: list[str] | None) -> dict[str, Any]:
    """`--set optim.lr=1e-3` as {"optim.lr": 0.001}. Raises PlanError for what is no assignment."""
    values = {}
    for text in sets or ():
        name, equals, value = text.partition("=")
        if not equals:
            raise PlanError(f"--set takes NAME=VALUE; got {shown(text)}", code="P06", fix="--set optim.lr=1e-3")
        values[name.strip()] = parsed(value.strip())
    return values


def _listed(texts: list[str] | None) -> tuple[str, ...] | None:
    """The names of a repeatable option in which commas stand too; None when it was not given."""
    return tuple(name.strip() for text in texts for name in text.split(",")) if texts else None


def print_json(values: dict[str, Any]) -> None:
    """One JSON object on standard output."""
    typer.echo(json.dumps({"schema": SCHEMA, **values}, default=str))
