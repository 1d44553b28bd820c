"""`Side`: one program, or several of one shape, in training from one seed, cut short wherever it is asked to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from math import isfinite

import torch
from torch import nn

from netsitter.curing.program import Program
from netsitter.nn.modes import into_training
from netsitter.plan.plan import Plan, by_trial, changed, differing
from netsitter.record.events import Event
from netsitter.train.beginning import first_rows
from netsitter.train.cohort import cohort_of
from netsitter.train.loop import Training, part_batches
from netsitter.train.scores import recall

WORST_REAL, WORST_SHARE = -1.0, 0.0
"""What a program that fails is worth: R² is not followed below -1."""


class Side:
    """Programs of one shape trained as one cohort, with the real loop, from one seed: initial weights, batches, noise.

    failed: why a step cannot be made, "" where it can. history: by the rows that it was advanced to, what each program
    would be kept at, and its validation loss then.
    """

    def __init__(self, programs: Sequence[Program], seed: int) -> None:
        self.programs, self.seed = tuple(programs), seed
        plans = [seeded(program.plan, seed) for program in programs]
        nets = [program.network(seed) for program in programs]
        first = programs[0]
        self.failed = _fault(first, nets[0])
        self.events: list[Event] = []
        self.history: dict[int, tuple[list[float | None], list[float]]] = {}
        if self.failed:
            return
        cohort = cohort_of(
            nets, plans, first.ready.loss, device=first.ready.device, optimizer=first.ready.optimizer,
            probe=first_rows(first.ready, 8) if len(nets) > 1 else None,
        )  # fmt: skip
        self.training = Training(cohort, first.ready.parts)
        self._flow = self.training.events()

    def advance(self, rows: int) -> int:
        """Trains on until each trial has seen so many rows, or is over. Returns the rows that all took together."""
        if self.failed or rows in self.history:
            return 0
        batch = step_rows(self.programs[0])
        before = self.training.progress.step
        wanted, to_the_end = -(-rows // batch), rows >= whole_rows(self.programs[0])
        if before > wanted and not to_the_end:
            return 0  # what it was then was not looked at
        try:
            while self.training.progress.step < wanted or to_the_end:
                event = next(self._flow, None)
                if event is None:
                    break
                self.events.append(event)
        except Exception as error:  # a user's own loss may raise at outputs that it never met before
            self.failed = _told(error)
        self.history[rows] = (self.scores(), self.losses())
        return (self.training.progress.step - before) * batch * len(self.programs)

    def scores(self) -> list[float | None]:
        """What each program would be kept at: the best validation score so far, None where it failed."""
        if self.failed:
            return [None] * len(self.programs)
        now = self.training.scores("val")["score"]
        best = [
            max([score for score in pair if score is not None and isfinite(score)], default=None)
            for pair in zip(now, self.training.progress.best, strict=True)
        ]
        return best

    def at(self, rows: int) -> tuple[list[float | None], list[float]]:
        """Scores and losses as they were after so many rows, or at the next look; of one that failed, none."""
        empty = [None] * len(self.programs), [float("nan")] * len(self.programs)
        if self.failed or not self.history:
            return empty
        return self.history[min((seen for seen in self.history if seen >= rows), default=max(self.history))]

    def by_class(self) -> list[float | None]:
        """The validation score of each program as its weights are now, as the mean over classes of the share right."""
        if self.failed:
            return [None] * len(self.programs)
        parts = self.programs[0].ready.parts
        nets = [self.training.cohort.network(trial) for trial in range(len(self.programs))]
        return [recall(net, part_batches(parts.feeds["val"], parts.score_batch), parts.measure) for net in nets]

    def losses(self) -> list[float]:
        """The validation loss of each program as its weights are now."""
        return [float("nan")] * len(self.programs) if self.failed else list(self.training.scores("val")["loss"])

    def kept(self) -> list[nn.Module]:
        """The networks with their best weights so far."""
        self.training.take_best()
        return [self.training.cohort.network(trial) for trial in range(len(self.programs))]


def seeded(plan: Plan, seed: int) -> Plan:
    """The plan with everything that chance decides in training drawn from this seed; the parts stay what they are."""
    return changed(plan, {"loop.seed": seed, "data.seed": seed})


def grouped(programs: Sequence[Program]) -> Iterator[list[int]]:
    """The places of programs that can be one cohort: same rows, loss and shape, and plans that trials may differ in."""
    groups: list[list[int]] = []
    for place, program in enumerate(programs):
        for group in groups:
            if _alike(programs[group[0]], program):
                group.append(place)
                break
        else:
            groups.append([place])
    yield from groups


def _alike(one: Program, other: Program) -> bool:
    a, b = one.ready, other.ready
    if a.optimizer is not None or b.optimizer is not None or a.loss is not b.loss:
        return False
    return a.parts.feeds is b.parts.feeds and all(map(by_trial, differing([a.plan, b.plan])))


def _fault(program: Program, net: nn.Module) -> str:
    """What the first step raises on a copy of the network, "" when it goes through."""
    x_B, y_B = first_rows(program.ready, step_rows(program))
    copy = deepcopy(net)
    try:
        with torch.random.fork_rng(devices=[program.ready.device] if program.ready.device.type == "cuda" else []):
            into_training(copy)
            program.ready.loss(copy(x_B), y_B).backward()
        return ""
    except Exception as error:  # a user's own module or loss may raise anything
        return _told(error)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


def step_rows(program: Program) -> int:
    """Rows of one step."""
    return min(program.plan.loop.batch or 1, program.ready.parts.feeds["train"].rows)


def whole_rows(program: Program) -> int:
    """Rows that one whole training of the program goes through."""
    return (program.plan.loop.epochs or 1) * program.ready.parts.feeds["train"].rows
