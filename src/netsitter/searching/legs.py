"""A leg: trials of one shape, trained as one cohort from the end of one epoch to that of another.

A leg is a pure function of what it is given, so it may be run in any process on any machine, and again when that one
is lost. Weights travel as safetensors.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import isfinite
from typing import Any

import numpy as np
import torch

from netsitter.plan.plan import Plan, differing
from netsitter.record.events import EpochEnded, Measured
from netsitter.train.beginning import Build, first_rows, network_for
from netsitter.train.checkpoint import Checkpoint, from_bytes, in_bytes
from netsitter.train.cohort import cohort_of
from netsitter.train.device import own_conditions
from netsitter.train.loop import Training
from netsitter.train.prepare import Ready, folded, prepared_as, with_few_scored

HOPELESS = 3.0
"""Times its own first loss, above which a trial is ended. Source: Karpathy, Johnson & Li, CS231n (2017), lecture 6."""

FIRST_LOSSES = 5
"""Steps whose middle loss counts as a trial's first, and as its present one."""


SCORED = 100
"""Rows that training figures of trials are measured on, which nobody reads: trials are judged on validation."""

DIVIDING = ("data.folds", "data.fold", "data.validation", "data.test", "data.seed")
"""Fields that decide which rows are in which part."""


@dataclass(frozen=True)
class Trial:
    """One set of hyper-parameters. hyper: those that are for the user's own function and no fields of the plan."""

    number: int
    values: Mapping[str, Any]
    plan: Plan
    hyper: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Leg:
    """Trials to be trained together up to the end of an epoch.

    name: for people. until: the epoch, counted from 1.
    state: where these and perhaps other trials stood before, as safetensors; None at their start.
    firsts: their first losses by number, as far as there were any.
    """

    name: str
    trials: tuple[Trial, ...]
    until: int
    state: bytes | None = None
    firsts: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Reached:
    """What came of a leg, by number of the trial.

    curves, losses: validation scores and losses of its epochs. over: how trials ended that train no longer.
    state: where the others stand; None at the end of all epochs, and where there are no others.
    way: how the cohort ran at its start, in words, and why so.
    """

    curves: Mapping[int, tuple[float, ...]]
    losses: Mapping[int, tuple[float, ...]]
    firsts: Mapping[int, float]
    over: Mapping[int, str]
    state: bytes | None
    seconds: float
    way: str = ""


class Track:
    """Where legs are run: the data in place, and the user's own function where there is one.

    most_threads: fewer than the plan's, where several legs share one machine.
    """

    def __init__(self, ready: Ready, build: Build | None = None, *, most_threads: int | None = None) -> None:
        self.ready, self.build, self.most_threads = ready, build, most_threads
        self._placed: list[Ready] = []

    def run(self, leg: Leg) -> Reached:
        """Trains a leg."""
        began, loop = time.monotonic(), leg.trials[0].plan.loop
        if self.most_threads is not None:
            most = self.most_threads
            loop = loop.model_copy(update={"threads": min(loop.threads or most, most)})
        with own_conditions(loop, self.ready.device):
            ready = self._as_prepared_for(leg.trials[0].plan)
            runners = Runners(leg, ready, self.build, cores=self.most_threads)
            way = runners.training.cohort.how
            while runners.alive and runners.epochs < leg.until:
                runners.epoch()
        last = leg.until >= (loop.epochs or 1)
        return Reached(
            {number: tuple(curve) for number, curve in runners.curves.items()},
            {number: tuple(losses) for number, losses in runners.losses.items()},
            dict(runners.firsts),
            dict(runners.over),
            None if last or not runners.alive else runners.state(),
            time.monotonic() - began,
            way,
        )

    def _as_prepared_for(self, plan: Plan) -> Ready:
        """The data as this plan prepares it. What was prepared last is kept, since legs of one shape come together."""
        there = next((ready for ready in self._placed if ready.plan.data == plan.data), self.ready)
        found = with_few_scored(placed(there, plan), SCORED)
        self._placed = [found]
        return found


