"""The score of every trial over each hyper-parameter, a panel each."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from netsitter.record.trace import Trace
from netsitter.report.figures.axes import MANY, about, axes_of, colour_range, scores_of
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.look import BAD, DEPTH, canvas, panels
from netsitter.report.figures.thinned import plain
from netsitter.report.search_story import trials_of


def draw(trace: Trace) -> go.Figure:
    trials, axes = trials_of(trace), axes_of(trace)
    if not trials or not axes:
        return canvas("hyper-parameter", "score on validation")
    scores = scores_of(trials)
    lost, (low, high) = ~np.isfinite(scores), colour_range(scores)
    # What lies far below all others stands at the foot, so that the rest can be told apart.
    foot = max(float(scores[~lost].min(initial=high)), low - 0.5 * (high - low)) - 0.08 * (high - low)
    heights = np.where(lost, foot, np.maximum(scores, foot))
    hover = np.array([about(told, brief=len(trials) > MANY) for told in trials])
    reached = {"color": plain(scores[~lost]), "colorscale": list(DEPTH), "cmin": low, "cmax": high}
    figure = panels([axis.label for axis in axes], "score", each=250)
    for row, axis in enumerate(axes, start=1):
        for which, name, marker in ((~lost, "trial", reached), (lost, "no score", {"symbol": "x", "color": BAD})):
            if which.any():
                figure.add_scatter(
                    x=plain(axis.places[which]), y=plain(heights[which]), text=hover[which].tolist(), name=name,
                    mode="markers", marker={"size": 9, "line": {"width": 0}, **marker}, legendgroup=name,
                    showlegend=name == "no score" and row == 1, hovertemplate="%{text}<extra></extra>", row=row, col=1,
                )  # fmt: skip
        figure.update_xaxes(axis.scale, row=row, col=1)
    return figure


FIGURE = Entry(
    slug="scatter",
    title="Score over each hyper-parameter",
    look_for="A hill: its top is where to be. The best points at the end of a range: the range should move there. "
    "A cloud without a slope: this one does not matter.",
    place=40,
    needs=("searched",),
    draw=draw,
)
