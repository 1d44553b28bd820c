"""Which classes are taken for which, on the validation part."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from netsitter.record.trace import Trace
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.look import MUCH_IS_BAD, TRAIN, canvas, safe

MOST_CLASSES = 20
"""Classes that are drawn: of more, those with the most mistakes."""


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
    right = np.eye(len(shown), dtype=bool)
    labels = [safe(str(names[number])[:18]) for number in shown]
    for which, scale, top in ((~right, MUCH_IS_BAD, max(float(shares[~right].max(initial=0.0)), 1e-9)),
                              (right, ((0.0, "rgba(43, 134, 201, 0.05)"), (1.0, TRAIN)), 1.0)):  # fmt: skip
        figure.add_heatmap(
            x=labels, y=labels, zmin=0, zmax=top, colorscale=[list(stop) for stop in scale], showscale=False,
            z=[[float(s) if w else None for s, w in zip(*row, strict=True)] for row in zip(shares, which, strict=True)],
            text=[[f"{s:.0%}" if w and s >= 0.005 else "" for s, w in zip(*rows, strict=True)]
                  for rows in zip(shares, which, strict=True)],
            texttemplate="%{text}",
            hovertemplate="%{y} taken for %{x}: %{text}<extra></extra>", hoverongaps=False, xgap=2, ygap=2,
        )  # fmt: skip
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    figure.update_layout(height=180 + 32 * len(shown))
    return figure


FIGURE = Entry(
    slug="confusion",
    title="What is taken for what",
    look_for="Each row is a class, and adds up to 100 %. Blue: right. The darkest squares off the diagonal are the "
    "pairs to look at: too few rows, twins by nature, or labels that are mixed up.",
    place=30,
    needs=("confusion",),
    draw=draw,
)
