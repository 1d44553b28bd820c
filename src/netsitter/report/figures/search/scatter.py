"""The score of every trial over each hyper-parameter; and over rate and penalty together, as colours."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from netsitter.record.trace import Trace
from netsitter.report.figures.axes import Axis, about, axes_of, colour_range, scores_of
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.look import BAD, DEPTH, canvas
from netsitter.report.search_story import trials_of


def draw(trace: Trace) -> go.Figure:
    trials, axes = trials_of(trace), axes_of(trace)
    if not trials or not axes:
        return canvas("hyper-parameter", "score on validation")
    scores = scores_of(trials)
    figure = make_subplots(rows=len(axes), cols=1, vertical_spacing=0.36 / max(len(axes), 1))
    low, high = colour_range(scores)
    finite = scores[np.isfinite(scores)]
    # What lies far below all others stands at the foot, so that the rest can be told apart.
    bottom = max(float(finite.min()) if len(finite) else 0.0, low - 0.5 * (high - low)) - 0.08 * (high - low)
    heights = np.where(np.isfinite(scores), np.maximum(scores, bottom), bottom)
    hover = [about(told) for told in trials]
    for row, axis in enumerate(axes, start=1):
        lost = ~np.isfinite(scores)
        for which, marker, name in (
            (~lost, {"color": scores[~lost].tolist(), "colorscale": DEPTH, "cmin": low, "cmax": high}, "trial"),
            (lost, {"symbol": "x", "color": BAD}, "diverged"),
        ):
            if not which.any():
                continue
            figure.add_scatter(
                x=_placed(axis, which), y=heights[which].tolist(), mode="markers", name=name, legendgroup=name,
                marker={"size": 9, "line": {"width": 0}, **marker}, showlegend=name == "diverged" and row == 1,
                text=[hover[i] for i in np.flatnonzero(which)], hovertemplate="%{text}<extra></extra>", row=row, col=1,
            )  # fmt: skip
        figure.update_xaxes(
            title_text=axis.name, type="log" if axis.log else "-", exponentformat="power", row=row, col=1
        )
        if axis.names:
            figure.update_xaxes(
                type="linear", tickvals=list(range(len(axis.names))), ticktext=list(axis.names), row=row, col=1
            )
    figure.update_yaxes(title_text="score")
    figure.update_layout(template={}, height=70 + 250 * len(axes), margin={"l": 56, "r": 16, "t": 40, "b": 48})
    return figure


def _placed(axis: Axis, which: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in axis.places[which]]


FIGURE = Entry(
    slug="scatter",
    title="Score over each hyper-parameter",
    look_for="A hill: its top is where to be. The best points at the end of a range: the range should move there. A "
    "cloud without a slope: this one does not matter.",
    place=40,
    needs=("searched",),
    draw=draw,
)
