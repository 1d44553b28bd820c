"""The cure of a program: look, try, keep what helps, look again, until nothing is wrong or nothing helps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from netsitter.curing.candidates import Candidate, attempted, batches, in_order, joined, wrong_in_itself
from netsitter.curing.effect import LEAST, verdict_of
from netsitter.curing.program import Program
from netsitter.curing.race import FIRST_SHARE, Arm, Race, best_of
from netsitter.curing.side import step_rows, whole_rows
from netsitter.curing.words import words
from netsitter.diagnose.doctor import Doctor
from netsitter.errors import NetsitterError
from netsitter.record.cures import Effect, Round, Tried
from netsitter.record.findings import Finding, Remedy, Surgery
from netsitter.record.start_facts import StartFacts
from netsitter.record.trace import Trace
from netsitter.train.beginning import beginning, step_work

SEEDS = (101, 102, 103)
"""Seeds of the experiments, other than those that a plan is likely to have."""

SHARE = 1.5
"""What all experiments together may cost, in trainings of the program as it was ..."""

FLOOR_WORK, FLOOR_STEPS = 1e11, 10_000
"""... but they may take so many multiply-adds, or steps, which are a few seconds: a tiny training proves nothing."""

ROUNDS = 8
"""Looks of the doctor, at most."""

ALLOWANCE = 0.5
"""Share of what is left of the budget that one experiment may take."""


@dataclass
class Treatment:
    """A program under treatment. Iterate over `rounds()`; then `arm` is the program with all that helped.

    findings: what is known to be wrong, where a run has told it; else the doctor looks first. share: see `SHARE`.
    tell: is told the rows trained on so far, and those that may be.
    """

    program: Program
    findings: Sequence[Finding] | None = None
    start: StartFacts | None = None
    seeds: Sequence[int] = SEEDS
    share: float = SHARE
    tell: Callable[[int, int], None] | None = None
    arm: Arm = field(init=False)
    left: list[Finding] = field(init=False, default_factory=list)
    _trusted: set[tuple[str, str]] = field(init=False, default_factory=set)
    _fitted: bool = field(init=False, default=False)
    _tuned: bool = field(init=False, default=False)
    _ended: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.whole = whole_rows(self.program)
        net = self.program.network(self.seeds[0])
        batch = step_rows(self.program)
        floor = int(min(FLOOR_WORK / max(step_work(self.program.ready, net), 1), FLOOR_STEPS)) * batch
        self.race = Race(self.seeds, max(int(self.share * self.whole), floor), tell=self.tell)
        self.arm = self.race.enter([self.program])[0]

    @property
    def most(self) -> float:
        """What the experiments may cost, in trainings of the program as it was."""
        return self.race.budget / self.whole

    @property
    def cost(self) -> float:
        """What they have cost so far, in the same unit."""
        return self.race.spent / self.whole

    def rounds(self) -> Iterator[Round]:
        """Each look with what was tried after it."""
        self._look_first()
        for _ in range(ROUNDS):
            roots = tuple(finding for finding in self.left if finding.severity != "note")
            found = self._round(roots)
            if found is not None:
                yield found
            if found is None or found.kept is None:
                if self._ended or not self._to_the_end():
                    return
            else:
                self._ended = False
            self._look()

    def _to_the_end(self) -> bool:
        """Trains the program as it stands to its end from one seed, for the doctor to see it whole; where it can be
        paid."""
        side, _ = next(iter(self.arm.sides.values()))
        self._ended = True
        if not self.arm.program.remedies or self.race.spent + self.whole_now > self.race.budget or side.failed:
            return False
        self.race.spent += side.advance(self.whole_now)
        return True

    def _round(self, roots: tuple[Finding, ...]) -> Round | None:
        """Batches of remedies until one of them is kept; None where there is nothing to try."""
        tried: list[Tried] = []
        for batch in self._batches(roots):
            if self.race.spent >= self.race.budget:
                break
            found, arms = self._tried(batch)
            best = self._best(found, roots)
            tried += found
            if best is not None:
                self.arm = arms[best]
                return Round(roots, tuple(tried), len(tried) - len(found) + best)
        return Round(roots, tuple(tried), None) if roots or tried else None

    def _batches(self, roots: tuple[Finding, ...]) -> Iterator[list[Candidate]]:
        """What the doctor's remedies are; where nothing is wrong any more, what fits the program as it now is."""
        own = self.program.plan.net.kind == "own"
        if roots:
            yield from batches(roots, self.start, own)
            yield from self._with_rates(roots, own)
        if self.arm.program.remedies and not self._fitted:
            self._fitted = True
            rates = [(FIT, remedy) for remedy in attempted(self.start, own, FITTED)[:2]]
            notes = [(note, remedy) for note in self.left for remedy in in_order(note.remedies)[:1] if polishes(note)]
            longer = [(FIT, four_times(self.arm.program.plan.loop.epochs or 1))] if self._is_short() else []
            if rates or notes or longer:
                yield [*rates, *notes[:2], *longer]
        if self.arm.program.remedies and not self._tuned and self._can_pay(FINE_SHARE, 3):
            self._tuned = True
            lr = self.arm.program.plan.optim.lr or 0.0
            yield [*((FIT, finer(lr * factor)) for factor in (3.0, 1 / 3)), *self._deeper()]

    def _deeper(self) -> list[Candidate]:
        """A hidden layer more, where the shape of a user's own network had to be changed already."""
        deeds = {deed.deed for remedy in self.arm.program.remedies for deed in remedy.surgery}
        graph = self.start.graph if self.start is not None else None
        last = [o.name for o in graph.operations if o.role == "weights" and o.name] if graph is not None else []
        if not last or not deeds & SHAPING:
            return []
        deepen = (Surgery("deepen", last[-1], WIDE),)
        return [(FIT, Remedy(f"Put a hidden layer of {WIDE} ReLUs before the last one.", {}, "changes-model", deepen))]

    def _can_pay(self, share: float, arms: int) -> bool:
        """Whether so many arms, and the one that stands, can go through this share of a training."""
        return self.race.spent + share * self.whole_now * len(self.seeds) * (1 + arms) <= self.race.budget

    def _is_short(self) -> bool:
        """Whether a whole training has so few steps that more of them are worth a try."""
        return self.whole_now // step_rows(self.arm.program) < FEW_STEPS

    def _with_rates(self, roots: tuple[Finding, ...], own: bool) -> Iterator[list[Candidate]]:
        """For what is wrong in itself: the remedy with a rate that fits the network as it then is."""
        for root in [root for root in roots if wrong_in_itself(root) and (root.code, root.slug) not in self._trusted]:
            for remedy in in_order(root.remedies)[:1]:
                try:
                    start = self._seen(self.arm.program.with_remedy(remedy)).start
                except NetsitterError:
                    continue
                if pointed := attempted(start, own, FITTED):
                    yield [(root, joined([remedy, rate])) for rate in pointed[:2]]

    def _best(self, tried: Sequence[Tried], roots: tuple[Finding, ...]) -> int | None:
        """The place of the remedy to keep: one that helps; else one for what is wrong in itself, if it does no harm."""
        best = best_of({i: one.effect for i, one in enumerate(tried) if one.effect and one.verdict == "helps"})
        wrong = {(root.code, root.slug) for root in roots if wrong_in_itself(root)} - self._trusted
        fit = [i for i, one in enumerate(tried) if one.finding in wrong and one.verdict == "no effect" and not one.why]
        if best is not None:
            # Before a model is changed for a fault, what mends it and changes none: another fault may come to light.
            fit = [i for i in fit if tried[i].finding == tried[best].finding and tried[i].remedy.safety == "safe"]
            if tried[best].remedy.safety == "safe" or not fit:
                return best
        else:
            fit = [i for i in fit if one_of(tried[i]) > -LEAST]
        if not fit:
            return None
        chosen = max(fit, key=lambda i: one_of(tried[i]))
        self._trusted.add(tried[chosen].finding)
        return chosen

    def _look_first(self) -> None:
        if self.findings is None:
            self._look()
        else:
            self.left = list(self.findings)

    def _look(self) -> None:
        """What the doctor says of the program as it now is, from its start and from what was seen of its training."""
        program = self.arm.program
        trace = self._seen(program)
        self.start = trace.start
        for event in self.arm.events():
            trace.take(event)
        self.left = Doctor(program.plan).conclude(trace)

    def _seen(self, program: Program) -> Trace:
        """What can be said of a program before it trains."""
        return Trace(beginning(program.ready, program.network(self.seeds[0]), name=program.ready.source.name))

    def _tried(self, batch: Sequence[Candidate]) -> tuple[list[Tried], dict[int, Arm]]:
        """A batch of remedies beside the program as it stands; and the arms of those that could be tried, by place."""
        found: list[Tried] = []
        ready: dict[int, tuple[Program, tuple[str, ...]]] = {}
        for finding, remedy in batch:
            name = (finding.code, finding.slug)
            try:
                program = self.arm.program.with_remedy(remedy)
                told = words(self.arm.program, program, remedy, self.seeds[0])
            except NetsitterError as error:
                found.append(Tried(name, remedy, (), "cannot be tried", why=error.what))
                continue
            if told and all(told != other for _, other in ready.values()):
                ready[len(found)] = (program, told)
                found.append(Tried(name, remedy, told, "no effect"))
        if not ready:
            return found, {}
        arms = dict(zip(ready, self.race.enter([program for program, _ in ready.values()]), strict=True))
        left = self.race.budget - self.race.spent
        for place in [place for place, arm in arms.items() if whole_rows(arm.program) > self.whole_now]:
            arm = arms.pop(place)
            if (came := self.race.at_length(self.arm, arm, allowance=left)) is None:
                why = f"it would cost more than the {left / self.whole:.1f} trainings that are left"
                found[place] = replace(found[place], verdict="cannot be tried", why=why)
            else:
                found[place] = told_of(found[place], *came, arm)
                arms[place] = arm
        short = {place: arm for place, arm in arms.items() if found[place].effect is None}
        if short:
            allowance = int((1 if self._fitted else ALLOWANCE) * left)
            first = FINE_SHARE if self._tuned else FIRST_SHARE
            for place in list(short)[self.race.affordable(self.arm, first, allowance) :]:
                why = f"it would cost more than the {left / self.whole:.1f} trainings that are left"
                found[place] = replace(found[place], verdict="cannot be tried", why=why)
                del short[place]
            came_out = self.race.run(self.arm, list(short.values()), allowance=allowance, first=first)
            for number, (place, arm) in enumerate(short.items()):
                if came_out is None:
                    why = f"a step of each would cost more than the {left / self.whole:.1f} trainings that are left"
                    found[place] = replace(found[place], verdict="cannot be tried", why=why)
                else:
                    found[place] = told_of(found[place], came_out[0][number], came_out[1], arm)
        return found, arms

    @property
    def whole_now(self) -> int:
        """Rows of one whole training of the program as it stands."""
        return whole_rows(self.arm.program)


