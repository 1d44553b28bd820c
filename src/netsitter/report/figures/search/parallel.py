"""Every trial as a line through all its hyper-parameters to its score."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.colors import sample_colorscale

from netsitter.record.trace import Trace
from netsitter.report.figures.axes import Axis, axes_of, colour_range, scores_of
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.look import DEPTH, NOTE, canvas
from netsitter.report.figures.thinned import plain
from netsitter.report.search_story import trials_of

SHADES = 8
"""Colours that scores are sorted into: lines of one colour are one curve."""

MOST_LINES = 400
"""Trials that are drawn: of more, the best of them."""


def draw(trace: Trace) -> go.Figure:
    axes, scores = axes_of(trace), scores_of(trials_of(trace))
    figure = canvas("", "", height=420)
    best_last = np.argsort(scores, kind="stable")[: int(np.isfinite(scores).sum())][-MOST_LINES:]
    if not len(best_last):
        return figure
    low, high = colour_range(scores)
    columns = [*axes, Axis("score", scores, False)]
    heights = np.stack([_heights(axis, best_last) for axis in columns], axis=1)
    share = np.clip((scores[best_last] - low) / (high - low), 0, 1)
    shade = np.minimum((share * SHADES).astype(int), SHADES - 1)
    for number in range(SHADES):
        here = heights[shade == number]
        if not len(here):
            continue
        # One curve of all lines of a shade: between two lines the pen is lifted.
        up = np.concatenate([here, np.full((len(here), 1), np.nan)], axis=1)
        figure.add_scatter(
            x=[*range(len(columns)), None] * len(here),
            y=plain(up.ravel()),
            mode="lines",
            line={
                "color": sample_colorscale(list(DEPTH), [number / (SHADES - 1)])[0],
                "width": 1 + 2 * number / SHADES,
            },
            opacity=0.35 + 0.6 * number / SHADES,
            hoverinfo="skip",
            showlegend=False,
        )
    for place, axis in enumerate(columns):
        figure.add_vline(x=place, line={"color": NOTE, "width": 1})
        for height, text in _ends(axis, best_last):
            figure.add_annotation(
                x=place, y=height, text=text, showarrow=False, yshift=12 if height > 0.5 else -12, font={"size": 11}
            )
    figure.update_xaxes(
        tickvals=list(range(len(columns))), ticktext=[axis.label for axis in columns], showgrid=False, zeroline=False,
        range=[-0.3, len(columns) - 0.7],
    )  # fmt: skip
    figure.update_yaxes(visible=False, range=[-0.1, 1.1])
    return figure


def _scaled(axis: Axis) -> NDArray[np.float64]:
    return np.log10(axis.places) if axis.log else axis.places


def _heights(axis: Axis, which: NDArray[np.intp]) -> NDArray[np.float64]:
    """From 0 at the least value drawn to 1 at the greatest; NaN where a trial has none."""
    values = _scaled(axis)[which]
    low, high = np.nanmin([*values, np.inf]), np.nanmax([*values, -np.inf])
    return np.asarray((values - low) / (high - low) if high > low else np.where(np.isnan(values), np.nan, 0.5))


def _ends(axis: Axis, which: NDArray[np.intp]) -> list[tuple[float, str]]:
    """What stands at the ends of an axis, or at each of its choices."""
    values = axis.places[which]
    values = values[np.isfinite(values)]
    if not len(values):
        return []
    low, high = float(values.min()), float(values.max())
    if axis.names:
        reach = (high - low) or 1.0
        shown = [(place, name) for place, name in enumerate(axis.names) if low <= place <= high]
        return [((place - low) / reach if high > low else 0.5, name) for place, name in shown]
    return [(0.0, f"{low:.2g}"), (1.0, f"{high:.2g}")] if high > low else [(0.5, f"{low:.2g}")]


FIGURE = Entry(
    slug="parallel",
    title="All hyper-parameters of each trial",
    look_for="Follow the orange lines backwards from the score: where they bundle, that hyper-parameter has to be so; "
    "where they spread, it is free.",
    place=42,
    needs=("searched",),
    draw=draw,
)
