"""The planner: which way some trials run fastest on this machine, tried on copies for a few steps, and remembered."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from netsitter.train.cohorts import remembered
from netsitter.train.cohorts.cohort import Turn, Way
from netsitter.train.cohorts.made import Trials, can_lie_last, form_of, lifts, made, side_by_side_safe, spans
from netsitter.train.cohorts.ways import others, usual
from netsitter.train.cohorts.workers import CORES
from netsitter.train.device import machine_facts, wait_for

SHARE = 0.02
"""Of the run's work, that trying may cost."""

BETTER = 0.95
"""Times the usual way's time, below which another is taken: less is not seen surely in so few steps."""

LEAST_STEPS = 2
"""Steps of a way before its first time is known: one to begin, one that is timed."""

LEAST_S, ROUNDS = 0.005, 5
"""Seconds that are timed at least at a time, and how often, at most; the least time counts."""

COMPILING_S = 60
"""Seconds that compiling may take: 23 to 38 were seen on two cores."""

Batch = tuple[Tensor, Tensor]


FORM_WORDS = {
    "dense": "stacked layers",
    "lifted": "lifted by vmap",
    "compiled": "lifted by vmap and compiled",
    "in turn": "one after the other",
}
"""What a form is called in few words."""


class Planned(NamedTuple):
    """A way and why it was taken."""

    way: Way
    why: str


def planned(
    trials: Trials, *, device: torch.device, probe: Batch | None, rows: int | None, cores: int | None = None
) -> Planned:
    """The way for these trials: as remembered, else as tried where the run is long enough for that, else as usual.

    probe: a small batch. rows: of the training part, from which the length of the run is known. cores: threads at most.
    """
    form, count = form_of(trials), len(trials.nets)
    if form == "lifted" and probe is not None and not lifts(trials, probe):
        form = "in turn"
    if device.type == "cpu":
        cores = (cores or CORES) if side_by_side_safe(trials, probe) else 1
        way = usual(trials, form, probe=probe, cores=cores)
        last = probe is not None and can_lie_last(trials, probe)
        choices = [way, *others(way, form, count=count, cores=cores, last=last)]
    else:
        way = Way(form, count)
        choices = [way] if form == "in turn" else [way, Way("compiled", count)]
    name = _name(trials, choices, cores, machine_facts(device)["device"])
    known = remembered.recall(name)
    if known in choices:
        return Planned(known, "as remembered of this machine")
    if len(choices) == 1:
        return Planned(way, "this network cannot be lifted over trials" if form == "in turn" else "nothing else can be")
    if probe is None or rows is None:
        return Planned(way, "as a rule")
    if busy():
        return Planned(way, "as a rule; the machine is too busy to try others")
    plan = trials.plans[0]
    steps = (plan.loop.epochs or 1) * -(-rows // (plan.loop.batch or rows))
    seconds = _tried(trials, choices, probe, steps=steps)
    if not seconds:
        return Planned(way, "as a rule; the run is too short to try others")
    best = min(seconds, key=lambda choice: seconds[choice])
    best = best if seconds[best] < BETTER * seconds[way] else way
    remembered.keep(name, best)
    return Planned(best, f"tried {len(choices)} ways: {_told(seconds, best)}")


def _tried(trials: Trials, choices: Sequence[Way], probe: Batch, *, steps: int) -> dict[Way, float]:
    """The least seconds of a step of one trial by way, over rounds of all ways; nothing, if that would be too dear."""
    plan, count, began = trials.plans[0], len(trials.nets), time.perf_counter()
    soon = [way for way in choices if way.form != "compiled"]
    if sum(LEAST_STEPS * _together(way, count) for way in soon) > SHARE * steps * count:
        return {}
    places = torch.arange(plan.loop.batch or 1) % len(probe[0])
    batch = probe[0][places], probe[1][places]
    seconds: dict[Way, float] = {}
    with torch.random.fork_rng(devices=[]):
        timed = {choices[0]: _Timed(trials, choices[0], batch)}
        may = SHARE * steps * count * timed[choices[0]].seconds()
        trying = (time.perf_counter() - began) * len(soon)
        if trying + COMPILING_S > may:
            choices = soon
        if trying > may or len(choices) == 1:
            return {}
        timed |= {way: _Timed(trials, way, batch) for way in choices[1:]}
        for _ in range(ROUNDS):
            for way, one in timed.items():
                seconds[way] = min(seconds.get(way, float("inf")), one.seconds())
            if (time.perf_counter() - began) * 1.5 > may:
                break
    return seconds


def _together(way: Way, count: int) -> int:
    """Of so many trials, those that are timed."""
    return spans(count, way)[way.workers - 1].stop if way.form != "in turn" else min(count, 2 * way.workers)


class _Timed:
    """Copies of as many trials as run at the same time this way."""

    def __init__(self, trials: Trials, way: Way, batch: Batch) -> None:
        self.cohort = made(trials.part(slice(_together(way, len(trials.nets)))).copies(), way)
        self.turn = Turn(*batch, step=1, epoch=0, lrs=[plan.optim.lr or 0.0 for plan in self.cohort.plans])
        self.turns = [self.turn]
        self.seconds()

    def seconds(self) -> float:
        """Seconds of a step of one trial, now."""
        wait_for(self.turn.x_B.device)
        start = time.perf_counter()
        self.cohort.stretch(self.turns)
        wait_for(self.turn.x_B.device)
        each = (time.perf_counter() - start) / len(self.turns)
        self.turns = [self.turn] * max(1, min(10, int(LEAST_S / each)))
        return each / self.cohort.trials


def busy() -> bool:
    """Whether others keep the processor so busy that no time could be trusted."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > 1.5 * (os.cpu_count() or 1)


def _told(seconds: dict[Way, float], best: Way) -> str:
    slower = min((taken for way, taken in seconds.items() if way != best), default=seconds[best])
    return f"{1e6 * seconds[best]:,.0f} µs a trial and step, the next {1e6 * slower:,.0f}"


def words(way: Way) -> str:
    """A way in few words."""
    form = FORM_WORDS[way.form]
    chunk = f", {way.chunk} trials at once" if way.form != "in turn" else ""
    last = ", channels last" if way.last else ""
    return f"{form}{chunk}{last}" + (f", on {way.workers} threads" if way.workers > 1 else "")


def _name(trials: Trials, choices: Iterable[Way], cores: int | None, device: str) -> str:
    """What a choice is remembered by: all that it depends on but the machine."""
    net, plan = trials.nets[0], trials.plans[0]
    facts = [
        len(trials.nets),
        plan.loop.batch,
        plan.optim.kind if trials.optimizer is None else "own",
        [type(part).__name__ for part in net.modules()],
        [list(p.shape) for p in net.parameters()],
        list(choices),
        cores,
        device,
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:24]
