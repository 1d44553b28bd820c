"""Every trial as a line through all its hyper-parameters to its score."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from netsitter.record.trace import Trace
from netsitter.report.figures.axes import Axis, axes_of, colour_range, scores_of
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.look import DEPTH, canvas
from netsitter.report.figures.thinned import plain
from netsitter.report.search_story import trials_of


def draw(trace: Trace) -> go.Figure:
    trials, axes = trials_of(trace), axes_of(trace)
    scores = scores_of(trials)
    figure = canvas("", "", height=420)
    whole = np.isfinite(scores)
    for axis in axes:
        whole &= np.isfinite(axis.places)
    if not whole.any():
        return figure
    low, high = colour_range(scores)
    order = np.flatnonzero(whole)[np.argsort(scores[whole], kind="stable")]  # the best are drawn last, on top
    figure.add_parcoords(
        dimensions=[
            *(_dimension(axis, order) for axis in axes),
            {"label": "score", "values": plain(scores[order])},
        ],
        line={
            "color": plain(scores[order]), "colorscale": DEPTH, "cmin": low, "cmax": high,
            "colorbar": {"title": {"text": "score"}, "thickness": 12}, "showscale": True,
        },
        labelfont={"size": 13},
    )  # fmt: skip
    figure.update_layout(margin={"l": 64, "r": 16, "t": 64, "b": 32})
    return figure


def _dimension(axis: Axis, order: np.ndarray) -> dict[str, object]:
    places = axis.places[order]
    if axis.names:
        return {
            "label": axis.name,
            "values": plain(places),
            "tickvals": list(range(len(axis.names))),
            "ticktext": list(axis.names),
        }
    if not axis.log:
        return {"label": axis.name, "values": plain(places)}
    powers = np.log10(places)
    ticks = np.arange(np.floor(powers.min()), np.ceil(powers.max()) + 1)
    ticks = ticks[:: max(1, len(ticks) // 6)]
    ends = [float(powers.min()) - 0.05, float(powers.max()) + 0.05]
    return {
        "label": axis.name,
        "values": plain(powers),
        "range": ends,
        "tickvals": plain(ticks),
        "ticktext": [f"1e{tick:.0f}" for tick in ticks],
    }


FIGURE = Entry(
    slug="parallel",
    title="All hyper-parameters of each trial",
    look_for="Follow the bright lines backwards from the score: where they bundle, that hyper-parameter has to be so; "
    "where they spread, it is free. Drag along an axis to keep only the lines that pass there.",
    place=42,
    needs=("searched",),
    draw=draw,
)
