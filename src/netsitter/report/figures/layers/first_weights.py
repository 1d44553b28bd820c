"""The weights of the first layer, as pictures in the pixels of the input."""

from __future__ import annotations

import plotly.graph_objects as go

from netsitter.record.picture import unpacked
from netsitter.record.trace import Trace
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.sheet import sheet


def draw(trace: Trace) -> go.Figure:
    return sheet([unpacked(one) for one in trace.known.get("first weights", {}).get("pictures", ())], 10)


FIGURE = Entry(
    slug="first-weights",
    title="What the first layer looks for",
    look_for="Smooth blobs, edges and colours are well. Pure noise in most of them: trained too little or too slowly, "
    "or without enough of a penalty. Some that are flat grey: units that do nothing.",
    place=24,
    needs=("first weights",),
    draw=draw,
)
