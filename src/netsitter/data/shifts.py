"""How far the features of the other parts lie from those of the training part."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from netsitter.data.source import Part
from netsitter.record.facts import FeatureFacts

MOST_ROWS = 5_000
"""Rows of a part that are looked at, evenly spaced."""

MOST_SHIFTS = 3
"""Features of each part that are told: those that lie furthest."""

SPREADS, ERRORS = 0.25, 5.0
"""Distances under these many spreads, or standard errors, are not told."""

Shift = tuple[str, int, float, float]


def shifts_of(parts: Mapping[str, Part], train: FeatureFacts, sampled: int) -> tuple[Shift, ...]:
    """(part, feature, distance of the means in spreads, of the two the wider, and in standard errors), furthest first.

    train: the features of the training part, measured on so many rows. Parts that are read from disk are passed over.
    """
    found: list[Shift] = []
    mean_D, std_D = np.asarray(train.mean), np.asarray(train.std)
    for name, part in parts.items():
        if name == "train" or not len(mean_D) or not part.x.in_memory or len(part.x) < 2:
            continue
        rows = evenly(len(part.x), MOST_ROWS)
        x_ND = part.x.take(rows).reshape(len(rows), -1).astype(np.float64)
        x_ND = x_ND[np.isfinite(x_ND).all(axis=1)]
        if len(x_ND) < 2:
            continue
        # A few rare values in one part alone are chance, and no shift: they spread as far as they lie off.
        spread_D = np.maximum(std_D, x_ND.std(axis=0))
        spread_D = np.where(spread_D > 0, spread_D, np.inf)
        away_D = np.abs(x_ND.mean(axis=0) - mean_D) / spread_D
        errors_D = away_D / np.sqrt(1 / len(x_ND) + 1 / max(1, sampled))
        furthest = [int(d) for d in np.argsort(-away_D)[:MOST_SHIFTS]]
        found += [
            (name, d, float(away_D[d]), float(errors_D[d]))
            for d in furthest
            if away_D[d] >= SPREADS and errors_D[d] >= ERRORS
        ]
    return tuple(found)


def evenly(rows: int, most: int) -> np.ndarray:
    """Up to `most` row numbers, evenly spaced: data sorted by class keeps its shares."""
    return np.arange(rows) if rows <= most else np.linspace(0, rows - 1, most).astype(np.int64)
