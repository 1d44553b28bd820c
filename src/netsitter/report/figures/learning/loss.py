"""Loss of each step and of both parts after each epoch."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from netsitter.record.trace import Trace
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.lines import add_line, mark_findings, steps_and_values, wide
from netsitter.report.figures.look import NOTE, TRAIN, VAL, canvas


def draw(trace: Trace) -> go.Figure:
    batch, train, val = (steps_and_values(trace, name) for name in ("loss", "epoch/train_loss", "epoch/val_loss"))
    log = wide(np.concatenate([batch[1], train[1], val[1]]))
    figure = canvas("step", "loss, log scale" if log else "loss", log_y=log)
    add_line(figure, *batch, "each batch", NOTE, line={"width": 1}, opacity=0.55) if len(batch[0]) else None
    add_line(figure, *train, "training", TRAIN) if len(train[0]) else None
    add_line(figure, *val, "validation", VAL) if len(val[0]) else None
    mark_findings(figure, trace)
    return figure


FIGURE = Entry(
    slug="loss",
    title="Loss",
    look_for="It should fall fast, then slowly. Flat from the start: it does not learn. Rising or jagged: the rate is "
    "too high. Orange rising while blue falls: it learns the training rows by heart.",
    place=10,
    needs=("loss", "epoch/train_loss"),
    draw=draw,
)
