"""Features of a table that give away the row or the target: identifiers, and copies of the target."""

from __future__ import annotations

import numpy as np

from netsitter.data.rows import Rows

FEWEST_ROWS = 20
"""Among fewer rows, whole numbers are unique, and features tell the class, by chance."""

DENSE = 3
"""Unique whole numbers that leave fewer than this many places for each row are a numbering.

A split keeps 0.7 of the rows or more, so a numbering leaves 1.5; ages or prices unique among 20 rows leave more.
"""

SCREENED = 500
"""Rows that rule out most features, before the rest are looked at in full."""

LINE = 1 - 1e-6
"""Correlation from which a feature is the target in other units. float32 costs 1e-7 times mean over spread."""


def identifiers_of(x: Rows, rows: np.ndarray, numbers: np.ndarray) -> tuple[int, ...]:
    """The features that number the rows: whole, unique, and dense or in the order of the source.

    rows: which to look at. numbers: of all rows, their places in the source.
    """
    if len(rows) < FEWEST_ROWS:
        return ()
    screen_BD = x.take(rows[:SCREENED])
    maybe = [d for d, column in enumerate(screen_BD.T) if _whole_and_unique(column)]
    columns_ND = _columns(x, rows, maybe)
    order = np.argsort(numbers[rows], kind="stable")
    return tuple(
        d
        for d, column in zip(maybe, columns_ND.T, strict=True)
        if _whole_and_unique(column) and (_dense(column, len(numbers)) or _rising(column[order]))
    )


def copies_of_target(x: Rows, y: np.ndarray, rows: np.ndarray, task: str) -> tuple[int, ...]:
    """The features that tell the target exactly: a value of its own for each class, or a line through all rows."""
    if len(rows) < FEWEST_ROWS:
        return ()
    tells = _tells_class if task == "classify" else _tells_number
    some = rows[np.linspace(0, len(rows) - 1, min(SCREENED, len(rows))).astype(np.int64)]
    maybe = [d for d, column in enumerate(x.take(some).T) if tells(column, y[some])]
    return tuple(d for d, column in zip(maybe, _columns(x, rows, maybe).T, strict=True) if tells(column, y[rows]))


def _columns(x: Rows, rows: np.ndarray, features: list[int]) -> np.ndarray:
    """(N, len(features)), taken in portions: the whole table may be large."""
    if not features:
        return np.empty((len(rows), 0))
    return np.concatenate([x.take(rows[at : at + 4096])[:, features] for at in range(0, len(rows), 4096)])


def _whole_and_unique(column: np.ndarray) -> bool:
    with np.errstate(invalid="ignore"):
        return bool(np.all(column == np.round(column))) and len(np.unique(column)) == len(column)


def _dense(column: np.ndarray, rows: int) -> bool:
    return bool(float(column.max()) - float(column.min()) + 1 < DENSE * rows)


def _rising(column: np.ndarray) -> bool:
    return bool(np.all(column[1:] > column[:-1]))


def _tells_class(column: np.ndarray, y: np.ndarray) -> bool:
    """Whether value and class go together one to one."""
    classes = np.unique(y)
    pairs = np.unique(np.stack([column.astype(np.float64), y.astype(np.float64)]), axis=1)
    return pairs.shape[1] == len(classes) == len(np.unique(column))


def _tells_number(column: np.ndarray, y: np.ndarray) -> bool:
    """Whether the feature lies on a line with one of the targets."""
    away = column.astype(np.float64) - column.mean(dtype=np.float64)
    y_away = y.reshape(len(y), -1).astype(np.float64)
    y_away = y_away - y_away.mean(axis=0)
    spread = np.sqrt((away @ away) * (y_away * y_away).sum(axis=0))
    return bool(np.any((spread > 0) & (np.abs(away @ y_away) >= LINE * spread)))
