"""The outputs of each layer: mean, and spread around it, over time."""

from __future__ import annotations

import plotly.graph_objects as go

from netsitter.record.trace import Trace
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.lines import steps_and_values
from netsitter.report.figures.look import NOTE, TRAIN, canvas, safe
from netsitter.report.figures.thinned import plain


def draw(trace: Trace) -> go.Figure:
    (steps, means), (_, spreads) = steps_and_values(trace, "act/mean"), steps_and_values(trace, "act/std")
    figure = canvas("layer, from the first to the last", "output: mean and spread")
    if means.ndim != 2 or spreads.shape != means.shape:
        return figure
    names = [str(name) or "(itself)" for name in trace.watched.get("layers", range(means.shape[1]))]
    labels = [f"{place + 1} {safe(name)}" for place, name in enumerate(names)]
    for at, colour, shift in ((0, NOTE, -0.12), (len(steps) - 1, TRAIN, 0.12)):
        figure.add_scatter(
            x=[place + shift for place in range(means.shape[1])],
            y=plain(means[at]),
            error_y={"type": "data", "array": [value or 0.0 for value in plain(spreads[at])], "thickness": 2},
            mode="markers",
            marker={"size": 8, "color": colour},
            name=f"step {steps[at]:,}",
            hovertemplate="%{text}: %{y:.3g} ± %{error_y.array:.3g}",
            text=labels,
        )
    figure.update_xaxes(tickvals=list(range(len(labels))), ticktext=labels)
    return figure


FIGURE = Entry(
    slug="signals",
    title="Signals through the layers",
    look_for="Bars of about one length from left to right are well. Bars that shrink to nothing or grow from layer to "
    "layer: the weights were drawn too small or too large.",
    place=22,
    needs=("act/std",),
    draw=draw,
)
