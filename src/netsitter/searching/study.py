"""`Study`: stages of trials, wide and short first, then narrower and longer, in ranges that move."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from netsitter.errors import PlanError
from netsitter.plan.plan import Plan, changed
from netsitter.plan.space import Axis, Range, Space, as_plain, hull, log, pick
from netsitter.record.events import Event, Searched, StageBegan
from netsitter.record.gain import gained
from netsitter.record.standard_error import error_of_share
from netsitter.searching.course import LENGTHS, Stage, course, timed_course
from netsitter.searching.engines.engine import Engine
from netsitter.searching.engines.here import Here
from netsitter.searching.folds import over_folds
from netsitter.searching.legs import Trial
from netsitter.searching.refine import Refined, Result, longer, never, refined
from netsitter.searching.samplers import LEARNING, drawn, sampler_of
from netsitter.searching.trials import CHUNK, stage_results, trial_of
from netsitter.train.beginning import Build
from netsitter.train.prepare import Ready
from netsitter.train.start.attempts import guess_of

LEARNED = 0.5
"""Share of what there is to gain, from which trials are ranked by their score and not by their loss."""

LEARNS = 0.2
"""Share of what there is to gain, from which trials have shown that the network learns: no short training need ask."""

USUAL_RATES = {"sgd": (1e-4, 10.0), "momentum": (1e-5, 1.0), "nesterov": (1e-5, 1.0), "adagrad": (1e-4, 1.0)}
"""Ranges of the learning rate by optimiser; Adam's and all others' is 1e-5 to 1e-1."""


def usual_space(plan: Plan) -> Space:
    """What is searched when nothing was said: rate and penalty in log space, and dropout where the plan has it."""
    space = {"optim.lr": log(*USUAL_RATES.get(plan.optim.kind, (1e-5, 1e-1))), "optim.l2": log(1e-7, 1e-1)}
    if plan.net.dropout:
        space["net.dropout"] = Range(0.0, 0.7)
    return space


def wide_space(plan: Plan) -> Space:
    """All that is worth a search: the usual, and width, batch size, schedule, the scale of the start, dropout.

    Trials of other widths, batches or schedules train in cohorts of their own, so that it takes longer.
    """
    space = {**usual_space(plan), "optim.schedule": pick("constant", "cosine", "one-cycle")}
    batch = plan.loop.batch or 1
    space["loop.batch"] = pick(*sorted({max(1, batch // 4), max(1, batch // 2), batch}))
    if plan.net.kind != "own":
        space |= {"net.dropout": Range(0.0, 0.5), "net.init_scale": log(0.3, 3.0)}
        if plan.net.sizes:
            sizes = {tuple(max(1, int(size * by)) for size in plan.net.sizes) for by in (0.5, 1.0, 2.0)}
            space["net.sizes"] = pick(*sorted(sizes))
    return space


SPACES: dict[str, Callable[[Plan], Space]] = {"usual": usual_space, "wide": wide_space}
"""Spaces by name."""


@dataclass
class Study:
    """A search under way. Iterate over `events()`.

    ready: data in place, with the plan that trials differ from. known: what a broken run of this search told.
    known_stages: the stages that it had begun.
    engine: what trains; this process when None. chunk: trials of one cohort at most.
    folds: of each trial; the plan is one of them. metric: what trials are ranked by, score or loss on validation.
    budget_s: seconds for all trials, which are then as many as fit, `trials` at most.
    """

    ready: Ready
    build: Build | None
    space: Space
    trials: int
    seed: int = 0
    sampler: str = "random"
    stages: int = 3
    known: Iterable[Searched] = ()
    known_stages: Iterable[StageBegan] = ()
    engine: Engine | None = None
    chunk: int = CHUNK
    folds: int | None = None
    metric: str = "score"
    budget_s: float | None = None
    results: dict[int, Searched] = field(init=False, default_factory=dict)
    _places: dict[int, int] = field(init=False, default_factory=dict, repr=False)
    _limits: dict[str, Axis] = field(init=False, default_factory=dict, repr=False)

    def events(self) -> Iterator[Event]:
        """Each stage as it begins, and each trial when it is over."""
        sample, engine = sampler_of(self.sampler), self.engine or Here(self.ready, self.build)
        known = {told.number: told for told in self.known}
        lengths = self._lengths()
        space, says = dict(self.space), [""]
        self._limits = dict(self.space)
        began = time.monotonic() - self._spent_before(known.values())
        stages = self._course(lengths, lambda: time.monotonic() - began)
        stage, before = next(stages, None), 0
        while stage is not None:
            numbers, epochs = range(stage.first, stage.first + stage.trials), lengths[stage.place]
            self._places |= dict.fromkeys(numbers, stage.place)
            values = drawn(space, sample(space, range(stage.trials), self.seed, stage.name, self._comparable(stage)))
            trials = [
                trial_of(self.ready.plan, number, one, epochs=epochs)
                for number, one in zip(numbers, values, strict=True)
            ]
            told = {axis: str(value) for axis, value in space.items()}
            told_why, axes, at_s = tuple(filter(None, says)), as_plain(space), time.monotonic() - began
            yield StageBegan(stage.name, epochs, stage.first, stage.trials, told, told_why, axes, at_s)
            here = {number: known[number] for number in numbers if number in known}
            self.results |= here
            for result in self._trained(trials, engine, stage.name, here, before if stage.place else 0):
                self.results[result.number] = result
                yield result
            found, before = self._next(space, stage), epochs
            space, says = {one.name: one.axis for one in found}, [one.says for one in found]
            try:
                stage = stages.send(any(one.moved for one in found))
            except StopIteration:
                return
            found = longer(space, lengths[stage.place] / epochs, within=self._limits)
            space, says = {one.name: one.axis for one in found}, says + [one.says for one in found]

    def _lengths(self) -> list[int]:
        """Epochs of each length."""
        whole = self.ready.plan.loop.epochs or 1
        return [max(1, round(share * whole)) for share in LENGTHS[len(LENGTHS) - self.stages :]]

    def _course(self, lengths: Sequence[int], spent: Callable[[], float]) -> Generator[Stage, bool, None]:
        if self.budget_s is None:
            return course(self.trials, len(lengths))
        return timed_course(
            self.budget_s, lengths, spent=spent, pace=lambda: spent() / self.trained if self.trained else None,
            most=self.trials, known={stage.stage: stage.trials for stage in self.known_stages},
        )  # fmt: skip

    def _spent_before(self, known: Iterable[Searched]) -> float:
        """Seconds that a broken search had taken."""
        last = max(self.known_stages, key=lambda stage: stage.at_s, default=None)
        if last is None:
            return 0.0
        return last.at_s + max((told.seconds for told in known if told.stage == last.stage), default=0.0)

    def _trained(
        self, trials: Sequence[Trial], engine: Engine, stage: str, known: Mapping[int, Searched], before: int
    ) -> Iterator[Searched]:
        """Trials of one stage. before: epochs of the stage before; by what these tell, its ranges were narrowed."""
        if self.folds is None:
            return stage_results(
                trials, engine, stage, known, chunk=self.chunk, metric=self.metric, compared_from=before
            )
        return over_folds(trials, engine, stage, known, folds=self.folds, chunk=self.chunk, metric=self.metric)

    def _next(self, space: Space, stage: Stage) -> list[Refined]:
        """The axes of the next stage: from the trials of this length so far, and those that trained longer."""
        if self.stages == 1:
            return [Refined(name, axis, "") for name, axis in space.items()]
        found = refined(
            space, self._comparable(stage), within=self._limits,
            may_move=self._allowed if stage.may_move else never, narrow=self.sampler not in LEARNING,
        )  # fmt: skip
        self._limits |= {one.name: hull(self._limits[one.name], one.axis) for one in found if one.moved}
        return found

    def _comparable(self, stage: Stage) -> list[Result]:
        """The trials so far that trained as long as those of this stage, or longer; before there are any, all."""
        # Engines tell trials in an order of their own. Of equals, those come first that got there in fewer epochs.
        told = sorted(self.results.values(), key=lambda r: (len(r.curve), r.number))
        seen = [r for r in told if self._places[r.number] >= stage.place] or told
        yardstick = self._yardstick(seen)
        return [Result(dict(r.values), None if r.score is None else yardstick(r)) for r in seen]

    def _yardstick(self, seen: Sequence[Searched]) -> Callable[[Searched], float]:
        """What trials are ranked by for the next stage: the score once the best of them has learned a good deal.

        Before that the loss shows what no score can.
        """
        if self.metric == "loss" or self._gained(seen) >= LEARNED:
            return self._worth
        return lambda r: -float("inf" if r.loss is None else r.loss)

    def _gained(self, seen: Iterable[Searched]) -> float:
        """What the best of them has learned, as a share of what there is to gain."""
        guess = guess_of(self.ready.parts.feeds["val"].y_N, self.ready.parts.measure) or 0.0
        best = max((r.score for r in seen if r.score is not None), default=guess)
        return gained(best, guess)

    def _allowed(self, name: str, axis: Range) -> bool:
        """Whether the plan takes both ends of an axis."""
        if "." not in name:
            return False  # of the user's own numbers no bounds are known
        try:
            for share in (0.0, 1.0):
                changed(self.ready.plan, {name: axis.value(share)})
        except PlanError:
            return False
        return True

    @property
    def learns(self) -> bool:
        """Whether the best trial shows that the network learns."""
        return self._gained(self.results.values()) >= LEARNS

    @property
    def best(self) -> Searched | None:
        """The best trial that was trained in full; of all, where none was."""
        full = [r for r in self.results.values() if r.how == "finished" and r.score is not None]
        longest = max((len(r.curve) for r in full), default=0)
        return max(
            (r for r in full if len(r.curve) == longest), key=lambda r: (self._worth(r), -r.number), default=None
        )

    def _worth(self, result: Searched) -> float:
        """What a trial is ranked by, higher is better."""
        found = -result.loss if self.metric == "loss" and result.loss is not None else result.score
        return float("-inf") if found is None else float(found)

    @property
    def trained(self) -> int:
        """Epochs that trials have trained so far, of each fold."""
        return sum(len(r.curve) * max(1, len(r.folds)) for r in self.results.values())

    @property
    def saved(self) -> float:
        """Share of the epochs that were saved by ending trials early."""
        lengths = self._lengths()
        planned = sum(lengths[self._places[number]] * (self.folds or 1) for number in self.results)
        return 1 - self.trained / planned if planned else 0.0

    def error(self, score: float) -> float:
        """The standard error of a share right, for the rows that it was measured on; 0 for real targets."""
        rows = self.ready.parts.feeds["val"].rows * (self.folds or 1)
        return 0.0 if self.ready.parts.measure.real else error_of_share(score, rows)

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
