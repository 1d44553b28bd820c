"""`Study`: stages of trials, wide and short first, then narrower and longer, in ranges that move."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, isfinite, sqrt

from netsitter.errors import PlanError
from netsitter.plan.plan import Plan, changed
from netsitter.plan.space import Range, Space, log
from netsitter.record.events import Event, Searched, StageBegan
from netsitter.searching.refine import Refined, Result, refined
from netsitter.searching.samplers import drawn, sampler_of
from netsitter.searching.trials import Trial, stage_results, trial_of
from netsitter.train.beginning import Build
from netsitter.train.prepare import Ready
from netsitter.train.start.attempts import guess_of

FIRST, AGAIN, SECOND = 0.4, 0.2, 0.6
"""Shares of all trials: of the first stage, and of each stage that follows a move; of what is left, of the second."""

SHORT, MIDDLE = 0.1, 0.3
"""Epochs of the first stages, as a share of those of a whole training."""

MOST_MOVES = 3
"""Times that ranges may move in one search."""

LEARNED = 0.5
"""Share of what there is to gain, from which trials are ranked by their score and not by their loss."""

ALIKE = 0.2
"""First losses that differ by no more than this share of themselves are those of one way to start."""

USUAL_RATES = {"sgd": (1e-4, 10.0), "momentum": (1e-5, 1.0), "nesterov": (1e-5, 1.0), "adagrad": (1e-4, 1.0)}
"""Ranges of the learning rate by optimiser; Adam's and all others' is 1e-5 to 1e-1."""


def usual_space(plan: Plan) -> Space:
    """What is searched when nothing was said: rate and penalty in log space, and dropout where the plan has it."""
    space = {"optim.lr": log(*USUAL_RATES.get(plan.optim.kind, (1e-5, 1e-1))), "optim.l2": log(1e-7, 1e-1)}
    if plan.net.dropout:
        space["net.dropout"] = Range(0.0, 0.7)
    return space


@dataclass
class Study:
    """A search under way. Iterate over `events()`.

    ready: data in place, with the plan that trials differ from. known: what a broken run of this search told.
    """

    ready: Ready
    build: Build | None
    space: Space
    trials: int
    seed: int = 0
    sampler: str = "random"
    stages: int = 3
    known: Iterable[Searched] = ()
    results: dict[int, Searched] = field(init=False, default_factory=dict)
    moves: int = field(init=False, default=0)

    def events(self) -> Iterator[Event]:
        """Each stage as it begins, and each trial when it is over."""
        sample = sampler_of(self.sampler)
        known = {told.number: told for told in self.known}
        epochs, space, says = self.ready.plan.loop.epochs or 1, dict(self.space), ()
        short = [max(1, round(share * epochs)) for share in (SHORT, MIDDLE)[: max(0, self.stages - 1)]]
        lengths = sorted({*short, epochs})
        place, again, number = 0, 0, 0
        while number < self.trials:
            count = self._count(place, len(lengths), again, self.trials - number)
            name = f"{place + 1}" + "abcdefgh"[again - 1] * bool(again)
            shares = sample(space, range(count), self.seed, name)
            trials = [
                trial_of(self.ready.plan, number + i, values, epochs=lengths[place])
                for i, values in enumerate(drawn(space, shares))
            ]
            told = {axis: str(value) for axis, value in space.items()}
            yield StageBegan(name, lengths[place], number, count, told, tuple(says))
            here = {trial.number: known[trial.number] for trial in trials if trial.number in known}
            self.results |= here
            for result in stage_results(trials, self.ready, self.build, name, here):
                self.results[result.number] = result
                yield result
            number += count
            space, says, moved = self._next(space, trials)
            if moved and self.moves < MOST_MOVES and place < len(lengths) - 1:
                self.moves, again = self.moves + 1, again + 1
            else:
                place, again = min(place + 1, len(lengths) - 1), 0

    def _count(self, place: int, stages: int, again: int, left: int) -> int:
        """Trials of the next stage."""
        if place == stages - 1:
            return left
        share = AGAIN * self.trials if again else FIRST * self.trials if place == 0 else SECOND * left
        # Something must be left for the stage that trains in full.
        return max(1, min(left - 1, ceil(share)))

    def _next(self, space: Space, trials: Iterable[Trial]) -> tuple[dict, list[str], bool]:
        """The space of the next stage: from this stage's trials, and those of others that lie within."""
        stage = {trial.number for trial in trials}
        length = max(len(self.results[number].curve) for number in stage)
        seen = [r for r in self.results.values() if r.number in stage or (len(r.curve) >= length and _within(r, space))]
        yardstick = self._yardstick(seen)
        results = [Result(dict(r.values), None if r.score is None else yardstick(r)) for r in seen]
        found = refined(space, results, may_move=self.moves < MOST_MOVES)
        found = [
            one if not one.moved or self._allowed(one) else Refined(one.name, space[one.name], "") for one in found
        ]
        bounded = {one.name: one.axis for one in found}
        return bounded, [one.says for one in found if one.says], any(one.moved for one in found)

    def _yardstick(self, seen: Sequence[Searched]) -> Callable[[Searched], float]:
        """What trials are ranked by for the next stage: the score once the best of them has learned a good deal.

        Before that the loss shows what no score can; and where all start alike, its fall from the start, since between
        one start and another lies more than so few steps bring.
        """
        guess = guess_of(self.ready.parts.feeds["val"].y_N, self.ready.parts.measure) or 0.0
        best = max((r.score for r in seen if r.score is not None), default=guess)
        if best - guess >= LEARNED * (1 - guess):
            return lambda r: float(r.score or 0.0)
        firsts = sorted(r.first for r in seen if isfinite(r.first))
        alike = bool(firsts) and firsts[-1] - firsts[0] <= ALIKE * abs(firsts[len(firsts) // 2])
        return lambda r: (r.first if alike else 0.0) - float("inf" if r.loss is None else r.loss)

    def _allowed(self, one: Refined) -> bool:
        """Whether the plan takes both ends of where an axis would move to."""
        if "." not in one.name:
            return False  # of the user's own numbers no bounds are known
        try:
            for share in (0.0, 1.0):
                changed(self.ready.plan, {one.name: one.axis.value(share)})
        except PlanError:
            return False
        return True

    @property
    def best(self) -> Searched | None:
        """The best trial that was trained in full; of all, where none was."""
        full = [r for r in self.results.values() if r.how == "finished" and r.score is not None]
        longest = max((len(r.curve) for r in full), default=0)
        return max((r for r in full if len(r.curve) == longest), key=lambda r: (r.score, -r.number), default=None)

    def error(self, score: float) -> float:
        """The standard error of a share right, for the rows of the validation part; 0 for real targets."""
        rows = self.ready.parts.feeds["val"].rows
        return 0.0 if self.ready.parts.measure.real else sqrt(max(score * (1 - score), 0.0) / rows)

    def tied(self) -> list[Searched]:
        """The trials trained as long as the best whose score lies within two standard errors of its own."""
        best = self.best
        if best is None or best.score is None:
            return []
        limit = best.score - 2 * self.error(best.score)
        return [
            r
            for r in self.results.values()
            if r.number != best.number and r.score is not None and len(r.curve) == len(best.curve) and r.score >= limit
        ]


def _within(result: Searched, space: Mapping) -> bool:
    return all(
        0 <= axis.share(result.values[name]) <= 1 if isinstance(axis, Range) else result.values[name] in axis.values
        for name, axis in space.items()
        if name in result.values
    )
