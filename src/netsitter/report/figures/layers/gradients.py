"""The norm of the gradient of each weight over time."""

from __future__ import annotations

import plotly.graph_objects as go

from netsitter.record.trace import Trace
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.lines import add_layers, mark_findings, steps_and_values
from netsitter.report.figures.look import canvas


def draw(trace: Trace) -> go.Figure:
    steps, norms = steps_and_values(trace, "grad/norm")
    figure = canvas("step", "norm of the gradient, log scale", log_y=True)
    if norms.ndim == 2:
        add_layers(figure, steps, norms, trace.watched.get("weights", ()))
    mark_findings(figure, trace)
    return figure


FIGURE = Entry(
    slug="gradients",
    title="Gradients by layer",
    look_for="Lines should lie within a factor of a hundred or so of each other. The first layers (blue) far below the "
    "last (orange): the gradient vanishes on its way back. Lines that shoot up: it explodes.",
    place=21,
    needs=("grad/norm",),
    draw=draw,
)
