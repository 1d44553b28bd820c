"""Chance told from effect: what a remedy made of the score, paired over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, inf, sqrt
from statistics import fmean, stdev

from netsitter.record.cures import Effect, Verdict

QUANTILES = {1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 6: 2.45, 7: 2.36, 8: 2.31, 9: 2.26}
"""Student's t for 19 times out of 20, two-sided, by degrees of freedom. Source: Student (1908), Biometrika 6(1)."""

SURE = 5
"""Pairs that, all of one sign, are no chance: 1 in 32."""

ALIKE = 0.05
"""Share of a difference that it is never known better than, however alike three seeds are."""

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
    sides = [[_worth(score, worst) for score in scores] for scores in (before, after)]
    noise = max(_spread(apart), grain / 2)
    # Three pairs may be alike by chance: what both sides vary by, and a share of the difference, are the least.
    wide = max(noise, hypot(*map(_spread, sides)), ALIKE * abs(fmean(apart)))
    # Another mean of as many seeds differs from this one by the noise of both.
    spread = _quantile(len(apart)) * wide * sqrt(2 / len(apart))
    return Effect(tuple(before), tuple(after), fmean(apart), spread, noise, grain, *(losses or (None, None)))


def verdict_of(effect: Effect) -> Verdict:
    """Whether the difference is more than chance, and more than nothing.

    More than chance: by Student's t over the paired differences; or since every score after is better than every one
    before, which of 3 and 3 chance does once in 20; or since 5 pairs or more all say so, which chance does once in 32.
    The last two see what the first cannot where a sick program's own scores lie far apart.
    """
    if abs(effect.mean) <= LEAST or abs(effect.mean) < effect.grain:
        return "no effect"
    sure = len(effect.before) >= SURE and consistent(effect)
    count = len(effect.before)
    beyond = abs(effect.mean) > _quantile(count) * effect.noise / sqrt(count) or _apart(effect) or sure
    return "no effect" if not beyond else "helps" if effect.mean > 0 else "harms"


def consistent(effect: Effect) -> bool:
    """Whether every seed says the same: better, or worse."""
    pairs = [(_worth(b, -inf), _worth(a, -inf)) for b, a in zip(effect.before, effect.after, strict=True)]
    return all(a > b for b, a in pairs) or all(a < b for b, a in pairs)


def _apart(effect: Effect) -> bool:
    """Whether all scores of one side are better than all of the other; a failure is worse than any score."""
    before = [_worth(score, -inf) for score in effect.before]
    after = [_worth(score, -inf) for score in effect.after]
    enough = len(before) >= 3
    return enough and (min(after) > max(before) if effect.mean > 0 else max(after) < min(before))


def _quantile(seeds: int) -> float:
    return QUANTILES.get(seeds - 1, 2.2)


def _worth(score: float | None, worst: float) -> float:
    return worst if score is None else max(score, worst)


def _spread(values: Sequence[float]) -> float:
    return stdev(values) if len(values) > 1 else 0.0
