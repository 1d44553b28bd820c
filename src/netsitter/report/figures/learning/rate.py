"""The learning rate of each step."""

from __future__ import annotations

import plotly.graph_objects as go

from netsitter.record.trace import Trace
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.lines import add_line, steps_and_values, wide
from netsitter.report.figures.look import TRAIN, canvas


def draw(trace: Trace) -> go.Figure:
    steps, rates = steps_and_values(trace, "lr")
    log = wide(rates)
    figure = canvas("step", "learning rate, log scale" if log else "learning rate", log_y=log)
    if len(steps):
        add_line(figure, steps, rates, "learning rate", TRAIN)
    figure.update_layout(showlegend=False)
    return figure


FIGURE = Entry(
    slug="rate",
    title="Learning rate",
    look_for="What the schedule did. Hold it beside the loss: a fall of the loss at the moment when the rate falls "
    "says that the rate was too high before.",
    place=12,
    needs=("lr",),
    draw=draw,
)
