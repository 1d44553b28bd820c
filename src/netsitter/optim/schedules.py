"""Schedules: the learning rate over a run, as a factor in (0, 1] of its highest value. Pure functions of the step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, floor, pi

import numpy as np

from netsitter.errors import PlanError, closest, shown
from netsitter.plan.sections import OptimPlan

RISE = 0.3
"""Share of a one-cycle run in which the rate rises."""

FIRST, LAST = 1 / 25, 1 / 25 / 1e4
"""Where one cycle starts and ends. These three as in PyTorch's OneCycleLR, after fast.ai."""


@dataclass(frozen=True)
class Schedule:
    """One way the rate changes.

    factor: of (step from 0, steps of the run, epochs behind it, the plan).
    """

    name: str
    sentence: str
    source: str
    factor: Callable[[int, int, float, OptimPlan], float]


def lr_factor(optim: OptimPlan, *, step: int, steps: int, steps_per_epoch: int) -> float:
    """What the learning rate of a step is multiplied by, in (0, 1].

    During warm-up it rises in equal steps to the schedule's start; the schedule has the steps that are left.

    step: counted from 0; from `steps` on, it is that of the last step.
    Raises PlanError for an unknown schedule, or one that is not chosen yet.
    """
    schedule = _known(optim.schedule)
    step = min(step, steps - 1)
    warm = min(round(optim.warmup * steps_per_epoch), steps)
    after, left = max(0, step - warm), max(1, steps - warm)
    factor = schedule.factor(after, left, after / steps_per_epoch, optim)
    return factor * (step + 1) / warm if step < warm else factor


class Rates:
    """The learning rates of trials, whose plans may differ in `lr` and `schedule_factor`, and not in the schedule."""

    def __init__(self, optims: Sequence[OptimPlan]) -> None:
        kinds = {optim.schedule_factor: optim for optim in optims}
        self.kinds = list(kinds.values())
        self.lr_T = np.array([optim.lr or 0.0 for optim in optims])
        self.kind_T = np.array([list(kinds).index(optim.schedule_factor) for optim in optims])

    def at(self, step: int, steps: int, steps_per_epoch: int) -> list[float]:
        """The rate of each trial in the step with this number, counted from 0."""
        kinds = [lr_factor(optim, step=step, steps=steps, steps_per_epoch=steps_per_epoch) for optim in self.kinds]
        return (self.lr_T * np.array(kinds)[self.kind_T]).tolist()


def _known(name: str | None) -> Schedule:
    if name not in SCHEDULES:
        raise PlanError(
            f"there is no schedule {shown(name)}.{closest(str(name), SCHEDULES)}",
            code="P21",
            where="optim.schedule",
            allowed=", ".join(SCHEDULES),
        )
    return SCHEDULES[name]


def constant(step: int, steps: int, epochs: float, optim: OptimPlan) -> float:
    return 1.0


def in_steps(step: int, steps: int, epochs: float, optim: OptimPlan) -> float:
    # 0.3 / 0.1 is a little under 3.
    return optim.schedule_factor ** floor(epochs / optim.schedule_every + 1e-9)


def exponential(step: int, steps: int, epochs: float, optim: OptimPlan) -> float:
    return optim.schedule_factor ** (epochs / optim.schedule_every)


def cosine(step: int, steps: int, epochs: float, optim: OptimPlan) -> float:
    return _half_cosine(step / steps, 1.0, 0.0)


def one_cycle(step: int, steps: int, epochs: float, optim: OptimPlan) -> float:
    peak = max(0.0, RISE * steps - 1)
    if step < peak:
        return _half_cosine(step / peak, FIRST, 1.0)
    return _half_cosine((step - peak) / max(1.0, steps - 1 - peak), 1.0, LAST)


def _half_cosine(share: float, start: float, end: float) -> float:
    """From `start` to `end`, level at both, as `share` goes from 0 to 1."""
    return end + (start - end) * (1 + cos(pi * share)) / 2


SCHEDULES: dict[str, Schedule] = {
    entry.name: entry
    for entry in (
        Schedule("constant", "the rate stays", "", constant),
        Schedule(
            "step", "the rate is multiplied by schedule_factor every schedule_every epochs, at once", "", in_steps
        ),
        Schedule("exponential", "the same, but a little each step", "", exponential),
        Schedule(
            "cosine",
            "the rate falls along half a cosine and would be 0 after the last step",
            "Loshchilov & Hutter (2017), arXiv:1608.03983, eq. 5, without restarts",
            cosine,
        ),
        Schedule(
            "one-cycle",
            "the rate rises over the first 30 % of the run and falls to nearly 0 over the rest",
            "Smith & Topin (2018), arXiv:1708.07120, with cosines",
            one_cycle,
        ),
    )
}
"""By the name in a plan."""
