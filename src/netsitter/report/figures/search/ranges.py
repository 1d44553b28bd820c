"""Where each stage of a search looked: the range of every hyper-parameter, and the trials in it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from netsitter.record.events import StageBegan
from netsitter.record.trace import Trace
from netsitter.report.figures.axes import axes_of, scores_of
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.look import GOOD, NOTE, TRAIN, canvas
from netsitter.report.figures.thinned import plain
from netsitter.report.search_story import trials_of

BEST = 0.1
"""Share of a stage's trials that are shown as its best."""


def draw(trace: Trace) -> go.Figure:
    trials, axes, stages = trials_of(trace), [a for a in axes_of(trace) if not a.names], trace.of(StageBegan)
    if not trials or not axes or not stages:
        return canvas("", "stage")
    names = [stage.stage for stage in stages]
    scores = scores_of(trials)
    figure = make_subplots(rows=len(axes), cols=1, vertical_spacing=0.36 / len(axes))
    for row, axis in enumerate(axes, start=1):
        for name in names:
            here = np.array([told.stage == name for told in trials]) & np.isfinite(axis.places)
            if not here.any():
                continue
            places = axis.places[here]
            best = _best(scores[here])
            first = row == 1 and name == names[0]
            label = f"stage {name}"
            figure.add_scatter(
                x=[float(places.min()), float(places.max())], y=[label] * 2, mode="lines", name="range of the trials",
                line={"color": TRAIN, "width": 12}, opacity=0.3, showlegend=first, legendgroup="range",
                hovertemplate="%{x:.3g}<extra></extra>", row=row, col=1,
            )  # fmt: skip
            for which, colour, size, what in ((~best, NOTE, 5, "trials"), (best, GOOD, 10, "the best tenth")):
                figure.add_scatter(
                    x=plain(places[which]), y=[label] * int(which.sum()), mode="markers", name=what, legendgroup=what,
                    marker={"color": colour, "size": size}, showlegend=first, hovertemplate="%{x:.3g}<extra></extra>",
                    row=row, col=1,
                )  # fmt: skip
        figure.update_xaxes(
            title_text=axis.name, type="log" if axis.log else "-", exponentformat="power", row=row, col=1
        )
    figure.update_yaxes(autorange="reversed", type="category")
    height = 80 + len(axes) * (90 + 34 * len(names))
    figure.update_layout(template={}, height=height, margin={"l": 72, "r": 16, "t": 40, "b": 48})
    return figure


def _best(scores: np.ndarray) -> np.ndarray:
    """Which are the best tenth, one at least where there is a score."""
    finite = scores[np.isfinite(scores)]
    if not len(finite):
        return np.zeros(len(scores), bool)
    limit = np.sort(finite)[-max(1, round(BEST * len(finite)))]
    return np.asarray(np.isfinite(scores) & (scores >= limit))


FIGURE = Entry(
    slug="ranges",
    title="Where each stage looked",
    look_for="From stage to stage the range should close in on the green points. A range that moves aside followed its "
    "best trials out of where it began.",
    place=44,
    needs=("searched",),
    draw=draw,
)
