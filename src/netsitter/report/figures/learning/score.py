"""Score of training and validation part after each epoch, the gap between them shaded."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from netsitter.record.trace import Trace
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.lines import add_line, mark_findings, steps_and_values
from netsitter.report.figures.look import GAP, NOTE, TRAIN, VAL, canvas
from netsitter.report.figures.thinned import plain, thinned


def draw(trace: Trace) -> go.Figure:
    (steps, train), (_, val) = steps_and_values(trace, "epoch/train"), steps_and_values(trace, "epoch/val")
    classes = bool(trace.started and trace.started.data.get("classes"))
    figure = canvas("step", "share right" if classes else "R²")
    if not len(steps):
        return figure
    _shade(figure, steps, train, val)
    add_line(figure, steps, train, "training", TRAIN)
    add_line(figure, steps, val, "validation", VAL)
    guess = _guess(trace)
    if guess is not None:
        figure.add_hline(
            y=guess, line={"color": NOTE, "dash": "dash", "width": 1}, annotation_text="guessing",
            annotation_position="bottom right",
        )  # fmt: skip
    if classes:
        top = float(np.nanmax([0.0, *train, *val], initial=0.0))
        figure.update_yaxes(range=[0, min(1.02, 1.25 * top) if top else 1.02], tickformat=".0%")
    mark_findings(figure, trace)
    return figure


def _shade(figure: go.Figure, steps: np.ndarray, train: np.ndarray, val: np.ndarray) -> None:
    """The gap between both, where both are numbers."""
    both = np.flatnonzero(np.isfinite(train) & np.isfinite(val))
    if len(both) < 2:
        return
    kept = both[thinned(val[both], 500)]
    round_trip = np.concatenate([kept, kept[::-1]])
    figure.add_scatter(
        x=steps[round_trip].tolist(),
        y=plain(np.concatenate([train[kept], val[kept][::-1]])),
        fill="toself",
        fillcolor=GAP,
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        name="gap",
    )


def _guess(trace: Trace) -> float | None:
    """What always answering the largest class scores on the validation part; 0 for real targets."""
    if trace.started is None:
        return None
    data = trace.started.data
    counts = (data.get("facts") or {}).get("val", {}).get("class_counts") or ()
    return max(counts) / max(sum(counts), 1) if counts else 0.0


FIGURE = Entry(
    slug="score",
    title="Score on both parts",
    look_for="The shaded gap is what it has learned by heart: narrow is well, wide and widening is overfitting. Both "
    "low and together: it is too small, or trained too little or too slowly.",
    place=11,
    needs=("epoch/val", "epoch/train"),
    draw=draw,
)
