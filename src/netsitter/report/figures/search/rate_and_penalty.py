"""The first two hyper-parameters of a search against each other, coloured by score."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from netsitter.record.trace import Trace
from netsitter.report.figures.axes import about, axes_of, colour_range, scores_of
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.look import BAD, DEPTH, canvas
from netsitter.report.figures.thinned import plain
from netsitter.report.search_story import trials_of


def draw(trace: Trace) -> go.Figure:
    trials, axes = trials_of(trace), [axis for axis in axes_of(trace) if not axis.names]
    if not trials or len(axes) < 2:
        return canvas("", "")
    across, up = axes[0], axes[1]
    scores = scores_of(trials)
    low, high = colour_range(scores)
    figure = canvas(across.label, up.label, height=440)
    hover = [about(told) for told in trials]
    lost = ~np.isfinite(scores)
    for which, name, marker in (
        (lost, "no score", {"symbol": "x", "color": BAD, "size": 8}),
        (
            ~lost,
            "trial",
            {
                "color": plain(scores[~lost]), "colorscale": list(DEPTH), "cmin": low, "cmax": high, "size": 11,
                "colorbar": {"title": {"text": "score"}, "thickness": 12}, "line": {"width": 0},
            },
        ),
    ):  # fmt: skip
        if which.any():
            figure.add_scatter(
                x=plain(across.places[which]), y=plain(up.places[which]), mode="markers", name=name, marker=marker,
                text=[hover[i] for i in np.flatnonzero(which)], hovertemplate="%{text}<extra></extra>",
                showlegend=name == "no score",
            )  # fmt: skip
    if (~lost).any():
        best = int(np.nanargmax(scores))
        figure.add_scatter(
            x=plain(across.places[[best]]), y=plain(up.places[[best]]), mode="markers", name="best",
            marker={"symbol": "circle-open", "size": 20, "color": BAD, "line": {"width": 3}}, hoverinfo="skip",
        )  # fmt: skip
    figure.update_xaxes(across.scale)
    figure.update_yaxes(up.scale)
    return figure


FIGURE = Entry(
    slug="rate-and-penalty",
    title="Two hyper-parameters against each other",
    look_for="Orange points lie together where it is good. An orange ridge that runs aslant: the two have to be "
    "changed together.",
    place=41,
    needs=("searched",),
    draw=draw,
    enough=lambda trace: sum(not axis.names for axis in axes_of(trace)) > 1,
)
