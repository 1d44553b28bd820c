"""Several runs side by side: their curves in one figure, and the fields of the plan in which they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from netsitter.report.figures.lines import add_line, wide
from netsitter.report.figures.look import LINES, canvas, safe

if TYPE_CHECKING:
    import plotly.graph_objects as go

CURVES = {
    "val": ("epoch/val", "Validation score", "score"),
    "val-loss": ("epoch/val_loss", "Validation loss", "loss"),
    "train": ("epoch/train", "Training score", "score"),
    "loss": ("loss", "Loss of the batches", "loss"),
}
"""What runs are compared by: the series, what stands above the figure, and along its upright axis."""

Line = tuple[str, NDArray[np.int64], NDArray[np.float64]]
"""A run's name, and one of its series: steps (S,), values (S,)."""


def compared(slug: str, runs: Sequence[Line]) -> go.Figure:
    """One series of several runs, a line each, in the order in which they were picked."""
    _, _, unit = CURVES[slug]
    figure = canvas("step", unit, log_y=unit == "loss" and any(wide(values_S) for _, _, values_S in runs))
    for place, (name, steps_S, values_S) in enumerate(runs):
        if len(steps_S):
            add_line(figure, steps_S, values_S, safe(name), LINES[place % len(LINES)])
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
