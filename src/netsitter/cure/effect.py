"""Chance told from effect: what a remedy made of the score, paired over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import fmean, stdev

from netsitter.record.cures import Effect, Verdict

QUANTILES = {1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 6: 2.45, 7: 2.36, 8: 2.31, 9: 2.26}
"""Student's t for 19 times out of 20, two-sided, by degrees of freedom. Source: Student (1908), Biometrika 6(1)."""

LEAST = 0.01
"""A difference of the score smaller than this is none that anybody would notice."""


def effect_of(
    before: Sequence[float | None],
    after: Sequence[float | None],
    *,
    worst: float,
    grain: float,
    losses: tuple[float, float] | None = None,
) -> Effect:
    """The effect over seeds. worst: what a program that fails is worth. grain: the score of one validation row."""
    apart = [_worth(b, worst) - _worth(a, worst) for a, b in zip(before, after, strict=True)]
    noise = max(_spread(apart), grain / 2)
    quantile = QUANTILES.get(len(apart) - 1, 2.2)
    # Another mean of as many seeds differs from this one by the noise of both.
    spread = quantile * noise * sqrt(2 / len(apart))
    return Effect(tuple(before), tuple(after), fmean(apart), spread, *(losses or (None, None)))


def verdict_of(effect: Effect) -> Verdict:
    """Whether the difference is more than chance, and more than nothing."""
    surely = effect.spread / sqrt(2)
    if effect.mean > max(surely, LEAST):
        return "helps"
    return "harms" if effect.mean < -max(surely, LEAST) else "no effect"


def undecided(effect: Effect) -> bool:
    """Whether more of it could tell: there is a difference, and chance may have made it, or all is still nothing."""
    return verdict_of(effect) == "no effect"


def _worth(score: float | None, worst: float) -> float:
    return worst if score is None else max(score, worst)


def _spread(values: Sequence[float]) -> float:
    return stdev(values) if len(values) > 1 else 0.0
