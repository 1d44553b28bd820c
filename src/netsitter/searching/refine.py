"""Coarse to fine, and the range that moves: from what a stage showed to the space of the next.

Nobody looks at the best trial alone: it is the region of the best tenth that counts. A range moves to the side where
most of the best lie, if their crowd and a rise of the ranks towards that end are together more than chance would bring,
unless what lies there has diverged; others narrow, if their axis is seen to matter at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import erfc, log, sqrt
from typing import Any

import numpy as np

from netsitter.diagnose.slopes import FEWEST, best_few, chance, columns_of, f_ratios, steepness
from netsitter.plan.space import Axis, Pick, Range, Space

SHRINK = 0.6
"""What is left of a range when it narrows. Measured on complete tables by `benchmarks/search/tables.py`."""

MATTERS = 1.0
"""F-ratio of an axis below which its range does not narrow: it explains less of the ranks than chance would."""

SIDE, EDGE = 0.3, 0.15
"""Shares of a range that count as one side of it, and as its end."""

CHANCE = 0.003
"""A range moves only if chance brings as many of the best to one side, and so steep a rise, less often than this."""

STEEP = 1.5
"""Standard errors by which ranks must rise towards that end at least: where all are as good, none is beyond."""

DIVERGED = 0.5
"""A range does not move where so many of the trials at that end diverged: beyond them is no better place."""

SHORTEST, ROOM = 0.25, 0.05
"""Shares of its width: the shortest move of a range (the longest is 1), and the room it leaves before the best."""

LONGER: dict[str, tuple[int, str]] = {
    "optim.lr": (-1, "lower rates"),
    "optim.l2": (1, "stronger penalties"),
    "optim.decay": (1, "stronger penalties"),
}
"""To which side the best moves when trials train longer: short ones need large steps, and have no time to overfit."""


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


MayMove = Callable[[str, Range], bool]
"""(name of the axis, where it would go) -> whether it may."""


def never(name: str, axis: Range) -> bool:
    """Ranges stay where they are."""
    return False


def refined(
    space: Space,
    results: Sequence[Result],
    *,
    within: Space | None = None,
    may_move: MayMove = never,
    narrow: bool = True,
) -> list[Refined]:
    """The axes of the next stage, with what is said of each.

    results: of trials that can be compared, whether they lie in the space or not. within: where ranges may go by
    narrowing; the space itself when None. may_move: whether an axis may move there. narrow: whether they narrow.
    """
    scored = sorted((r for r in results if r.score is not None), key=lambda r: -float(r.score or 0.0))
    if len(_best(scored)) == len(scored):
        return [Refined(name, axis, "") for name, axis in space.items()]
    found, matters = [], _mattering(space, scored)
    for name, axis in space.items():
        there = [r for r in scored if name in r.values]
        one = Refined(name, axis, "")
        if isinstance(axis, Range):
            one = _moved(name, space, there, results, may_move)
        if narrow and not one.moved and len(there) > FEWEST and name in matters:
            limits = axis if within is None else within[name]
            one = _narrowed(name, axis, limits, _best(there), len(results))
        found.append(one)
    return found


def longer(space: Space, ratio: float, *, within: Space) -> list[Refined]:
    """The axes for trials that train `ratio` times as long, with what is said of each. within: where ranges may go.

    Rate times steps is how far a training goes, so that a rate which was best is so again at ratio times less at the
    least; penalties act by the same product. `python -m benchmarks.speed.quality` shows what it brings.
    """
    return [_for_longer(name, axis, within[name], ratio) for name, axis in space.items()]


def _for_longer(name: str, axis: Axis, limits: Axis, ratio: float) -> Refined:
    sign, what = LONGER.get(name, (0, ""))
    if not (sign and isinstance(axis, Range) and isinstance(limits, Range) and axis.log):
        return Refined(name, axis, "")
    by = log(ratio) / log(axis.high / axis.low)
    low, high = axis.shares(limits)
    there = axis.part(0, min(1 + by, high)) if sign > 0 else axis.part(max(-by, low), 1)
    if str(there) == str(axis):  # at its limit but for rounding
        return Refined(name, axis, "")
    return Refined(name, there, f"{name}: {axis} -> {there}, as {what} may be best with {ratio:.2g} times the epochs")


def _best(scored: Sequence[Result]) -> Sequence[Result]:
    return scored[: best_few(len(scored))]


def _moved(name: str, space: Space, scored: Sequence[Result], results: Sequence[Result], may_move: MayMove) -> Refined:
    """The axis moved to the side that its best trials crowd: by one width at most, and so that they stay within."""
    axis = space[name]
    assert isinstance(axis, Range)
    inside = [r for r in scored if 0 <= axis.share(r.values[name]) <= 1]
    shares = [axis.share(r.values[name]) for r in inside]
    tops = shares[: len(_best(inside))]
    if len(tops) == len(shares):
        return Refined(name, axis, "")
    for end, sign in ((1.0, 1), (0.0, -1)):
        crowd = sum(abs(end - share) <= SIDE for share in tops)
        usual = sum(abs(end - share) <= SIDE for share in shares) / len(shares)
        if 2 * crowd <= len(tops) or _diverging(name, axis, end, results):
            continue
        steep = steepness([r.values for r in inside], name, space, end)
        if steep < STEEP or chance(crowd, len(tops), usual) * erfc(steep / sqrt(2)) / 2 >= CHANCE:
            continue
        nearest = min(tops) if sign > 0 else 1 - max(tops)
        furthest = max(SHORTEST, min(1.0, nearest - ROOM))
        for by in (furthest, furthest / 2, SHORTEST):
            there = axis.part(by, 1 + by) if sign > 0 else axis.part(-by, 1 - by)
            if there != axis and may_move(name, there):
                side = "upper" if sign > 0 else "lower"
                says = f"{name}: {crowd} of the best {len(tops)} crowd the {side} side of {axis}: moved to {there}"
                return Refined(name, there, says, sign * by)
    return Refined(name, axis, "")


def _mattering(space: Space, scored: Sequence[Result]) -> set[str]:
    """The axes without the ranges of which nothing is seen in the ranks: a penalty may need many epochs to show."""
    whole = [r.values for r in scored if set(space) <= set(r.values)]
    ratios = f_ratios(columns_of(whole, space), np.arange(len(whole), 0, -1, dtype=float))
    return {name for name, axis in space.items() if isinstance(axis, Pick) or ratios.get(name, MATTERS) >= MATTERS}


def _narrowed(name: str, axis: Axis, limits: Axis, best: Sequence[Result], trials: int) -> Refined:
    """What is left of an axis around its best trials, the better the nearer."""
    tops = [r.values[name] for r in best]
    if isinstance(axis, Pick):
        return _pick(name, axis, tops)
    weights = np.arange(len(tops), 0, -1)
    middle = float(np.average([axis.share(value) for value in tops], weights=weights))
    low, high = axis.shares(limits) if isinstance(limits, Range) else (0.0, 1.0)
    first = max(low, min(middle - SHRINK / 2, high - SHRINK))
    narrowed = axis.part(first, min(first + SHRINK, high))
    if narrowed == axis:
        return Refined(name, axis, "")
    return Refined(name, narrowed, f"{name}: {axis} -> {narrowed}, around the best {len(tops)} of {trials}")


def _pick(name: str, axis: Pick, tops: Sequence[Any]) -> Refined:
    """The values that any of the best has."""
    kept = tuple(value for value in axis.values if value in tops)
    gone = [str(value) for value in axis.values if value not in kept]
    if not gone or not kept:
        return Refined(name, axis, "")
    return Refined(name, Pick(kept, axis.when), f"{name}: {', '.join(gone)} left out: none of the best has it")


def _diverging(name: str, axis: Range, end: float, results: Sequence[Result]) -> bool:
    """Whether most of the trials at this end diverged."""
    there = [r for r in results if name in r.values and abs(end - axis.share(r.values[name])) <= EDGE]
    return bool(there) and sum(r.score is None for r in there) >= DIVERGED * len(there)
