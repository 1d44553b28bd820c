"""How far a score moves by the choice of the rows it is measured on."""

from __future__ import annotations

from math import sqrt


def score_noise(rows: int) -> float:
    """The largest standard error that a share of rows which are right can have: 0.5 / √rows.

    What moves a score by less cannot be told from chance on so many rows.
    """
    return 0.5 / sqrt(max(1, rows))
