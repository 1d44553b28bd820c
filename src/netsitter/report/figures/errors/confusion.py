"""Which classes are taken for which, on the validation part."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from netsitter.record.trace import Trace
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.look import MUCH_IS_BAD, RIGHT, canvas, safe

MOST_CLASSES = 20
"""Classes that are drawn: of more, those with the most mistakes."""

STRONG = 0.4
"""Share of the most frequent mistake from which a square is so dark that its text needs a colour of its own."""


def draw(trace: Trace) -> go.Figure:
    facts = trace.known.get("confusion", {})
    figure = canvas("the network says", "it is")
    names, pairs = list(facts.get("classes", ())), facts.get("pairs", ())
    if not names:
        return figure
    mistakes = np.zeros(len(names))
    for truth, said, count in pairs:
        mistakes[[truth, said]] += count * (truth != said)
    shown = sorted(np.argsort(-mistakes, kind="stable")[:MOST_CLASSES].tolist())
    places = {number: place for place, number in enumerate(shown)}
    counts = np.zeros((len(shown), len(shown)), int)
    totals = np.zeros(len(shown), int)
    for truth, said, count in pairs:
        if truth in places:
            totals[places[truth]] += count
            if said in places:
                counts[places[truth], places[said]] += count
    shares = counts / np.maximum(totals, 1)[:, None]
    labels = [safe(str(names[number])[:18]) for number in shown]
    right = np.eye(len(shown), dtype=bool)
    top = max(float(shares[~right].max(initial=0.0)), 1e-9)
    strong = right | (shares > STRONG * top)
    for which, scale, reach in ((~right, MUCH_IS_BAD, top), (right, RIGHT, 1.0)):
        figure.add_heatmap(
            x=labels, y=labels, z=_where(which, shares, None), zmin=0, zmax=reach, showscale=False,
            colorscale=[list(stop) for stop in scale], text=_where(which & strong, _words(shares), ""),
            texttemplate="%{text}", customdata=_words(shares), hoverongaps=False, xgap=2, ygap=2,
            hovertemplate="%{y} taken for %{x}: %{customdata} %<extra></extra>",
        )  # fmt: skip
    # What stands on a pale square takes the colour of the page's text.
    weak = [(row, column) for row, column in np.argwhere(~strong & (shares >= 0.005)).tolist()]
    figure.add_scatter(
        x=[labels[column] for _, column in weak], y=[labels[row] for row, _ in weak], mode="text",
        text=[f"{100 * shares[at]:.0f}" for at in weak], hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    figure.update_layout(height=180 + 32 * len(shown))
    return figure


def _words(shares: NDArray[np.float64]) -> list[list[str]]:
    return [[f"{100 * share:.0f}" if share >= 0.005 else "" for share in row] for row in shares]


def _where(which: NDArray[np.bool_], values: Any, other: Any) -> list[list[Any]]:
    """The values where they are wanted, and the other elsewhere."""
    rows = zip(which.tolist(), np.asarray(values).tolist(), strict=True)
    return [[value if wanted else other for wanted, value in zip(*row, strict=True)] for row in rows]


FIGURE = Entry(
    slug="confusion",
    title="What is taken for what, in %",
    look_for="Each row is a class, and adds up to 100 %. Blue: right. The darkest squares off the diagonal are the "
    "pairs to look at: too few rows, twins by nature, or labels that are mixed up.",
    place=30,
    needs=("confusion",),
    draw=draw,
)