class Runners:
    """The trials of a leg in training, epoch by epoch.

    alive: those that still train, in the order of the cohort. cores: threads that trials may run on side by side.
    """

    def __init__(self, leg: Leg, ready: Ready, build: Build | None, *, cores: int | None = None) -> None:
        self.cores = cores
        self.ready, self.build, self.alive = ready, build, list(leg.trials)
        self.curves: dict[int, list[float]] = {trial.number: [] for trial in leg.trials}
        self.losses: dict[int, list[float]] = {trial.number: [] for trial in leg.trials}
        self.firsts, self.over = dict(leg.firsts), dict[int, str]()
        self._train(leg.state)

    @property
    def epochs(self) -> int:
        """Whole epochs done, those of earlier legs with them."""
        return self.training.progress.epoch

    def epoch(self) -> None:
        """Trains every trial that is alive for one epoch; what diverged or became hopeless is over then."""
        for event in self._events:
            if isinstance(event, Measured) and "loss" in event.values:
                self._look(event)
            if isinstance(event, EpochEnded):
                self._score(event)
                break
        for place, trial in enumerate(self.alive):
            if self.training.progress.over[place] == "diverged":
                self.over[trial.number] = "diverged"
        self._drop()

    def state(self) -> bytes:
        """Where the trials that are alive stand. Their best weights are not kept: the winner is trained anew."""
        now = {f"now/{name}": tensor for name, tensor in self.training.cohort.state().items()}
        numbers = [trial.number for trial in self.alive]
        return in_bytes(Checkpoint(self.training.progress, now, {"trials": numbers}))

    def _train(self, state: bytes | None) -> None:
        """Puts the trials that are alive in training, at their start or where they stood."""
        ready, plans = self.ready, [trial.plan for trial in self.alive]
        nets = [_network(trial, ready, self.build) for trial in self.alive]
        probe = first_rows(ready, 8) if len(nets) > 1 else None
        cohort = cohort_of(
            nets, plans, ready.loss, device=ready.device, probe=probe, optimizer=ready.optimizer, cores=self.cores
        )
        start = None if state is None else _of(state, self.alive)
        self.training = Training(cohort, ready.parts, start=start)
        self._events = self.training.events()

    def _look(self, event: Measured) -> None:
        """Marks the trials whose loss has grown beyond hope."""
        losses = np.array(event.values["loss"], dtype=float)
        for place, trial in enumerate(self.alive):
            now = float(np.median(losses[-FIRST_LOSSES:, place]))
            first = self.firsts.setdefault(trial.number, float(np.median(losses[:FIRST_LOSSES, place])))
            if isfinite(now) and now > HOPELESS * abs(first):
                self.over[trial.number] = "hopeless"

    def _score(self, event: EpochEnded) -> None:
        for place, trial in enumerate(self.alive):
            # Alone, a trial that diverged has no end of its epoch.
            if self.training.progress.over[place] is None:
                self.curves[trial.number].append(event.values["epoch/val"][place])
                self.losses[trial.number].append(event.values["epoch/val_loss"][place])

    def _drop(self) -> None:
        """The cohort goes on without the trials that are over."""
        left = [trial for trial in self.alive if trial.number not in self.over]
        if left and len(left) < len(self.alive):
            state, self.alive = self.state(), left
            self._train(state)
        self.alive = left


def placed(ready: Ready, plan: Plan) -> Ready:
    """The data as this trial's plan prepares it; the same where it differs in nothing that concerns it."""
    apart = [path for path in differing([ready.plan, plan]) if path.startswith("data.")]
    if not apart:
        return replace(ready, plan=plan)
    if any(path in DIVIDING for path in apart):
        return folded(ready, plan)
    return prepared_as(ready, plan, loss=ready.loss, optimizer=ready.optimizer)


def _of(state: bytes, trials: Sequence[Trial]) -> Checkpoint:
    """The part of a state that concerns these trials."""
    whole = from_bytes(state)
    places = [whole.machine["trials"].index(trial.number) for trial in trials]
    rows, progress = torch.tensor(places), whole.progress
    kept = {name: tuple(getattr(progress, name)[place] for place in places) for name in ("best", "best_epoch", "over")}
    tensors = {name: tensor[rows] for name, tensor in whole.tensors.items()}
    return Checkpoint(replace(progress, trials=len(places), **kept), tensors, {})


def _network(trial: Trial, ready: Ready, build: Build | None) -> torch.nn.Module:
    own = build
    if build is not None and "hyper" in inspect.signature(build).parameters:
        own = partial(build, hyper=dict(trial.hyper))
    return network_for(replace(ready, plan=trial.plan), own)
