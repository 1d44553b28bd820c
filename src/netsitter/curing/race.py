"""The experiment: remedies beside the program as it stands, same batches, common seeds, more only while undecided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from netsitter.curing.effect import consistent, effect_of, verdict_of
from netsitter.curing.program import Program
from netsitter.curing.side import WORST_REAL, WORST_SHARE, Side, grouped, step_rows, whole_rows
from netsitter.record.cures import Effect
from netsitter.record.events import EpochEnded, Event, Measured, TrialEnded
from netsitter.train.losses import WEIGHTS

FIRST_SHARE = 0.08
"""Of a whole training, that each side goes through before the first comparison."""

FEWEST_STEPS = 60
"""... and steps, at least: before that a network has hardly moved."""

CLEARLY = 0.02
"""A difference of the score between two remedies that is worth the less safe one, if every seed shows it."""


@dataclass
class Arm:
    """A program with its trainings. sides: by seed, each with the place of the program in it."""

    program: Program
    sides: dict[int, tuple[Side, int]] = field(default_factory=dict)

    @property
    def failed(self) -> str:
        """Why it cannot be trained, "" where it can."""
        return next((side.failed for side, _ in self.sides.values() if side.failed), "")

    def scores(self, seeds: Sequence[int], rows: int, *, by_class: bool = False) -> list[float | None]:
        """By seed: what the program would be kept at after so many rows, or its score by class as it is now."""
        sides = [self.sides[seed] for seed in seeds]
        return [(side.by_class() if by_class else side.at(rows)[0])[place] for side, place in sides]

    def loss(self, seeds: Sequence[int], rows: int) -> float:
        return fmean(side.at(rows)[1][place] for side, place in (self.sides[seed] for seed in seeds))

    def horizon(self, rows: int, most: int) -> int:
        """Where it can be compared: after so many rows, or, where it went further, at the next place it was seen at.

        most: rows that may be gone through; a place before is taken where the next is beyond.
        """
        seen = sorted(next(iter(self.sides.values()))[0].history)
        if not seen or seen[-1] < rows:
            return rows
        behind = [place for place in seen if place >= rows]
        return behind[0] if behind[0] <= most else max((p for p in seen if p <= most), default=0)

    def events(self) -> list[Event]:
        """What was told of the training from the first seed, as if it had trained alone."""
        side, place = next(iter(self.sides.values()))
        other = [event for event in side.events if isinstance(event, TrialEnded) and event.trial != place]
        return [of_trial(event, place) for event in side.events if event not in other]


@dataclass
class Race:
    """Trainings side by side, and what they cost.

    seeds: that every comparison begins with. budget: rows that may be trained on in all. spent: those that were.
    tell: is told both after each training.
    """

    seeds: Sequence[int]
    budget: int
    spent: int = 0
    tell: Callable[[int, int], None] | None = None

    def enter(self, programs: Sequence[Program], seeds: Sequence[int] | None = None) -> list[Arm]:
        """An arm for each program, not trained yet; those of one shape share a cohort. Raises NetError."""
        arms = [Arm(program) for program in programs]
        for seed in self.seeds if seeds is None else seeds:
            for group in grouped(programs):
                side = Side([programs[place] for place in group], seed)
                for at, place in enumerate(group):
                    arms[place].sides[seed] = (side, at)
        return arms

    def advance(self, arms: Sequence[Arm], rows: int) -> None:
        """Every training of these arms goes on until it has seen so many rows."""
        for side in {id(side): side for arm in arms for side, _ in arm.sides.values()}.values():
            self.spent += side.advance(rows)
            if self.tell is not None:
                self.tell(self.spent, self.budget)

    def run(
        self, base: Arm, others: Sequence[Arm], *, allowance: int, first: float = FIRST_SHARE
    ) -> tuple[list[Effect], float] | None:
        """The effect of each arm beside the base, and the share of a whole training that it was measured after.

        allowance: rows that this may cost; None where that is not enough for a step of each. Longer, and with more
        seeds, only while nothing is decided. first: share of a training before the first comparison.
        """
        whole, batch, began = whole_rows(base.program), step_rows(base.program), self.spent
        seeds = [*self.seeds]
        rows = min(whole, max(int(first * whole), FEWEST_STEPS * batch))
        most = allowance // (len(seeds) * (1 + len(others)))
        rows = base.horizon(min(rows, most), most)
        if rows < max(step_rows(arm.program) for arm in (base, *others)):
            return None
        while True:
            self.advance([base, *others], rows)
            effects = [self.compared(base, arm, seeds, rows) for arm in others]
            if any(verdict_of(effect) == "helps" for effect in effects):
                return effects, rows / whole
            left = allowance - (self.spent - began)
            if len(seeds) == len(self.seeds) and any(effect.mean > 0 and consistent(effect) for effect in effects):
                # All seeds say that it helps, and are too few to be sure.
                if len(seeds) * (1 + len(others)) * rows > left:
                    return effects, rows / whole
                more = [seed + len(seeds) for seed in seeds]
                self._sow([base, *others], more, rows)
                seeds += more
                continue
            longer = base.horizon(min(whole, 2 * rows), whole)
            if longer <= rows or len(seeds) * (1 + len(others)) * (longer - rows) > left:
                return effects, rows / whole
            rows = longer

    def affordable(self, base: Arm, first: float, allowance: int) -> int:
        """How many arms can be compared with the base for as long as is wanted at first, or for a step; 1 at least."""
        batch = step_rows(base.program)
        rows = max(batch, min(int(first * whole_rows(base.program)), allowance // (4 * len(self.seeds))))
        return max(1, allowance // (len(self.seeds) * rows) - 1)

    def at_length(self, base: Arm, other: Arm, *, allowance: int) -> tuple[Effect, float] | None:
        """The effect of a longer training, each trained to its own end; None where that costs too much."""
        cost = len(self.seeds) * (whole_rows(base.program) + whole_rows(other.program))
        if cost > allowance:
            return None
        for arm in (base, other):
            self.advance([arm], whole_rows(arm.program))
        return self.compared(base, other, self.seeds, whole_rows(base.program), whole_rows(other.program)), 1.0

    def compared(self, base: Arm, arm: Arm, seeds: Sequence[int], rows: int, other: int | None = None) -> Effect:
        """The effect of one arm beside another, over these seeds, after so many rows. other: those of the arm."""
        after_rows = rows if other is None else other
        ready = base.program.ready
        worst = WORST_REAL if ready.parts.measure.real else WORST_SHARE
        same = arm.program.ready.loss is ready.loss and arm.program.ready.target is ready.target
        same = same and not (base.failed or arm.failed)
        losses = (base.loss(seeds, rows), arm.loss(seeds, after_rows)) if same else None
        grain = 1 / max(1, ready.parts.feeds["val"].rows)
        # Once classes count alike in the loss, they do in the score.
        by_class = WEIGHTS in (*arm.program.plan.net.surgery, *base.program.plan.net.surgery)
        before = base.scores(seeds, rows, by_class=by_class)
        after = arm.scores(seeds, after_rows, by_class=by_class)
        effect = effect_of(before, after, worst=worst, grain=grain, losses=losses)
        return replace(effect, by_class=by_class)

    def _sow(self, arms: Sequence[Arm], seeds: Sequence[int], rows: int) -> None:
        """More seeds for these arms; a training that went another way than to so many rows is begun again."""
        for arm in arms:
            missing = [s for s in seeds if s not in arm.sides or _beyond(arm.sides[s][0], rows)]
            arm.sides |= self.enter([arm.program], missing)[0].sides


def _beyond(side: Side, rows: int) -> bool:
    """Whether it went further than this, and was not seen there."""
    return rows not in side.history and any(seen > rows for seen in side.history)


def best_of(effects: dict[int, Effect]) -> int | None:
    """The place of the remedy to keep, of those that help: the first, unless a later one is clearly better."""
    best: int | None = None
    for place, effect in effects.items():
        if best is None or _clearly(effect, effects[best]):
            best = place
    return best


def _clearly(effect: Effect, other: Effect) -> bool:
    pairs = list(zip(effect.after, other.after, strict=True))
    every = all(one is not None and (two is None or one > two) for one, two in pairs)
    return every and effect.mean - other.mean > CLEARLY


def of_trial(event: Event, trial: int) -> Event:
    """The event as it would be told of this trial alone."""
    if isinstance(event, Measured):
        values = {name: tuple((row[trial],) for row in rows) for name, rows in event.values.items()}
        return replace(event, values=values)
    if isinstance(event, EpochEnded):
        told = {name: (values[trial],) for name, values in event.values.items()}
        return replace(event, values=told, best=(event.best[trial],))
    return replace(event, trial=0) if isinstance(event, TrialEnded) else event
