"""The cure of a program: look, try, keep what helps, look again, until nothing is wrong or nothing helps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from netsitter.cure.candidates import Candidate, batches
from netsitter.cure.effect import verdict_of
from netsitter.cure.program import Program
from netsitter.cure.race import Arm, Race, best_of, whole_rows
from netsitter.cure.words import words
from netsitter.diagnose.doctor import Doctor
from netsitter.errors import NetsitterError
from netsitter.record.cures import Round, Tried
from netsitter.record.findings import Finding
from netsitter.record.start_facts import StartFacts
from netsitter.record.trace import Trace
from netsitter.train.beginning import beginning, step_work

SEEDS = (101, 102, 103)
"""Seeds of the experiments, other than those that a plan is likely to have."""

SHARE = 1.5
"""What all experiments together may cost, in trainings of the program as it was ..."""

FLOOR_WORK, FLOOR_STEPS = 3e10, 10_000
"""... but they may take so many multiply-adds, or steps, which are a few seconds: a tiny training proves nothing."""

ROUNDS = 6
"""Looks of the doctor, at most."""

ALLOWANCE = 0.45
"""Share of what is left of the budget that one experiment may take."""


@dataclass
class Treatment:
    """A program under treatment. Iterate over `rounds()`; then `arm` is the program with all that helped.

    findings: what is known to be wrong, where a run has told it; else the doctor looks first. share: see `SHARE`.
    """

    program: Program
    findings: Sequence[Finding] | None = None
    start: StartFacts | None = None
    seeds: Sequence[int] = SEEDS
    share: float = SHARE
    arm: Arm = field(init=False)
    left: list[Finding] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.whole = whole_rows(self.program)
        net = self.program.network(self.seeds[0])
        batch = self.program.plan.loop.batch or 1
        floor = int(min(FLOOR_WORK / max(step_work(self.program.ready, net), 1), FLOOR_STEPS)) * batch
        self.race = Race(self.seeds, max(int(self.share * self.whole), floor))
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
            if not roots:
                return
            tried: list[Tried] = []
            kept = None
            for batch in batches(roots, self.start, self.program.plan.net.kind == "own"):
                found, arm = self._tried(batch)
                if arm is not None:
                    kept = len(tried) + next(i for i, one in enumerate(found) if one is arm[0])
                    self.arm = arm[1]
                tried += found
                if arm is not None or self.race.spent >= self.race.budget:
                    break
            yield Round(roots, tuple(tried), kept)
            if kept is None:
                return
            self._look()

    def _look_first(self) -> None:
        if self.findings is None:
            self._look()
        else:
            self.left = list(self.findings)

    def _look(self) -> None:
        """What the doctor says of the program as it now is, from its start and from what was seen of its training."""
        program, seed = self.arm.program, self.seeds[0]
        trace = Trace(beginning(program.ready, program.network(seed), name=program.ready.source.name))
        self.start = trace.start
        for event in self.arm.events():
            trace.take(event)
        self.left = Doctor(program.plan).conclude(trace)

    def _tried(self, batch: Sequence[Candidate]) -> tuple[list[Tried], tuple[Tried, Arm] | None]:
        """A batch of remedies beside the program as it stands; and the one to keep, with its arm."""
        found: list[Tried] = []
        ready: list[tuple[Candidate, tuple[str, ...], Program]] = []
        for finding, remedy in batch:
            try:
                program = self.arm.program.with_remedy(remedy)
                told = words(self.arm.program, program, remedy, self.seeds[0])
                if not told:
                    continue
                ready.append(((finding, remedy), told, program))
            except NetsitterError as error:
                name = (finding.code, finding.slug)
                found.append(Tried(name, remedy, (), "cannot be tried", why=error.what))
        if not ready:
            return found, None
        arms = self.race.enter([program for _, _, program in ready])
        allowance = int(ALLOWANCE * (self.race.budget - self.race.spent))
        effects, share = self.race.run(self.arm, arms, allowance=allowance)
        verdicts = [verdict_of(effect) for effect in effects]
        for ((finding, remedy), told, _), arm, effect, verdict in zip(ready, arms, effects, verdicts, strict=True):
            name = (finding.code, finding.slug)
            found.append(Tried(name, remedy, told, verdict, effect, share, arm.failed))
        best = best_of(effects, verdicts)
        return found, None if best is None else (found[len(found) - len(arms) + best], arms[best])
