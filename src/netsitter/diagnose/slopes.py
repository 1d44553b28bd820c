"""How the ranks of trials go with their hyper-parameters: fits by least squares, and crowds that chance would bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netsitter.plan.space import Axis, Pick, Range

SPARE = 4
"""Trials beyond the numbers that a fit must find, from which its errors can be told."""

TENTH, FEWEST = 0.1, 5
"""Share of the trials, and how many at least, that stand for the best."""

Values = Mapping[str, Any]
"""The hyper-parameters of a trial, by name."""

Column = NDArray[np.float64]


def best_few(trials: int) -> int:
    """How many of so many trials stand for the best."""
    return min(trials, max(FEWEST, ceil(TENTH * trials)))


def chance(crowd: int, count: int, side: float) -> float:
    """How often so many of `count` or more lie on one side, that is this share of a range, by chance alone."""
    return sum(comb(count, k) * side**k * (1 - side) ** (count - k) for k in range(crowd, count + 1))


def steepness(ranked: Sequence[Values], name: str, space: Mapping[str, Axis], end: float) -> float:
    """How the ranks of the trials in that half of a range go up towards its end, in standard errors of the slope.

    ranked: of all trials, the best first. end: 0 or 1.
    By least squares, where the best have their other hyper-parameters: a rate that is too high for all but the smallest
    penalty hides that it is too low there. As the trials suffice, places on other axes count by themselves, with their
    products with this one, and with their squares. 0 where there are too few trials to tell.
    """
    axis = space[name]
    whole = [values for values in ranked if set(space) <= set(values)]
    half = [values for values in whole if isinstance(axis, Range) and abs(end - axis.share(values[name])) <= 0.5]
    best, by_axis = columns_of(whole[: best_few(len(whole))], space), columns_of(half, space)
    own_N = by_axis.pop(name)[0] * (1.0 if end > 0.5 else -1.0)
    picked = [column for other, of in by_axis.items() if isinstance(space[other], Pick) for column in of]
    apart = [of[0] - best[other][0].mean() for other, of in by_axis.items() if isinstance(space[other], Range)]
    middle_N = own_N - 0.25
    crossed = [column_N * middle_N for column_N in apart]
    for more in ([*crossed, *(column_N**2 for column_N in apart)], crossed, []):
        fit = fitted([middle_N, *picked, *apart, *more], np.arange(len(half), 0, -1, dtype=float))
        if fit is not None:
            return fit.slopes[1] / fit.errors[1] if fit.errors[1] > 0 else 0.0
    return 0.0


def columns_of(trials: Sequence[Values], space: Mapping[str, Axis]) -> dict[str, list[Column]]:
    """What a score may hang on, by axis: the place in a range and its square; of a pick whether it is each value."""
    found: dict[str, list[Column]] = {}
    for name, axis in space.items():
        if isinstance(axis, Pick):
            found[name] = [np.array([float(of[name] == value) for of in trials]) for value in axis.values[1:]]
        else:
            place_N = np.array([axis.share(of[name]) for of in trials]) - 0.5
            found[name] = [place_N, place_N**2]
    return found


def f_ratios(columns: Mapping[str, Sequence[Column]], rank_N: Column) -> dict[str, float]:
    """The F-ratio of each axis: how much more of the ranks it explains than columns drawn by chance would.

    columns: of each axis, as `columns_of` gives them. Empty where there are too few trials for so many.
    """
    columns = {name: found for name, found in columns.items() if found}
    whole = fitted([column for found in columns.values() for column in found], rank_N)
    ratios = {}
    for name, own in columns.items():
        without = fitted([c for other, found in columns.items() if other != name for c in found], rank_N)
        if whole is not None and without is not None:
            ratios[name] = (without.left - whole.left) / len(own) / max(whole.left / whole.spare, 1e-12)
    return ratios


@dataclass(frozen=True)
class Fit:
    """A fit by least squares. slopes, errors: of the constant first, then of each column. left: squares left over."""

    slopes: list[float]
    errors: list[float]
    left: float
    spare: int


def fitted(columns: Sequence[Column], rank_N: Column) -> Fit | None:
    """The ranks as a sum of these columns; None where there are too few trials for that."""
    design_NC = np.stack([np.ones(len(rank_N)), *columns], axis=1)
    spare = len(rank_N) - design_NC.shape[1]
    if spare < SPARE:
        return None
    # The ridge keeps what never varies from dividing by 0.
    inverse_CC = np.linalg.inv(design_NC.T @ design_NC + 1e-6 * np.eye(design_NC.shape[1]))
    slope_C = inverse_CC @ design_NC.T @ rank_N
    left_N = rank_N - design_NC @ slope_C
    left = float(left_N @ left_N)
    errors = np.sqrt(np.maximum(np.diag(inverse_CC), 0.0) * left / spare)
    return Fit(slope_C.tolist(), errors.tolist(), left, spare)
