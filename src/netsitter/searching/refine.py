"""Coarse to fine, and the range that moves: from what a stage showed to the space of the next.

Nobody looks at the best trial alone: it is the region of the best tenth that counts. A range whose best trials crowd
one end, by more than chance would have it, moves that way, unless what lies there has diverged; others narrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, comb
from typing import Any

import numpy as np

from netsitter.plan.space import Axis, Pick, Range, Space

TENTH, FEWEST = 0.1, 5
"""Share of the trials, and how many at least, that stand for the best."""

EDGE, SIDE = 0.15, 0.3
"""Shares of a range that count as its end, and as the side of that end."""

CHANCE = 0.02
"""So many of the best on one side are no crowd if chance brings as many there more often than this."""

DIVERGED = 0.5
"""A range does not move where so many of the trials at that end diverged: beyond them is no better place."""

NARROWEST = 0.25
"""Share of a range that is left of it at least: the best tenth is a sample of a region, not the region."""

MARGIN = 2.0
"""Mean gaps between the best trials, by which the true region may reach further than they do."""


@dataclass(frozen=True)
class Result:
    """A trial as refining sees it. score: None where it diverged, or was ended as hopeless."""

    values: dict[str, Any]
    score: float | None


@dataclass(frozen=True)
class Refined:
    """What became of one axis. moved: by how much of its width, to either side; 0 where it did not move.

    says: in one line, "" where nothing changed.
    """

    name: str
    axis: Axis
    says: str
    moved: float = 0.0


def refined(space: Space, results: Sequence[Result], *, may_move: bool = True) -> list[Refined]:
    """The axes of the next stage, with what is said of each.

    results: of trials within the space. may_move: whether ranges may leave it.
    """
    scored = sorted((r for r in results if r.score is not None), key=lambda r: -float(r.score or 0.0))
    best = scored[: max(FEWEST, ceil(TENTH * len(results)))]
    if len(best) < FEWEST or len(scored) <= len(best):
        return [Refined(name, axis, "") for name, axis in space.items()]
    return [_axis(name, axis, best, results, may_move) for name, axis in space.items()]


def _axis(name: str, axis: Axis, best: Sequence[Result], results: Sequence[Result], may_move: bool) -> Refined:
    tops = [r.values[name] for r in best if name in r.values]
    if len(tops) < FEWEST:
        return Refined(name, axis, "")
    if isinstance(axis, Pick):
        return _pick(name, axis, tops)
    shares = sorted(axis.share(value) for value in tops)
    for end, sign in ((1.0, 1), (0.0, -1)):
        crowd = sum(abs(end - share) <= SIDE for share in shares)
        reach = min(abs(end - share) for share in shares) <= EDGE
        crowded = reach and _chance(crowd, len(shares)) < CHANCE and sign * _rise(name, axis, end, results) > 0
        if may_move and crowded and not _diverging(name, axis, end, results):
            return _moved(name, axis, shares, sign, crowd)
    gap = (shares[-1] - shares[0]) / (len(shares) - 1)
    first, last = shares[0] - MARGIN * gap, shares[-1] + MARGIN * gap
    if last - first < NARROWEST:
        middle = (first + last) / 2
        first, last = middle - NARROWEST / 2, middle + NARROWEST / 2
    first, last = max(0.0, first), min(1.0, last)
    if last - first > 0.9:
        return Refined(name, axis, "")
    narrowed = axis.part(first, last)
    says = f"{name}: {axis} -> {narrowed}, where the best {len(tops)} of {len(results)} lie"
    return Refined(name, narrowed, says)


def _moved(name: str, axis: Range, shares: Sequence[float], sign: int, crowd: int) -> Refined:
    """One width at most, and so that the best trials stay within."""
    nearest = shares[0] if sign > 0 else 1 - shares[-1]
    by = max(0.25, min(1.0, nearest - EDGE))
    there = axis.part(by, 1 + by) if sign > 0 else axis.part(-by, 1 - by)
    side = "upper" if sign > 0 else "lower"
    says = f"{name}: {crowd} of the best {len(shares)} crowd the {side} side of {axis}: moved to {there}"
    return Refined(name, there, says, sign * by)


def _pick(name: str, axis: Pick, tops: Sequence[Any]) -> Refined:
    """The values that any of the best has; all of them while these are most."""
    kept = tuple(value for value in axis.values if value in tops)
    if len(kept) == len(axis.values) or len(axis.values) == 1:
        return Refined(name, axis, "")
    gone = [str(value) for value in axis.values if value not in kept]
    return Refined(name, Pick(kept, axis.when), f"{name}: {', '.join(gone)} left out: none of the best has it")


def _diverging(name: str, axis: Range, end: float, results: Sequence[Result]) -> bool:
    """Whether most of the trials at this end diverged."""
    there = [r for r in results if name in r.values and abs(end - axis.share(r.values[name])) <= EDGE]
    return bool(there) and sum(r.score is None for r in there) >= DIVERGED * len(there)


def _rise(name: str, axis: Range, end: float, results: Sequence[Result]) -> float:
    """How the scores on one side go with their place there: rank correlation. A best place within falls off there."""
    there = [r for r in results if name in r.values and abs(end - axis.share(r.values[name])) <= SIDE]
    pairs = [(axis.share(r.values[name]), r.score) for r in there if r.score is not None]
    if len(pairs) < FEWEST:
        return 0.0
    ranks = np.argsort(np.argsort(np.array(pairs, dtype=float), axis=0), axis=0)
    return float(np.corrcoef(ranks.T)[0, 1])


def _chance(crowd: int, count: int) -> float:
    """How often so many of `count` or more lie on one side of a range by chance alone."""
    return sum(comb(count, k) * SIDE**k * (1 - SIDE) ** (count - k) for k in range(crowd, count + 1))
