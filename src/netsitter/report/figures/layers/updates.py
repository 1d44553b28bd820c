"""How far one step moves each weight, as a share of the weight's length."""

from __future__ import annotations

import plotly.graph_objects as go

from netsitter.record.trace import Trace
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.lines import add_layers, mark_findings, steps_and_values
from netsitter.report.figures.look import HEALTHY, canvas

BAND = (1e-4, 1e-2)
"""A tenth and ten times the usual 1e-3 of a step over the length of the weights."""


def draw(trace: Trace) -> go.Figure:
    steps, ratios = steps_and_values(trace, "update/ratio")
    figure = canvas("step", "step ÷ weights, log scale", log_y=True)
    figure.add_hrect(*BAND, fillcolor=HEALTHY, line_width=0, layer="below")
    if ratios.ndim == 2:
        add_layers(figure, steps, ratios, trace.watched.get("weights", ()))
    mark_findings(figure, trace)
    return figure


FIGURE = Entry(
    slug="updates",
    title="How far a step moves the weights",
    look_for="The green band around 1e-3 is healthy. Far below it the rate is too low, or a layer is cut off; far "
    "above it each step throws away what the steps before have learned.",
    place=20,
    needs=("update/ratio",),
    draw=draw,
)
