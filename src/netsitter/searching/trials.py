"""Trials of a search in training: those of one shape as one cohort, compared from time to time, hopeless ones ended."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import isfinite
from typing import Any

import numpy as np
import torch

from netsitter.plan.plan import Plan, by_trial, changed, differing
from netsitter.record.events import EpochEnded, Measured, Searched
from netsitter.train.beginning import Build, first_rows, network_for
from netsitter.train.checkpoint import Checkpoint
from netsitter.train.cohort import cohort_of
from netsitter.train.loop import Training
from netsitter.train.prepare import Ready, prepared_as

HOPELESS = 3.0
"""Times its own first loss, above which a trial is ended. Source: Karpathy, Johnson & Li, CS231n (2017), lecture 6."""

ETA = 3
"""Of so many trials one goes on behind each comparison. Source: Jamieson & Talwalkar (2016), arXiv:1502.07943."""

CHUNK = 16
"""Trials of one cohort at most."""

FIRST_LOSSES = 5
"""Steps whose middle loss counts as a trial's first, and as its present one."""


@dataclass(frozen=True)
class Trial:
    """One set of hyper-parameters. hyper: those that are for the user's own function and no fields of the plan."""

    number: int
    values: Mapping[str, Any]
    plan: Plan
    hyper: Mapping[str, Any] = field(default_factory=dict)


def trial_of(base: Plan, number: int, values: Mapping[str, Any], *, epochs: int) -> Trial:
    """The trial with these values.

    All trials of a search begin with the weights of the plan's seed and see the same batches: what tells them apart is
    their hyper-parameters, and not the luck of a start.
    """
    own = {name: value for name, value in values.items() if "." not in name}
    fields = {name: value for name, value in values.items() if "." in name}
    plan = changed(base, {**fields, "loop.epochs": epochs, "loop.watch_every": 0})
    return Trial(number, values, plan, own)


class Heat:
    """Trials of one shape in training, epoch by epoch, as one cohort.

    alive: the trials that still train, in the order of the cohort.
    """

    def __init__(self, trials: Sequence[Trial], ready: Ready, build: Build | None, stage: str) -> None:
        self.ready, self.stage, self.alive = ready, stage, list(trials)
        self.curves: dict[int, list[float]] = {trial.number: [] for trial in trials}
        self.losses: dict[int, list[float]] = {trial.number: [] for trial in trials}
        self.over: dict[int, str] = {}
        self._first: dict[int, float] = {}
        self._began = time.monotonic()
        nets = [_network(trial, ready, build) for trial in trials]
        self._train([trial.plan for trial in trials], nets, None)

    def _train(self, plans: Sequence[Plan], nets: Sequence[torch.nn.Module], start: Checkpoint | None) -> None:
        ready = self.ready
        probe = first_rows(ready, 8) if len(nets) > 1 else None
        cohort = cohort_of(nets, plans, ready.loss, device=ready.device, probe=probe, optimizer=ready.optimizer)
        self.training = Training(cohort, ready.parts, start=start)
        self._events = self.training.events()

    def epoch(self) -> None:
        """Trains every trial that is alive for one epoch; what diverged or became hopeless is over then."""
        if not self.alive:
            return
        for event in self._events:
            if isinstance(event, Measured) and "loss" in event.values:
                self._look(event)
            if isinstance(event, EpochEnded):
                for place, trial in enumerate(self.alive):
                    self.curves[trial.number].append(event.values["epoch/val"][place])
                    self.losses[trial.number].append(event.values["epoch/val_loss"][place])
                break
        for place, trial in enumerate(self.alive):
            if self.training.progress.over[place] == "diverged":
                self.over[trial.number] = "diverged"
        self.drop([number for number in self.over if number in {trial.number for trial in self.alive}])

    def _look(self, event: Measured) -> None:
        """Marks the trials whose loss has grown beyond hope."""
        losses = np.array(event.values["loss"], dtype=float)
        for place, trial in enumerate(self.alive):
            now = float(np.median(losses[-FIRST_LOSSES:, place]))
            first = self._first.setdefault(trial.number, float(np.median(losses[:FIRST_LOSSES, place])))
            if isfinite(now) and now > HOPELESS * abs(first):
                self.over[trial.number] = "hopeless"

    def drop(self, numbers: Sequence[int]) -> None:
        """Ends these trials; the cohort goes on without them."""
        places = [place for place, trial in enumerate(self.alive) if trial.number not in numbers]
        if len(places) == len(self.alive):
            return
        training = self.training
        self.alive = [self.alive[place] for place in places]
        if not self.alive:
            return
        nets = [training.cohort.network(place) for place in places]
        for net in nets:
            net.train()
        state = training.cohort.state()
        rows = torch.tensor(places)
        progress = training.progress
        kept = {
            name: tuple(getattr(progress, name)[place] for place in places) for name in ("best", "best_epoch", "over")
        }
        tensors = {f"now/{name}": tensor[rows.to(tensor.device)].clone() for name, tensor in state.items()}
        tensors |= {f"best/{name}": t[rows.to(t.device)].clone() for name, t in (training.best or {}).items()}
        start = Checkpoint(replace(progress, trials=len(places), **kept), tensors, {})
        self._train([trial.plan for trial in self.alive], nets, start)

    def told(self, trial: Trial) -> Searched:
        """What came of a trial."""
        curve, losses = self.curves[trial.number], self.losses[trial.number]
        finite = [(score, -place) for place, score in enumerate(curve) if isfinite(score)]
        how = self.over.get(trial.number, "finished")
        score, place = max(finite) if finite and how != "diverged" else (None, 0)
        loss = losses[-place] if score is not None else None
        seconds = time.monotonic() - self._began
        first = self._first.get(trial.number, float("nan"))
        return Searched(trial.number, self.stage, dict(trial.values), score, loss, first, tuple(curve), how, seconds)


