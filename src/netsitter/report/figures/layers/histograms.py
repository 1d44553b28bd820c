"""How the outputs of each layer are spread, over time: a panel a layer."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from netsitter.record.trace import Trace
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.lines import evenly, steps_and_values
from netsitter.report.figures.look import SHARE, canvas, panels, safe
from netsitter.report.figures.thinned import plain

MOST_PANELS, MOST_LOOKS = 6, 60

REACH = 4
"""Spreads from the mean to each end of a histogram, as they are measured."""


def draw(trace: Trace) -> go.Figure:
    steps, shares = steps_and_values(trace, "act/histogram")
    if shares.ndim != 3:
        return canvas("step", "spreads from the mean")
    names = trace.watched.get("layers", range(shares.shape[1]))
    layers, looks = evenly(shares.shape[1], MOST_PANELS), evenly(len(steps), MOST_LOOKS)
    bins = shares.shape[2]
    middles = [round((2 * at + 1 - bins) * REACH / bins, 3) for at in range(bins)]
    figure = panels(["step"] * len(layers), "", each=110)
    for row, place in enumerate(layers, start=1):
        figure.add_heatmap(
            x=[f"{steps[at]:,}" for at in looks], y=middles, z=[plain(line) for line in shares[looks, place].T],
            zmin=0, zmax=float(np.nanmax(shares, initial=0.05)), colorscale=[list(stop) for stop in SHARE],
            colorbar={"tickformat": ".0%", "thickness": 12}, showscale=row == 1, hoverongaps=False, xgap=1,
            hovertemplate="step %{x}, %{y} spreads: %{z:.1%}<extra></extra>", row=row, col=1,
        )  # fmt: skip
        figure.update_xaxes(type="category", showgrid=False, nticks=12, row=row, col=1)
        figure.update_yaxes(title_text=f"{place + 1} {safe(names[place]) or '(itself)'}", row=row, col=1)
    figure.update_xaxes(title_text="", selector=lambda axis: axis.anchor != f"y{len(layers)}")
    figure.update_yaxes(showgrid=False)
    return figure


FIGURE = Entry(
    slug="histograms",
    title="Outputs of the layers over time",
    look_for="Each column is a histogram, in spreads from the mean. A soft band is well. All at one height: nearly "
    "every output is the same. Two bands at the ends: the layer is saturated.",
    place=25,
    needs=("act/histogram",),
    draw=draw,
)
