"""`netsitter activations`: the fact sheet of the activations, computed on the spot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from netsitter.cli import options as opt

if TYPE_CHECKING:
    from netsitter.nn.fact_sheet import Facts

NOTES = (
    "range: of the outputs. centred: mean output 0 for inputs from N(0, 1). flat: where the slope stays under 0.001.",
    "slope: the largest. dies: slope of exactly 0 on one side. gain: of initial weights. cost: in ReLUs, measured.",
)
"""What the columns mean."""


def activations(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="as relu or leaky_relu:0.2; else all")
    ] = None,
    measure: Annotated[
        bool, typer.Option("--measure", metavar="", help="measure also what each costs, in multiples of ReLU")
    ] = False,
    json: opt.AsJson = False,
) -> None:
    """Show what each activation is like: range, centre, where it saturates, largest slope, whether it dies, gain."""
    from netsitter.nn.fact_sheet import fact_sheet

    sheet = fact_sheet(names, measure=measure)
    if json:
        opt.print_json({"activations": [facts.as_json() for facts in sheet]})
        return
    head = ("name", "formula", "range", "centred", "flat", "slope", "dies", "gain", "cost")
    rows = [head, *(_row(facts) for facts in sheet)]
    rows = rows if measure else [row[:-1] for row in rows]
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        typer.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, wide, strict=True)).rstrip())
    typer.echo("\n" + "\n".join(NOTES))


def _row(facts: Facts) -> tuple[str, ...]:
    low = "-inf" if facts.low is None else f"{facts.low:.3g}"
    high = "inf" if facts.high is None else f"{facts.high:.3g}"
    flat = [f"below {facts.flat_below:g}"] if facts.flat_below is not None else []
    flat += [f"above {facts.flat_above:g}"] if facts.flat_above is not None else []
    return (
        facts.name,
        facts.formula,
        f"{low} .. {high}",
        "yes" if facts.zero_centred else f"no, {facts.mean:.2f}",
        ", ".join(flat) or "nowhere",
        f"{facts.largest_slope:.3g}",
        "yes" if facts.dies else "no",
        f"{facts.gain:.4g}",
        "" if facts.cost is None else f"{facts.cost:.1f}",
    )
