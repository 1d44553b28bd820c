"""A search read for rules: which of its trials count as best, dead or lost, and where in their ranges they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, comb, isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

from netsitter.plan.space import Axis, Pick, Range, from_plain, hull
from netsitter.record.events import Searched, StageBegan
from netsitter.record.search_facts import SearchFacts
from netsitter.record.standard_error import error_of_share

SPARE = 4
"""Trials beyond the numbers that a fit must find, from which its errors can be told."""

LOST = ("diverged", "hopeless")
"""How a trial ended whose loss ran away."""

TAILS = 8.0
"""Fourth moment of a regression's errors over their squared variance, less 1: tails far heavier than a bell's 2."""


def axes(stage: StageBegan) -> Mapping[str, Axis]:
    """The space of a stage; empty where the journal has it in words only."""
    return from_plain(stage.axes)


def longest(search: SearchFacts) -> tuple[dict[str, Axis], list[Searched]]:
    """The trials of the stages that trained as long as the last one, and the space that holds all of these stages."""
    stages = [stage for stage in search.stages if search.stages and stage.epochs == search.stages[-1].epochs]
    space: dict[str, Axis] = {}
    for stage in stages:
        for name, axis in axes(stage).items():
            space[name] = hull(space.get(name, axis), axis)
    return space, [trial for stage in stages for trial in search.of(stage)]


def ranked(search: SearchFacts, trials: Iterable[Searched]) -> list[Searched]:
    """The best first: those that were kept longest, then by what the search ranks by; the lost ones last."""

    def place(trial: Searched) -> tuple[bool, int, float, int]:
        lost = trial.how in LOST or trial.score is None
        return lost, -len(trial.curve), -search.worth(trial), trial.number

    return sorted(trials, key=place)


def best_of(search: SearchFacts, trials: Sequence[Searched], share: float) -> list[Searched]:
    """The best of them, this share; the lost ones are never among them."""
    return [
        trial
        for trial in ranked(search, trials)[: ceil(share * len(trials))]
        if trial.how not in LOST and trial.score is not None
    ]


def dead(search: SearchFacts, share: float) -> set[int]:
    """The trials, by number, that learned less than this share of what the best of their stage had learned by then.

    Nor is one alive that is above a guess by no more than chance moves it. The lost ones are not among them; none is
    where the guess is not known.
    """
    found: set[int] = set()
    guess = search.began.guess
    if guess is None:
        return found
    noise = 2 * error_of(guess, search)
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


def worst_share(
    search: SearchFacts, trials: Sequence[Searched], marked: Callable[[Searched], bool], fewest: int
) -> tuple[str, list[Searched]] | None:
    """Where more of these trials are marked: in the whole search or in its last stage. None where both have too few."""
    last = [trial for trial in trials if search.stages and trial.stage == search.stages[-1].stage]
    parts = [("the search", list(trials)), ("the last stage", last)]
    counted = [part for part in parts if len(part[1]) >= fewest]
    return max(counted, key=lambda part: share_of(part[1], marked), default=None)


def share_of(trials: Sequence[Searched], marked: Callable[[Searched], bool]) -> float:
    """The share of marked trials."""
    return sum(map(marked, trials)) / max(1, len(trials))


def error_of(score: float, search: SearchFacts, rows: int | None = None) -> float:
    """The standard error of a share right, or of R²: on the hold-out part, all folds of it, or on so many rows.

    0 where the rows are not known.
    """
    rows = search.scored_rows if rows is None else rows
    if rows < 1:
        return 0.0
    if search.began.real:
        return max(0.0, 1.0 - score) * sqrt(TAILS / rows)
    return error_of_share(score, rows)


def chance(crowd: int, count: int, side: float) -> float:
    """How often so many of `count` or more lie on one side, that is this share of a range, by chance alone."""
    return sum(comb(count, k) * side**k * (1 - side) ** (count - k) for k in range(crowd, count + 1))


def steepness(
    search: SearchFacts, trials: Sequence[Searched], name: str, space: Mapping[str, Axis], end: float
) -> float:
    """How the ranks of the trials in that half of a range go up towards its end, in standard errors of the slope.

    By least squares, with the places on the other axes, and their squares while there are trials enough, held fixed;
    so that a weak effect is seen beside strong ones. 0 where there are too few trials to tell.
    """
    axis = space[name]
    half = [trial for trial in ranked(search, trials) if set(space) <= set(trial.values)]
    half = [trial for trial in half if isinstance(axis, Range) and abs(end - axis.share(trial.values[name])) <= 0.5]
    by_axis = columns_of(half, space)
    own_N = by_axis.pop(name)[0] * (1.0 if end > 0.5 else -1.0)
    for places in (2, 1):
        others = [
            column
            for other, of in by_axis.items()
            for column in (of if isinstance(space[other], Pick) else of[:places])
        ]
        fit = fitted([own_N, *others], np.arange(len(half), 0, -1, dtype=float))
        if fit is not None:
            return fit.slopes[1] / fit.errors[1] if fit.errors[1] > 0 else 0.0
    return 0.0


Column = NDArray[np.float64]


def columns_of(trials: Sequence[Searched], space: Mapping[str, Axis]) -> dict[str, list[Column]]:
    """What a score may hang on, by axis: the place in a range and its square; of a pick whether it is each value."""
    found: dict[str, list[Column]] = {}
    for name, axis in space.items():
        if isinstance(axis, Pick):
            found[name] = [np.array([float(t.values[name] == value) for t in trials]) for value in axis.values[1:]]
        else:
            place_N = np.array([axis.share(trial.values[name]) for trial in trials]) - 0.5
            found[name] = [place_N, place_N**2]
    return found


@dataclass(frozen=True)
class Fit:
    """A fit by least squares. slopes, errors: of the constant first, then of each column. left: squares left over."""

    slopes: list[float]
    errors: list[float]
    left: float
    spare: int


def fitted(columns: Sequence[Column], rank_N: Column) -> Fit | None:
    """The ranks as a sum of these columns; None where there are too few trials for that."""
    design_NC = np.stack([np.ones(len(rank_N)), *columns], axis=1)
    spare = len(rank_N) - design_NC.shape[1]
    if spare < SPARE:
        return None
    # The ridge keeps what never varies from dividing by 0.
    inverse_CC = np.linalg.inv(design_NC.T @ design_NC + 1e-6 * np.eye(design_NC.shape[1]))
    slope_C = inverse_CC @ design_NC.T @ rank_N
    left_N = rank_N - design_NC @ slope_C
    left = float(left_N @ left_N)
    errors = np.sqrt(np.maximum(np.diag(inverse_CC), 0.0) * left / spare)
    return Fit(slope_C.tolist(), errors.tolist(), left, spare)


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
