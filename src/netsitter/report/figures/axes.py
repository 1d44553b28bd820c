"""Hyper-parameters as axes, and scores as colours: what the figures of a search share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netsitter.record.events import SearchBegan, Searched
from netsitter.record.trace import Trace
from netsitter.report.figures.look import safe
from netsitter.report.search_story import trials_of

MOST_AXES = 8
"""Hyper-parameters that are drawn; the first ones of the space."""


MANY = 300
"""Trials from which a hover label tells number and score only."""


@dataclass(frozen=True)
class Axis:
    """A hyper-parameter as numbers. places: of each trial, NaN where it has none. names: of choices, by place."""

    name: str
    places: NDArray[np.float64]
    log: bool
    names: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Its name, safe to show."""
        return safe(self.name)

    @property
    def scale(self) -> dict[str, Any]:
        """The axis of a figure that it is drawn along; a logarithmic one has room for a label every few decades."""
        if self.names:
            return {"tickvals": list(range(len(self.names))), "ticktext": list(self.names)}
        known = self.places[np.isfinite(self.places)]
        if not self.log or not len(known):
            return {"type": "linear"}
        decades = float(np.log10(known.max() / known.min()))
        return {"type": "log", "exponentformat": "power", **({"dtick": ceil(decades / 4)} if decades > 1.5 else {})}


def axes_of(trace: Trace) -> list[Axis]:
    """The hyper-parameters that were searched, in the order of the space."""
    trials, began = trials_of(trace), trace.last(SearchBegan)
    space = began.space if began else {}
    names = dict.fromkeys([*space, *(name for told in trials for name in told.values)])
    return [_axis(name, trials, bool(space.get(name, {}).get("log"))) for name in list(names)[:MOST_AXES]]


def _axis(name: str, trials: Sequence[Searched], log: bool) -> Axis:
    values = [told.values.get(name) for told in trials]
    given = [value for value in values if value is not None]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in given):
        places = np.array([np.nan if value is None else float(value) for value in values])
        return Axis(name, places, log and bool(np.all(places[np.isfinite(places)] > 0)))
    names = tuple(sorted({_written(value) for value in given}))
    return Axis(
        name,
        np.array([np.nan if value is None else names.index(_written(value)) for value in values]),
        False,
        names,
    )


def _written(value: Any) -> str:
    return safe(",".join(map(str, value)) if isinstance(value, tuple | list) else value)


def scores_of(trials: Sequence[Searched]) -> NDArray[np.float64]:
    """The score of each trial; NaN where it diverged."""
    return np.array([np.nan if told.score is None else float(told.score) for told in trials], dtype=float)


def colour_range(scores: NDArray[np.float64]) -> tuple[float, float]:
    """The scores that colours run between: a few that are far below all others would make those look alike."""
    finite = scores[np.isfinite(scores)]
    if not len(finite):
        return 0.0, 1.0
    low, high = float(np.quantile(finite, 0.1)), float(finite.max())
    return (low, high) if high > low else (high - 1e-6, high)


def about(told: Searched, *, brief: bool = False) -> str:
    """A trial in the words of a hover label. brief: its number and score only."""
    values = "<br>".join(f"{safe(name)} = {_short(value)}" for name, value in told.values.items())
    score = "diverged" if told.score is None else f"{told.score:.4f}"
    if brief:
        return f"trial {told.number + 1}: {score}"
    return f"trial {told.number + 1}: {score}<br>{values}<br>stage {told.stage}, {len(told.curve)} epochs, {told.how}"


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else _written(value)
