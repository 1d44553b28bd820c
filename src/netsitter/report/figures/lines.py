"""Lines over steps: gaps where there is no number, each gap marked, and findings at their steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from netsitter.record.findings import Finding
from netsitter.record.trace import Trace
from netsitter.report.figures.look import BAD, SEVERITY, depth_colours, safe
from netsitter.report.figures.thinned import MOST, plain, thinned

MOST_MARKS = 100
"""Crosses that are drawn for values that are no number."""

FEW = 30
"""Points of a line up to which each is drawn as a dot too."""

MOST_LINES = 8
"""Lines in one figure; more cannot be told apart."""


def steps_and_values(trace: Trace, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """A series of the first trial: steps (S,), and values (S,), or (S, L) where it is measured by layer or weight."""
    curve = trace.curve(name)
    if not len(curve.steps) or curve.values.ndim < 2:
        return np.empty(0, np.int64), np.empty((0,))
    return curve.steps, curve.values[:, 0]


def add_line(
    figure: go.Figure,
    steps_S: NDArray[np.int64],
    values_S: NDArray[np.float64],
    name: str,
    colour: str,
    *,
    most: int = MOST,
    floor: float = 1.0,
    line: Mapping[str, Any] | None = None,
    **options: Any,
) -> None:
    """One line. What cannot be drawn on the axis, as NaN, or 0 where it is logarithmic, is a gap with a cross.

    floor: where the cross of a line stands that has no number at all.
    """
    log = figure.layout.yaxis.type == "log"
    values_S = np.where(values_S <= 0, np.nan, values_S) if log else values_S
    kept = thinned(values_S, most)
    dotted = len(kept) <= FEW or _has_lone(values_S[kept])
    figure.add_scatter(
        x=steps_S[kept].tolist(),
        y=plain(values_S[kept]),
        name=name,
        mode="lines+markers" if dotted else "lines",
        marker={"size": 5},
        connectgaps=False,
        line={"color": colour, "width": 2, **(line or {})},
        hovertemplate="step %{x:,}: %{y:.4g}",
        **options,
    )
    _mark_gaps(figure, steps_S, values_S, floor, log)


def _has_lone(values_S: NDArray[np.float64]) -> bool:
    """Whether there is a number between two gaps, of which no line would show anything."""
    gap = np.concatenate([[True], ~np.isfinite(values_S), [True]])
    return bool((~gap[1:-1] & gap[:-2] & gap[2:]).any())


def _mark_gaps(
    figure: go.Figure, steps_S: NDArray[np.int64], values_S: NDArray[np.float64], floor: float, log: bool
) -> None:
    """A cross where each gap begins, as high as the last number before it."""
    bad = ~np.isfinite(values_S)
    first = np.flatnonzero(bad & ~np.concatenate([[False], bad[:-1]]))[:MOST_MARKS]
    if not len(first):
        return
    good = np.flatnonzero(~bad)
    before = np.searchsorted(good, first) - 1
    heights = [values_S[good[max(at, 0)]] if len(good) else floor for at in before]
    what = "0 or no number" if log else "no number"
    figure.add_scatter(
        x=steps_S[first].tolist(),
        y=plain(heights),
        mode="markers",
        marker={"symbol": "x", "size": 10, "color": BAD},
        name=what,
        hovertemplate=f"{what} from step %{{x:,}} on<extra></extra>",
        legendgroup="gaps",
        showlegend=all(told.name != what for told in figure.data),
    )


def add_layers(
    figure: go.Figure, steps_S: NDArray[np.int64], values_SL: NDArray[np.float64], names: Sequence[str]
) -> None:
    """A line a layer, blue for the first and orange for the last; of many, as many as can be told apart."""
    shown = picked(values_SL)
    colours = depth_colours(len(shown))
    drawn = values_SL[np.isfinite(values_SL) & (values_SL > 0)]
    floor = float(drawn.min()) if len(drawn) else 1.0
    for place, colour in zip(shown, colours, strict=True):
        name = safe(names[place]) if place < len(names) else str(place + 1)
        add_line(figure, steps_S, values_SL[:, place], name, colour, most=MOST // len(shown), floor=floor)
    if len(shown) < values_SL.shape[1]:
        figure.add_annotation(
            text=f"{len(shown)} of {values_SL.shape[1]}", x=1, y=1, xref="paper", yref="paper", showarrow=False,
            xanchor="right", yanchor="bottom",
        )  # fmt: skip


def picked(values_SL: NDArray[np.float64], most: int = MOST_LINES) -> list[int]:
    """Layers to draw: all; or, of many, the lowest and the highest in the middle of the run, and others between."""
    layers = values_SL.shape[1]
    if layers <= most:
        return list(range(layers))
    sizes = np.median(np.nan_to_num(values_SL, nan=0.0, posinf=np.inf), axis=0)
    return sorted({*evenly(layers, most - 2), int(sizes.argmin()), int(sizes.argmax())})


def evenly(many: int, most: int) -> list[int]:
    """Evenly spaced numbers below `many`, the first and the last among them; all where they are few."""
    return sorted({round(at) for at in np.linspace(0, many - 1, min(many, most)).tolist()}) if many else []


def mark_findings(figure: go.Figure, trace: Trace) -> None:
    """An upright line at the step of each finding above a note, with its code."""
    found = [one for one in trace.findings if one.step is not None and one.severity != "note"]
    for row, finding in enumerate(_by_step(found)):
        colour = SEVERITY[finding.severity]
        figure.add_vline(x=finding.step, line={"color": colour, "width": 1, "dash": "dot"})
        figure.add_annotation(
            text=finding.code, hovertext=safe(f"{finding.slug}: {finding.seen}", 300), x=finding.step,
            y=1 - 0.08 * (row % 4), yref="paper", xanchor="left", showarrow=False, font={"color": colour, "size": 11},
        )  # fmt: skip


def _by_step(findings: list[Finding]) -> list[Finding]:
    """The first finding of each code, by step; a dozen at most."""
    first = {finding.code: finding for finding in sorted(findings, key=lambda one: -(one.step or 0))}
    return sorted(first.values(), key=lambda one: one.step or 0)[:12]


def wide(values: NDArray[np.float64]) -> bool:
    """Whether values are all above 0 and lie so far apart that a log axis is needed to see them."""
    finite = values[np.isfinite(values)]
    return bool(len(finite) and finite.min() > 0 and finite.max() / finite.min() > 10)
