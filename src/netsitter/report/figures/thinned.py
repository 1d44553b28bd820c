"""A long series made short for drawing, with every spike and every gap still in it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MOST = 2_000
"""Points drawn of one line: a screen has fewer columns."""


def thinned(values_S: NDArray[np.float64], most: int = MOST) -> NDArray[np.intp]:
    """Places of the values to draw, rising, about `most` at most: of each stretch its lowest and its highest.

    A stretch with a value that is no finite number also keeps the first such, so that a gap stays a gap.
    """
    steps = len(values_S)
    if steps <= most:
        return np.arange(steps)
    stretches = max(1, most // 3)
    edges = np.linspace(0, steps, stretches + 1).astype(int)
    finite = np.isfinite(values_S)
    kept = {0, steps - 1}
    for low, high in pairwise(edges):
        good = np.flatnonzero(finite[low:high]) + low
        if len(good):
            kept |= {int(good[values_S[good].argmin()]), int(good[values_S[good].argmax()])}
        if len(good) < high - low:
            kept.add(int(np.flatnonzero(~finite[low:high])[0]) + low)
    return np.array(sorted(kept))


def plain(values: NDArray[np.float64] | list[float]) -> list[float | None]:
    """Numbers as JSON has them, five digits of each; None for what is no finite number."""
    return [float(f"{value:.5g}") if np.isfinite(value) else None for value in np.asarray(values, dtype=float).tolist()]
