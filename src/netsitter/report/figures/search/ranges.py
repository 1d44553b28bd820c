"""Where each stage of a search looked: the range of every hyper-parameter, and the trials in it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from netsitter.record.events import StageBegan
from netsitter.record.trace import Trace
from netsitter.report.figures.axes import axes_of, scores_of
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.look import GOOD, NOTE, TRAIN, canvas, panels, safe
from netsitter.report.figures.thinned import plain
from netsitter.report.search_story import trials_of

BEST = 0.1
"""Share of a stage's trials that are shown as its best."""


def draw(trace: Trace) -> go.Figure:
    trials, axes = trials_of(trace), [axis for axis in axes_of(trace) if not axis.names]
    begun = {stage.stage: stage for stage in trace.of(StageBegan)}
    stages = list(begun)
    if not trials or not axes or not stages:
        return canvas("", "stage")
    scores = scores_of(trials)
    figure = panels([axis.label for axis in axes], "", each=96 + 34 * len(stages))
    named: set[str] = set()
    for row, axis in enumerate(axes, start=1):
        for stage in stages:
            here = np.array([told.stage == stage for told in trials]) & np.isfinite(axis.places)
            places, best = axis.places[here], _best(scores[here])
            curves = (
                (_range(begun[stage], axis.name, places), "where it looked", "lines",
                 {"line": {"color": TRAIN, "width": 12}, "opacity": 0.3}),
                (places[~best], "trials", "markers", {"marker": {"color": NOTE, "size": 5}}),
                (places[best], "the best tenth", "markers", {"marker": {"color": GOOD, "size": 10}}),
            )  # fmt: skip
            for values, name, mode, style in curves:
                figure.add_scatter(
                    x=plain(values), y=[safe(f"stage {stage}")] * len(values), mode=mode, name=name, legendgroup=name,
                    showlegend=name not in named, hovertemplate="%{x:.3g}<extra></extra>", row=row, col=1, **style,
                )  # fmt: skip
                named.add(name)
        figure.update_xaxes(axis.scale, row=row, col=1)
    figure.update_yaxes(autorange="reversed", type="category")
    return figure


def _range(stage: StageBegan, name: str, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Both ends of where a stage looked; those of its trials where an older journal does not say."""
    axis = stage.axes.get(name, {})
    if "low" in axis and "high" in axis:
        return np.array([axis["low"], axis["high"]], float)
    return np.array([places.min(), places.max()]) if len(places) else places


def _best(scores: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which are the best tenth, one at least where there is a score."""
    finite = np.sort(scores[np.isfinite(scores)])
    limit = finite[-max(1, round(BEST * len(finite)))] if len(finite) else np.inf
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
