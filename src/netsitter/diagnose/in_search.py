"""A search read for rules: which of its trials count as best, dead or lost, and where in their ranges they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, comb, isfinite, sqrt
from typing import Any

import numpy as np

from netsitter.plan.space import Axis, Pick, Range, from_plain
from netsitter.record.events import Searched, StageBegan
from netsitter.record.search_facts import SearchFacts

LOST = ("diverged", "hopeless")
"""How a trial ended whose loss ran away."""

TAILS = 8.0
"""Fourth moment of a regression's errors over their squared variance, less 1: tails far heavier than a bell's 2."""


def axes(stage: StageBegan) -> Mapping[str, Axis]:
    """The space of a stage; empty where the journal has it in words only."""
    return from_plain(stage.axes)


def ranked(trials: Iterable[Searched]) -> list[Searched]:
    """The best first: those that were kept longest, then by score; the lost ones last."""

    def place(trial: Searched) -> tuple[bool, int, float, int]:
        lost = trial.how in LOST or trial.score is None
        return lost, -len(trial.curve), -float(trial.score or 0.0), trial.number

    return sorted(trials, key=place)


def best_of(trials: Sequence[Searched], share: float, fewest: int) -> list[Searched]:
    """The best of them: this share, so many at least; the lost ones are never among them."""
    most = max(fewest, ceil(share * len(trials)))
    return [trial for trial in ranked(trials)[:most] if trial.how not in LOST and trial.score is not None]


def dead(search: SearchFacts, share: float) -> set[int]:
    """The trials, by number, that learned less than this share of what the best of their stage had learned by then.

    Nor is one alive that is above a guess by no more than chance moves it. The lost ones are not among them.
    """
    guess, noise = search.began.guess, 2 * error_of(search.began.guess, search)
    found: set[int] = set()
    for stage in search.stages:
        trials = [trial for trial in search.of(stage) if trial.curve]
        longest = max((len(trial.curve) for trial in trials), default=0)
        by_epoch = [max(finite([t.curve[e] for t in trials if len(t.curve) > e])) for e in range(longest)]
        for trial in trials:
            learned = max(by_epoch[: len(trial.curve)]) - guess
            if trial.how not in LOST and max(finite(trial.curve)) - guess <= max(share * learned, noise):
                found.add(trial.number)
    return found


def finite(numbers: Sequence[float]) -> list[float]:
    """The numbers that are; minus infinity where none is."""
    return [number for number in numbers if isfinite(number)] or [float("-inf")]


def error_of(score: float, search: SearchFacts, rows: int | None = None) -> float:
    """The standard error of a score on the hold-out part, or on so many rows: of a share right, or of R²."""
    rows = max(1, search.began.rows if rows is None else rows)
    if search.began.real:
        return max(0.0, 1.0 - score) * sqrt(TAILS / rows)
    return sqrt(max(score * (1.0 - score), 0.0) / rows)


def chance(crowd: int, count: int, side: float) -> float:
    """How often so many of `count` or more lie on one side, that is this share of a range, by chance alone."""
    return sum(comb(count, k) * side**k * (1 - side) ** (count - k) for k in range(crowd, count + 1))


def rise(trials: Iterable[Searched], name: str, axis: Range, end: float, side: float) -> float:
    """How the scores on one side of a range go with the place there: rank correlation; 0 for fewer than 5 trials."""
    there = [
        (axis.share(t.values[name]), place) for place, t in enumerate(reversed(ranked(trials))) if name in t.values
    ]
    near = [(share, place) for share, place in there if abs(end - share) <= side]
    if len(near) < 5:
        return 0.0
    ranks = np.argsort(np.argsort(np.array(near), axis=0), axis=0)
    return float(np.asarray(np.corrcoef(ranks.T))[0, 1])


@dataclass(frozen=True)
class Border:
    """Where in one range the trials of a kind lie apart from the others. above: whether they lie above it.

    apart: share of the kind beyond the border, less that of the others: 1 where it parts them cleanly.
    """

    name: str
    axis: Range
    at: float
    above: bool
    apart: float

    def __str__(self) -> str:
        return f"{'above' if self.above else 'below'} {self.name} = {self.at:.2g}"

    @property
    def rest(self) -> str:
        """The range on the other side, as `--space` takes it."""
        low, high = (self.axis.low, self.at) if self.above else (self.at, self.axis.high)
        return f"--space {self.name}={written(self.axis, low, high)}"


def border_of(trials: Sequence[Searched], marked: Callable[[Searched], bool], stage: StageBegan) -> Border | None:
    """The border that parts the marked trials best from the others; None where there are none of either."""
    found: list[Border] = []
    for name, axis in axes(stage).items():
        if isinstance(axis, Pick):
            continue
        placed = sorted((float(t.values[name]), marked(t)) for t in trials if name in t.values)
        ours, theirs = sum(mark for _, mark in placed), sum(not mark for _, mark in placed)
        if not ours or not theirs:
            continue
        below, others = 0, 0
        for (value, mark), (following, _) in pairwise(placed):
            below, others = below + mark, others + (not mark)
            middle = sqrt(value * following) if axis.log else (value + following) / 2
            apart = below / ours - others / theirs
            found.append(Border(name, axis, middle, apart < 0, abs(apart)))
    return max(found, key=lambda border: border.apart, default=None)


def written(axis: Range, low: float, high: float) -> str:
    """A range from low to high as `--space` takes it, spread as this one."""
    kind = {(False, False): "lin", (True, False): "log", (False, True): "int", (True, True): "logint"}
    return f"{kind[axis.log, axis.whole]}:{low:.2g}:{high:.2g}"


def spread_apart(places: Sequence[Any], best: Sequence[bool], axis: Axis) -> float:
    """How differently the best and the others lie on an axis, from 0 to 1: Kolmogorov's distance, or that of shares."""
    marks = np.array(best, dtype=bool)
    if isinstance(axis, Pick):
        counts = [[sum(p == v and m == kind for p, m in zip(places, marks, strict=True)) for v in axis.values]
                  for kind in (True, False)]  # fmt: skip
        ours, theirs = (np.array(row) / max(1, sum(row)) for row in counts)
        return float(np.abs(ours - theirs).sum() / 2)
    order = np.argsort(np.array(places, dtype=float), kind="stable")
    ours, theirs = np.cumsum(marks[order]) / marks.sum(), np.cumsum(~marks[order]) / (~marks).sum()
    return float(np.abs(ours - theirs).max())
