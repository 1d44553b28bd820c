"""How much of what there is to gain a score stands for: what runs, searches and short trainings are judged by."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Score = TypeVar("Score", float, NDArray[np.float64])


def gained(score: Score, guess: float) -> Score:
    """The share of the way from guessing to all right: 0 is guessing, 1 all right, below 0 worse than guessing.

    guess: the score of always giving the commonest answer.

    >>> gained(0.75, 0.5)
    0.5
    """
    return (score - guess) / max(1 - guess, 1e-9)
