"""A search read for rules: which of its trials count as best, dead or lost, and where in their ranges they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, isfinite, sqrt

from netsitter.plan.space import Axis, Pick, Range, from_plain, hull
from netsitter.record.events import Searched, StageBegan
from netsitter.record.search_facts import SearchFacts
from netsitter.record.standard_error import error_of_share

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