def told_of(tried: Tried, effect: Effect, share: float, arm: Arm) -> Tried:
    """The remedy with what came of it."""
    return replace(tried, verdict=verdict_of(effect), effect=effect, share=share, why=arm.failed)


def polishes(note: Finding) -> bool:
    """Whether a note is worth trying, once a program has been changed: one that costs no more and changes no layer."""
    remedy = next(iter(in_order(note.remedies)), None)
    return note.severity == "note" and remedy is not None and remedy.safety == "safe" and not remedy.surgery


def finer(lr: float) -> Remedy:
    """Another rate, near the one that stands."""
    return Remedy(f"Take a learning rate of {lr:.2g}.", {"optim.lr": lr}, "safe")


FINE_SHARE = 0.25
"""Share of a training that near rates are compared after: early on the higher one always leads."""


def four_times(epochs: int) -> Remedy:
    """A longer training."""
    return Remedy(f"Train for {4 * epochs} epochs.", {"loop.epochs": 4 * epochs}, "safe")


SHAPING, WIDE = {"bend", "widen", "unfreeze"}, 32
"""Deeds after which a hidden layer more is tried, and its units."""

FEW_STEPS = 300
"""Steps of a whole training below which it may simply be too short."""

FIT = Finding("", "rate", "note", "the rate", "")
"""What stands in a finding's place where a rate is fitted to the program as it now is."""

FITTED = ("lr x", "adam", "batch")
"""Short trainings that a rate is fitted by, by how their names begin."""


def one_of(tried: Tried) -> float:
    """The mean difference that it made."""
    return tried.effect.mean if tried.effect is not None else 0.0
