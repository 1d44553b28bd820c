"""Trials of a search: those of one shape as one cohort, compared from time to time, those that are behind ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import ceil, inf, isfinite
from typing import Any

from netsitter.plan.plan import Plan, by_trial, changed, paths, value_at
from netsitter.record.events import Searched
from netsitter.searching.engines.engine import Engine
from netsitter.searching.legs import Leg, Reached, Trial

ETA = 3
"""Of so many trials one goes on behind each comparison. Source: Jamieson & Talwalkar (2016), arXiv:1502.07943."""

CHUNK = 32
"""Trials of one cohort at most."""

SET_ASIDE = {"loop.epochs": None, "loop.watch_every": 0, "loop.patience": None, "loop.keep": "last"}
"""What trials have otherwise than the plan that is searched from."""


def trial_of(base: Plan, number: int, values: Mapping[str, Any], *, epochs: int) -> Trial:
    """The trial with these values.

    All trials of a search begin with the weights of the plan's seed and see the same batches: what tells them apart is
    their hyper-parameters, and not the luck of a start. None waits for a better score, and none keeps its best weights:
    trials are compared after the same epochs, and the winner is trained anew.
    """
    own = {name: value for name, value in values.items() if "." not in name}
    fields = {name: value for name, value in values.items() if "." in name}
    return Trial(number, values, changed(base, {**fields, **SET_ASIDE, "loop.epochs": epochs}), own)


class Heat:
    """Trials of one shape in one stage, as the search knows them between legs.

    alive: the trials that still train.
    """

    def __init__(self, name: str, trials: Sequence[Trial], stage: str, metric: str = "score") -> None:
        self.name, self.stage, self.metric, self.alive = name, stage, metric, list(trials)
        self.curves: dict[int, tuple[float, ...]] = {trial.number: () for trial in trials}
        self.losses: dict[int, tuple[float, ...]] = {trial.number: () for trial in trials}
        self.firsts: dict[int, float] = {}
        self.state: bytes | None = None
        self.seconds, self.way = 0.0, ""

    def leg(self, until: int) -> Leg:
        """The next leg of those that are alive."""
        return Leg(f"{self.name}, up to epoch {until}", tuple(self.alive), until, self.state, self.firsts)

    def take(self, reached: Reached) -> list[Searched]:
        """Takes what came of a leg, and tells the trials that ended in it."""
        for trial in self.alive:
            self.curves[trial.number] += reached.curves[trial.number]
            self.losses[trial.number] += reached.losses[trial.number]
        self.firsts |= reached.firsts
        self.state = reached.state
        self.seconds += reached.seconds
        self.way = self.way or reached.way
        return self.end(reached.over)

    def end(self, over: Mapping[int, str]) -> list[Searched]:
        """Ends trials, each in this way, and tells them."""
        ended = [trial for trial in self.alive if trial.number in over]
        self.alive = [trial for trial in self.alive if trial.number not in over]
        return [self.told(trial, over[trial.number]) for trial in ended]

    def told(self, trial: Trial, how: str) -> Searched:
        """What came of a trial."""
        curve, losses = self.curves[trial.number], self.losses[trial.number]
        _, place = best_epoch(curve, losses, self.metric)
        score, loss = (None, None) if place is None or how == "diverged" else (curve[place], losses[place])
        first = self.firsts.get(trial.number, float("nan"))
        return Searched(
            trial.number, self.stage, dict(trial.values), score, loss, first, curve, how, self.seconds, losses,
            way=self.way,
        )  # fmt: skip


def best_epoch(curve: Sequence[float], losses: Sequence[float], metric: str) -> tuple[float, int | None]:
    """The best that a trial came to, higher is better, and in which epoch, from 0; None where there is no number."""
    worth = [-loss for loss in losses] if metric == "loss" else curve
    finite = [(value, -place) for place, value in enumerate(worth) if isfinite(value)]
    value, place = max(finite, default=(-inf, 1))
    return value, None if place > 0 else -place


def stage_results(
    trials: Sequence[Trial],
    engine: Engine,
    stage: str,
    known: Mapping[int, Searched],
    *,
    chunk: int = CHUNK,
    metric: str = "score",
    compared_from: float = 0,
) -> Iterator[Searched]:
    """Trains the trials of one stage, and tells each when it is over.

    known: what an earlier, broken run of the same search has told already; a cohort that is wholly known is not trained
    again, others are trained again from their start, so that every trial gives the numbers of an unbroken search.
    chunk: trials of one cohort at most. compared_from: epochs; before these no trial ends because it is behind.
    """
    epochs = max((trial.plan.loop.epochs or 1 for trial in trials), default=0)
    cohorts = heats(trials, chunk=chunk)
    running = [
        Heat(f"stage {stage}, cohort {number + 1}", group, stage, metric)
        for number, group in enumerate(cohorts)
        if not all(trial.number in known for trial in group)
    ]
    curves = {number: (told.curve, told.losses) for number, told in known.items()}
    for until in (*(rung for rung in rungs_of(epochs) if rung >= compared_from), epochs):
        going = [heat for heat in running if heat.alive]
        for place, reached in engine.run([heat.leg(until) for heat in going]):
            yield from (told for told in going[place].take(reached) if told.number not in known)
        there = {number: both for number, both in curves.items() if len(both[0]) >= until}
        there |= {t.number: (heat.curves[t.number], heat.losses[t.number]) for heat in going for t in heat.alive}
        scores = {n: best_epoch(curve[:until], losses[:until], metric)[0] for n, (curve, losses) in there.items()}
        ends = dict.fromkeys(scores, "finished") if until == epochs else _behind(scores)
        for heat in going:
            yield from (told for told in heat.end(ends) if told.number not in known)


def heats(trials: Sequence[Trial], *, chunk: int = CHUNK) -> list[list[Trial]]:
    """The trials by shape, in even parts of so many at most: what can be one cohort.

    The engine has no say in it: sums change in their last bits with the company.
    """
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(_shape(trial), []).append(trial)
    return [part for group in groups.values() for part in _parts(group, ceil(len(group) / chunk))]


def rungs_of(epochs: int) -> tuple[int, ...]:
    """Epochs after which trials are compared: a third of all, a ninth, and so on."""
    found = []
    while epochs >= ETA:
        epochs //= ETA
        found.append(epochs)
    return tuple(sorted(found))


def survivors(scores: Mapping[int, float]) -> set[int]:
    """The best third, by number; at least one."""
    ranked = sorted(scores, key=lambda number: (-scores[number], number))
    return set(ranked[: max(1, -(-len(ranked) // ETA))])


def _behind(scores: Mapping[int, float]) -> dict[int, str]:
    return dict.fromkeys(scores.keys() - survivors(scores), "behind")


def _parts(trials: Sequence[Trial], parts: int) -> list[list[Trial]]:
    """So many parts in order, whose lengths differ by one at most."""
    bounds = [len(trials) * part // parts for part in range(parts + 1)]
    return [list(trials[start:end]) for start, end in pairwise(bounds)]


def _shape(trial: Trial) -> str:
    """All that the trials of a cohort share, written out."""
    return repr([*(value_at(trial.plan, path) for path in paths() if not by_trial(path)), dict(trial.hyper)])
