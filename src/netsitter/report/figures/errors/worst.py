"""The validation rows that the network gets most wrong, as pictures."""

from __future__ import annotations

import plotly.graph_objects as go

from netsitter.record.picture import unpacked
from netsitter.record.trace import Trace
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.look import safe
from netsitter.report.figures.sheet import sheet

COLUMNS = 4

LONGEST = 12
"""Characters of a class that stand under a picture."""


def draw(trace: Trace) -> go.Figure:
    facts = trace.known.get("worst", {})
    classes, rows = facts.get("classes", ()), facts.get("rows", ())

    def named(number: int) -> str:
        return safe(str(classes[number])[:LONGEST])

    words = [f"<b>{named(row['truth'])}</b><br>said {named(row['said'])}<br>{row['sure']:.0%} sure" for row in rows]
    return sheet([unpacked(row["picture"]) for row in rows], COLUMNS, words=words)


FIGURE = Entry(
    slug="worst",
    title="What it gets most wrong",
    look_for="Under each: what it is, then what the network said and how sure it was. Wrong labels turn up here first; "
    "then what is odd, cropped or dark.",
    place=31,
    needs=("worst",),
    draw=draw,
)
