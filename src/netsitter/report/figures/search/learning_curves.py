"""The validation score of every trial after each epoch."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from netsitter.record.trace import Trace
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.look import BAD, GOOD, NOTE, TRAIN, VAL, canvas, safe
from netsitter.report.figures.thinned import plain
from netsitter.report.search_story import trials_of

MOST_POINTS = 20_000
"""Of all curves together; of more, every so many'th trial is drawn, and the best one always."""

COLOURS = {"finished": TRAIN, "behind": NOTE, "hopeless": VAL, "diverged": BAD}
"""By how a trial ended."""


def draw(trace: Trace) -> go.Figure:
    trials = [told for told in trials_of(trace) if len(told.curve)]
    figure = canvas("epoch", "score on validation")
    if not trials:
        return figure
    every = max(1, sum(len(told.curve) + 1 for told in trials) // MOST_POINTS)
    for how in dict.fromkeys([*COLOURS, *(told.how for told in trials)]):
        here = [told for told in trials if told.how == how]
        x: list[int | None] = []
        y: list[float | None] = []
        text: list[str] = []
        for told in here[::every]:
            x += [*range(1, len(told.curve) + 1), None]
            y += [*plain(list(told.curve)), None]
            text += [f"trial {told.number + 1}"] * (len(told.curve) + 1)
        if here:
            figure.add_scatter(
                x=x, y=y, text=text, mode="lines+markers", connectgaps=False, name=f"{safe(how)} ({len(here)})",
                line={"color": COLOURS.get(how, NOTE), "width": 1.5}, marker={"size": 4}, opacity=0.7,
                hovertemplate="%{text}, epoch %{x}: %{y:.4f}<extra></extra>",
            )  # fmt: skip
    known = [told for told in trials if told.score is not None]
    if known:
        best = max(known, key=lambda told: (len(told.curve), told.score or 0.0))
        figure.add_scatter(
            x=list(range(1, len(best.curve) + 1)), y=plain(list(best.curve)), name=f"best: trial {best.number + 1}",
            line={"color": GOOD, "width": 3}, mode="lines+markers",
        )  # fmt: skip
    finite = np.array([value for told in trials for value in told.curve if np.isfinite(value)])
    if len(finite) and finite.min() < finite.max() - 3:
        figure.update_yaxes(range=[float(np.quantile(finite, 0.1)), float(finite.max()) * 1.05])
    return figure


FIGURE = Entry(
    slug="learning-curves",
    title="Learning curves of all trials",
    look_for="Curves that still rise at their end were cut short. Grey ones were ended because others did better; if "
    "grey curves cross coloured ones late, stages should be longer.",
    place=43,
    needs=("searched",),
    draw=draw,
)
