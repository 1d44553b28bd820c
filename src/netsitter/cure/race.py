"""The experiment: remedies beside the program as it stands, same batches, common seeds, longer only while undecided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from netsitter.cure.effect import effect_of, undecided, verdict_of
from netsitter.cure.program import Program
from netsitter.cure.side import WORST_REAL, WORST_SHARE, Side, grouped
from netsitter.record.cures import Effect, Verdict
from netsitter.record.events import EpochEnded, Event, Measured, TrialEnded

FIRST_SHARE = 0.08
"""Of a whole training, that each side goes through before the first comparison."""

FEWEST_STEPS = 60
"""... and steps, at least: before that a network has hardly moved."""


@dataclass
class Arm:
    """A program with its trainings, one a seed. sides: each with the place of the program in it."""

    program: Program
    sides: list[tuple[Side, int]] = field(default_factory=list)

    @property
    def failed(self) -> str:
        return self.sides[0][0].failed

    def scores(self) -> list[float | None]:
        return [side.scores()[place] for side, place in self.sides]

    def loss(self) -> float:
        return fmean(side.losses()[place] for side, place in self.sides)

    def events(self) -> list[Event]:
        """What was told of the training from the first seed, as if it had trained alone."""
        side, place = self.sides[0]
        other = [event for event in side.events if isinstance(event, TrialEnded) and event.trial != place]
        return [of_trial(event, place) for event in side.events if event not in other]


@dataclass
class Race:
    """Trainings side by side, and what they cost.

    budget: rows that may be trained on in all. spent: those that were.
    """

    seeds: Sequence[int]
    budget: int
    spent: int = 0

    def enter(self, programs: Sequence[Program]) -> list[Arm]:
        """An arm for each program, not trained yet; those of one shape share a cohort. Raises NetError."""
        arms = [Arm(program) for program in programs]
        for seed in self.seeds:
            sides: dict[int, tuple[Side, int]] = {}
            for group in grouped(programs):
                side = Side([programs[place] for place in group], seed)
                sides |= {place: (side, at) for at, place in enumerate(group)}
            for place, arm in enumerate(arms):
                arm.sides.append(sides[place])
        return arms

    def advance(self, arms: Sequence[Arm], rows: int) -> None:
        """Every training of these arms goes on until it has seen so many rows."""
        for side in {id(side): side for arm in arms for side, _ in arm.sides}.values():
            self.spent += side.advance(rows)

    def run(self, base: Arm, others: Sequence[Arm], *, allowance: int) -> tuple[list[Effect], float]:
        """The effect of each arm beside the base, and the share of a whole training that it was measured after.

        allowance: rows that this may cost. Longer only while nothing is decided.
        """
        whole, batch = whole_rows(base.program), base.program.plan.loop.batch or 1
        rows = min(whole, max(int(FIRST_SHARE * whole), FEWEST_STEPS * batch))
        most, began = len(self.seeds) * (1 + len(others)), self.spent
        rows = max(batch, min(rows, allowance // most))
        while True:
            self.advance([base, *others], rows)
            effects = [self.compared(base, arm) for arm in others]
            left = allowance - (self.spent - began)
            more = min(whole, 2 * rows)
            open_ = not any(verdict_of(effect) == "helps" for effect in effects) and any(map(undecided, effects))
            if not open_ or more <= rows or most * (more - rows) > left:
                return effects, rows / whole
            rows = more

    def compared(self, base: Arm, arm: Arm) -> Effect:
        ready = base.program.ready
        worst = WORST_REAL if ready.parts.measure.real else WORST_SHARE
        same = arm.program.ready.loss is ready.loss and not (base.failed or arm.failed)
        losses = (base.loss(), arm.loss()) if same else None
        grain = 1 / max(1, ready.parts.feeds["val"].rows)
        return effect_of(base.scores(), arm.scores(), worst=worst, grain=grain, losses=losses)


def whole_rows(program: Program) -> int:
    """Rows that one whole training of the program goes through."""
    return (program.plan.loop.epochs or 1) * program.ready.parts.feeds["train"].rows


def best_of(effects: Sequence[Effect], verdicts: Sequence[Verdict]) -> int | None:
    """The place of the remedy to keep: of those that help the first, unless a later one brings clearly more."""
    helping = [place for place, verdict in enumerate(verdicts) if verdict == "helps"]
    if not helping:
        return None
    best = max(helping, key=lambda place: effects[place].mean)
    return next(p for p in helping if effects[p].mean >= effects[best].mean - max(effects[best].spread / 2, 0.02))


def of_trial(event: Event, trial: int) -> Event:
    """The event as it would be told of this trial alone."""
    if isinstance(event, Measured):
        return replace(
            event, values={name: tuple((row[trial],) for row in rows) for name, rows in event.values.items()}
        )
    if isinstance(event, EpochEnded):
        told = {name: (values[trial],) for name, values in event.values.items()}
        return replace(event, values=told, best=(event.best[trial],))
    return replace(event, trial=0) if isinstance(event, TrialEnded) else event
