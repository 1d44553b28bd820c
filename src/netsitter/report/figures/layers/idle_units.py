"""The share of dead and of saturated units, by layer and step."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from netsitter.record.trace import Trace
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.heat import add_heat
from netsitter.report.figures.lines import steps_and_values
from netsitter.report.figures.look import MUCH_IS_BAD, canvas, safe

MOST_WHOLE = 8
"""Layers up to which those without any dead unit are drawn too."""


def draw(trace: Trace) -> go.Figure:
    (steps, dead), (_, flat) = steps_and_values(trace, "act/dead"), steps_and_values(trace, "act/saturated")
    figure = canvas("step", "")
    if dead.ndim != 2 or flat.shape != dead.shape:
        return figure
    idle = np.fmax(dead, flat)
    names = trace.watched.get("layers", range(idle.shape[1]))
    labels = [f"{place + 1} {safe(name) or '(itself)'}" for place, name in enumerate(names)]
    if len(labels) > MOST_WHOLE:
        some = np.flatnonzero((idle > 0).any(axis=0))
        kept = some if len(some) else np.arange(MOST_WHOLE)
        figure.add_annotation(
            text=f"{len(labels) - len(kept)} of {len(labels)} layers have none, and are left out", showarrow=False,
            x=0, y=1, xref="paper", yref="paper", xanchor="left", yanchor="bottom",
        )  # fmt: skip
        labels, idle = [labels[place] for place in kept], idle[:, kept]
    add_heat(
        figure, steps, idle, labels, zmin=0, zmax=1, colorscale=[list(stop) for stop in MUCH_IS_BAD],
        colorbar={"tickformat": ".0%", "thickness": 12}, hovertemplate="%{y}, step %{x}: %{z:.1%}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(height=140 + 28 * max(2, min(len(labels), 60)))
    return figure


FIGURE = Entry(
    slug="idle-units",
    title="Dead or saturated units by layer",
    look_for="Pale is well. Red: units that answer 0 on every row, or lie at the flat end of their activation, so that "
    "they no longer learn. Some dead ReLUs are usual; more than half of a layer are not.",
    place=23,
    needs=("act/dead",),
    draw=draw,
)
