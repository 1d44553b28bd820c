"""What each remedy brought: the score of every seed before and after, and the difference with its spread."""

from __future__ import annotations

import plotly.graph_objects as go

from netsitter.record.cures import Tried, cure_of
from netsitter.record.events import Cured
from netsitter.record.trace import Trace
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.look import BAD, GOOD, NOTE, canvas, safe
from netsitter.report.figures.thinned import plain

COLOURS = {"helps": GOOD, "no effect": NOTE, "harms": BAD}

LONGEST = 52
"""Characters of a remedy that stand above its bar."""


def draw(trace: Trace) -> go.Figure:
    told = trace.last(Cured)
    if told is None:
        return canvas("difference in score", "")
    facts = cure_of(told.facts)
    tried = [(number, one) for number, found in enumerate(facts.rounds, start=1) for one in found.tried if one.effect]
    figure = canvas(f"difference it made ({facts.metric})", "", height=150 + 60 * max(len(tried), 1))
    kept = {id(one) for one in facts.kept}
    shown: set[str] = set()
    for place, (_, one) in enumerate(tried):
        name = one.verdict + (", kept" if id(one) in kept else "")
        figure.add_scatter(
            x=plain([one.effect.mean if one.effect else 0.0]),
            y=[place],
            error_x={
                "type": "data",
                "array": plain([one.effect.spread if one.effect else 0.0]),
                "thickness": 2,
                "width": 6,
            },
            mode="markers",
            name=name,
            legendgroup=name,
            showlegend=name not in shown,
            marker={
                "size": 13,
                "color": COLOURS.get(one.verdict, NOTE),
                "symbol": "star" if id(one) in kept else "circle",
            },
            text=[_hover(one)],
            hovertemplate="%{text}<extra></extra>",
        )
        shown.add(name)
    figure.add_vline(x=0, line={"color": NOTE, "width": 1})
    for place, (number, one) in enumerate(tried):
        # The remedy stands above its bar: beside it, a phone would have no room for the bar.
        figure.add_annotation(
            text=_label(number, one), x=0, xref="paper", xanchor="left", y=place, yshift=18, showarrow=False
        )
    figure.update_yaxes(autorange=False, range=[len(tried) - 0.4, -0.9], visible=False)
    return figure


def _label(number: int, one: Tried) -> str:
    """number: of its round."""
    says = one.remedy.says if len(one.remedy.says) <= LONGEST else one.remedy.says[: LONGEST - 1] + "…"
    return f"round {number}: {safe(says)}"


def _hover(one: Tried) -> str:
    effect = one.effect
    assert effect is not None
    pairs = "<br>".join(f"{_number(b)} → {_number(a)}" for b, a in zip(effect.before, effect.after, strict=False))
    return f"{safe(one.remedy.says, 300)}<br>{effect.mean:+.3f} ± {effect.spread:.3f}<br>by seed:<br>{pairs}"


def _number(score: float | None) -> str:
    return "fails" if score is None else f"{score:.3f}"


FIGURE = Entry(
    slug="effect",
    title="What each remedy brought",
    look_for="Right of the line is better. A bar that crosses the line may be chance; a star is what was kept.",
    place=1,
    needs=("cured",),
    draw=draw,
)
