"""Several runs side by side: their curves in one figure, and the fields of the plan in which they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from netsitter.record.trace import Trace
from netsitter.report.figures.lines import add_line, steps_and_values, wide
from netsitter.report.figures.look import LINES, canvas

if TYPE_CHECKING:
    import plotly.graph_objects as go

CURVES = {
    "epoch/val": ("Validation score", "score"),
    "epoch/val_loss": ("Validation loss", "loss"),
    "epoch/train": ("Training score", "score"),
    "loss": ("Loss of the batches", "loss"),
}
"""Series that runs are compared by, with what stands above the figure and along its upright axis."""


def compared(series: str, runs: Sequence[tuple[str, Trace]]) -> go.Figure:
    """One series of several runs, a line each, in the order in which they were picked."""
    curves = [steps_and_values(trace, series) for _, trace in runs]
    log = series in ("loss", "epoch/val_loss") and any(wide(values) for _, values in curves)
    figure = canvas("step", CURVES[series][1], log_y=log)
    for place, ((name, _), (steps_S, values_S)) in enumerate(zip(runs, curves, strict=True)):
        if len(steps_S):
            add_line(figure, steps_S, values_S, escape(name), LINES[place % len(LINES)])
    return figure


def differing_fields(plans: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """The fields of the plan that are not the same in all runs, by dotted name, with the value of each run."""
    flat = [dict(_flat(plan)) for plan in plans]
    names = sorted({name for plan in flat for name in plan})
    rows = [(name, [_text(plan.get(name)) for plan in flat]) for name in names]
    return [(name, values) for name, values in rows if len(set(values)) > 1]


def _flat(plan: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in plan.items():
        found += _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else [(f"{prefix}{name}", value)]
    return found


def _text(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, tuple | list):
        return ",".join(map(str, value)) or "–"
    return f"{value:g}" if isinstance(value, float) else str(value)
