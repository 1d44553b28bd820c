"""How much each hyper-parameter tells of the score: permutation importance on a forest."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from netsitter.optional import optional
from netsitter.record.trace import Trace
from netsitter.report.figures.axes import axes_of, colour_range, scores_of
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.look import TRAIN, canvas
from netsitter.report.figures.thinned import plain
from netsitter.report.search_story import trials_of

FEWEST = 10
"""Trials below which nothing can be said."""


def draw(trace: Trace) -> go.Figure:
    trials, axes = trials_of(trace), axes_of(trace)
    figure = canvas("share of what they explain", "", height=120 + 36 * max(len(axes), 2))
    if len(trials) < FEWEST or len(axes) < 2:
        return figure
    ensemble = optional("sklearn.ensemble", what_for="tell which hyper-parameters matter")
    inspection = optional("sklearn.inspection", what_for="tell which hyper-parameters matter")
    scores = scores_of(trials)
    low, high = colour_range(scores)
    # What diverged is as bad as what is worst; how much worse is of no matter to where the good ones lie.
    reached = np.clip(np.where(np.isfinite(scores), scores, low), low, high)
    table = np.stack([np.log10(a.places) if a.log else a.places for a in axes], axis=1)
    table = np.where(np.isfinite(table), table, -1e3)
    forest = ensemble.RandomForestRegressor(100, min_samples_leaf=2, random_state=0).fit(table, reached)
    found = inspection.permutation_importance(forest, table, reached, n_repeats=10, random_state=0)
    order = np.argsort(found.importances_mean)
    share = np.maximum(found.importances_mean, 0) / max(float(np.maximum(found.importances_mean, 0).sum()), 1e-12)
    noise = found.importances_std / max(float(np.maximum(found.importances_mean, 0).sum()), 1e-12)
    figure.add_bar(
        x=plain(share[order]), y=[axes[i].label for i in order], orientation="h", marker={"color": TRAIN},
        error_x={"type": "data", "array": plain(noise[order])}, hovertemplate="%{y}: %{x:.0%}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(type="category")
    figure.update_layout(showlegend=False)
    return figure


FIGURE = Entry(
    slug="importance",
    title="What mattered",
    look_for="Search the long bars further and leave the short ones as they are. It holds for the ranges that were "
    "searched, and for no others.",
    place=45,
    needs=("searched",),
    draw=draw,
    enough=lambda trace: len(trials_of(trace)) >= FEWEST and len(axes_of(trace)) > 1,
)
