"""How far chance moves a score."""

from __future__ import annotations

from math import sqrt


def error_of_share(score: float, rows: int) -> float:
    """The standard error of a share right of so many rows; 0 where their number is not known."""
    return sqrt(max(score * (1 - score), 0.0) / rows) if rows else 0.0
