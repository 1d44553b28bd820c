"""`netsitter summary`: the table of a network before it trains."""

from __future__ import annotations

from typing import Annotated

import typer

from netsitter.cli import options as opt
from netsitter.errors import PlanError, shown
from netsitter.plan.choose import DataShape, choose
from netsitter.plan.plan import Plan
from netsitter.plan.short import with_options
from netsitter.report.summary_text import summary_text

ROWS = 50_000
"""Of the training part, as far as choosing a network asks for them."""


def summary(
    context: typer.Context,
    input_: Annotated[
        str,
        typer.Option("--input", metavar="SHAPE", help="32x32x3 (height, width, channels) of an image, 100 of a row"),
    ],
    net: opt.Net = None,
    outputs: Annotated[int, typer.Option("--outputs", min=1, help="classes, or numbers in the target")] = 10,
    act: opt.Act = None,
    norm: opt.Norm = None,
    dropout: opt.Dropout = None,
    sets: opt.Set = None,
    json: opt.AsJson = False,
) -> None:
    """Show each layer of a network before it trains: output, parameters, multiply-adds, memory, what it sees."""
    from netsitter.nn.build import build
    from netsitter.nn.summary import summary as summary_of

    example = example_of(input_)
    wanted = with_options(Plan(), opt.asked(context))
    shape = DataShape(image=len(example) == 3, example=example, rows=ROWS, task="classify", outputs=outputs)
    plan, _ = choose(wanted, shape)
    told = summary_of(build(plan.net, example=example, outputs=outputs), example)
    if json:
        opt.print_json({"net": plan.net.model_dump(mode="json"), "summary": told.as_json()})
    else:
        typer.echo(summary_text(told))


def example_of(text: str) -> tuple[int, ...]:
    """(C, Y, X) of "32x32x3", (1, 28, 28) of "28x28", (100,) of "100". Raises PlanError."""
    sides = text.lower().replace(",", "x").replace(" ", "").split("x")
    if not 1 <= len(sides) <= 3 or not all(side.isdecimal() and int(side) > 0 for side in sides):
        raise PlanError(
            f"--input = {shown(text)} is no shape",
            code="P48",
            allowed="HEIGHTxWIDTHxCHANNELS or HEIGHTxWIDTH of an image, one number for a row",
            fix="--input 32x32x3",
        )
    if len(sides) == 1:
        return (int(sides[0]),)
    height, width, channels = (*map(int, sides), 1)[:3]
    return channels, height, width