def heats(trials: Sequence[Trial], ready: Ready, build: Build | None, stage: str) -> list[list[Trial]]:
    """The trials by shape, in chunks: what can be one cohort."""
    groups: list[list[Trial]] = []
    for trial in trials:
        home = next((group for group in groups if _alike(group[0], trial)), None)
        if home is None:
            groups.append([trial])
        else:
            home.append(trial)
    return [group[start : start + CHUNK] for group in groups for start in range(0, len(group), CHUNK)]


def placed(ready: Ready, plan: Plan) -> Ready:
    """The data as this trial's plan prepares it; the same where it differs in nothing that concerns it."""
    if all(not path.startswith("data.") for path in differing([ready.plan, plan])):
        return replace(ready, plan=plan)
    return prepared_as(ready, plan, loss=ready.loss, optimizer=ready.optimizer)


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


def stage_results(
    trials: Sequence[Trial], ready: Ready, build: Build | None, stage: str, known: Mapping[int, Searched]
) -> Iterator[Searched]:
    """Trains the trials of one stage, and tells each when it is over.

    known: what an earlier, broken run of the same search has told already; a cohort that is wholly known is not trained
    again, others are trained again from their start, so that every trial gives the numbers of an unbroken search.
    """
    epochs = max((trial.plan.loop.epochs or 1 for trial in trials), default=0)
    groups = heats(trials, ready, build, stage)
    running = [
        Heat(group, placed(ready, group[0].plan), build, stage)
        for group in groups
        if not all(trial.number in known for trial in group)
    ]
    over = {number: told.curve for number, told in known.items()}
    rungs = rungs_of(epochs)
    for epoch in range(1, epochs + 1):
        for heat in running:
            before = list(heat.alive)
            heat.epoch()
            yield from _over(heat, before, known)
        if epoch in rungs:
            scores = {t.number: max(heat.curves[t.number]) for heat in running for t in heat.alive}
            scores |= {
                t.number: max(over[t.number][:epoch])
                for group in groups
                for t in group
                if t.number in over and len(over[t.number]) >= epoch and t.number not in scores
            }
            keep = survivors(scores)
            for heat in running:
                before = list(heat.alive)
                behind = [trial.number for trial in heat.alive if trial.number not in keep]
                heat.over |= dict.fromkeys(behind, "behind")
                heat.drop(behind)
                yield from _over(heat, before, known)
    for heat in running:
        for trial in heat.alive:
            if trial.number not in known:
                yield heat.told(trial)


def _over(heat: Heat, before: Sequence[Trial], known: Mapping[int, Searched]) -> Iterator[Searched]:
    alive = {trial.number for trial in heat.alive}
    for trial in before:
        if trial.number not in alive and trial.number not in known:
            yield heat.told(trial)


def _network(trial: Trial, ready: Ready, build: Build | None) -> torch.nn.Module:
    own = build
    if build is not None and "hyper" in inspect.signature(build).parameters:
        own = partial(build, hyper=dict(trial.hyper))
    return network_for(replace(ready, plan=trial.plan), own)


def _alike(one: Trial, other: Trial) -> bool:
    return one.hyper == other.hyper and all(map(by_trial, differing([one.plan, other.plan])))
