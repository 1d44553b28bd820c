"""UPD002 learning-rate-too-high: the learning rate is too high."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases import table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.evidence import AS_IT_IS, best_of, reached
from netsitter.diagnose.in_run import healthy, numbered, trials
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.events import Outcome, TrialEnded
from netsitter.record.findings import Finding, Remedy
from netsitter.record.loop_facts import loop_of
from netsitter.record.start_facts import Attempt, StartFacts
from netsitter.record.trace import Trace


class LearningRateTooHigh(Rule[StartFacts]):
    """The learning rate is too high.

    What it sees: a short training that leaves the finite numbers, grows, or stays far behind, where the same one at a
    tenth or a hundredth of the rate does well; in a run, a loss above its first.

    Why it hurts: each step overshoots: the loss jumps about or grows without end, units die, and numbers leave the
    range of single precision.

    Threshold: BEHIND = 0.3 of what there is to gain must separate the lower rate from this one; TIMES = 3 times the
    first loss is too high whatever else is known. Where every lower rate that was tried diverges too, Adam must gain
    LEARNS = 0.1.

    Remedy: lower the rate to the one that was tried and did best.

    Fine when: the rate is meant to rise so high for a few steps only, as in a one-cycle schedule.

    Sources: Karpathy, Johnson & Li, CS231n (2017), lecture 6: cost NaN or exploding, learning rate too high; loss
    above 3 times the first is hopeless.
    """

    code = "UPD002"
    slug = "learning-rate-too-high"
    severity = "error"
    needs = ("start", "run")

    BEHIND = 0.3
    TIMES = 3.0
    LEARNS = 0.1

    sick = (
        Case("a rate of 10", start(attempts=attempts(as_it_is=-2.0, lr_x0_01=0.9))),
        Case(
            "too high by far more than was tried",
            start(attempts=attempts(as_it_is=-2.0, lr_x0_1=-2.0, **{"adam 0.001": 0.5})),
        ),
        Case(
            "a loss that grows",
            run(train=[0.5], train_loss=[30.0, 80.0], batch_loss=[2.3, 80.0], facts=start(data=table(), attempts={})),
        ),
    )
    well = (
        Case("a rate that does", start()),
        Case("nothing learns, whatever the rate", start(attempts=attempts(as_it_is=-2.0, lr_x0_1=-2.0, best=0.0))),
        Case("no attempts were made", start(attempts={})),
        Case("a run that goes down", run(train=[0.8, 0.9], train_loss=[0.5, 0.3])),
    )

    def check(self, record: StartFacts | Trace, plan: Plan) -> list[Finding]:
        if isinstance(record, StartFacts):
            return self._from_start(record, plan)
        found = [f for trial in range(trials(record)) for f in self._from_run(record, trial, plan)]
        return found

    def _from_start(self, start: StartFacts, plan: Plan) -> list[Finding]:
        base = start.attempts.get(AS_IT_IS)
        best = best_of(start, lambda name: name.startswith("lr x") and float(name[4:]) < 1)
        if base is not None and base.diverged and best is not None and best.diverged:
            return self._at_every_rate(start, base, plan)
        if base is None or best is None or reached(best) - max(reached(base), 0.0) < self.BEHIND or best.diverged:
            return []
        how = (
            f"the loss goes from {base.start:.4g} to {base.end:.4g} in {base.steps} steps"
            if not base.diverged
            else f"it diverges after {base.steps} steps (loss {base.start:.4g} -> {base.end:.4g})"
        )
        rate = (plan.optim.lr or 1e-3) * float(best.name[4:])
        seen = f"{how}; at a rate of {rate:.2g} it comes to {best.end:.4g} and {reached(best):.2f} of what there is to "
        seen += f"gain (now {reached(base):.2f}, limit {self.BEHIND:g} apart)"
        return [
            self.finding(
                "the learning rate",
                seen,
                remedies=self._lower(best.name, plan),
                severity="error" if base.diverged else "warning",
                weight=0.6,
            )
        ]

    def _at_every_rate(self, start: StartFacts, base: Attempt, plan: Plan) -> list[Finding]:
        """Where no lower rate was low enough, that another optimiser learns shows that the rate is the reason."""
        other = best_of(start, lambda name: name.startswith("adam"))
        if other is None or reached(other) < self.LEARNS:
            return []
        lowest = (plan.optim.lr or 1e-3) * _least_factor(start)
        seen = f"it diverges after {base.steps} steps, and so it does at every rate down to {lowest:.2g}; {other.name} "
        seen += f"gains {reached(other):.2f} of what there is to gain (limit {self.LEARNS:g})"
        return [self.finding("the learning rate", seen, remedies=self._lower(_better(start), plan), weight=0.6)]

    def _from_run(self, trace: Trace, trial: int, plan: Plan) -> list[Finding]:
        losses, loop = trace.curve("loss"), loop_of(trace)
        # Where another optimiser moves what the loss depends on, as in adversarial training, it may rise by that.
        diverged = any(e.trial == trial and e.outcome is Outcome.DIVERGED for e in trace.of(TrialEnded))
        if (len(losses.steps) < 10 and not diverged) or healthy(trace, trial) or (loop is not None and loop.others):
            return []
        column = losses.values[:, trial]
        first, finite = float(column[0]), column[np.isfinite(column)]
        late = finite[-max(1, len(finite) // 5) :]
        if first <= 0 or not len(late) or float(np.median(late)) <= self.TIMES * first:
            return []
        seen = f"the loss was {first:.4g} at first and is {float(np.median(late)):.4g} "
        seen += "before it is no longer a number, " if diverged else "now, "
        seen += f"{float(np.median(late)) / first:.3g} times that (limit {self.TIMES:g})"
        return [
            self.finding(
                "the learning rate",
                seen,
                remedies=self._lower(_better(trace.start), plan),
                weight=0.6,
                step=int(losses.steps[-1]),
                trial=numbered(trace, trial),
            )
        ]

    def _lower(self, name: str, plan: Plan) -> tuple[Remedy, ...]:
        rate = (plan.optim.lr or 1e-3) * float(name[4:])
        return (Remedy(f"Lower the learning rate to {rate:.2g}.", {"optim.lr": rate}, "safe"),)


def _least_factor(start: StartFacts) -> float:
    """The least of the factors on the rate that were tried; 1 where none was."""
    return min((float(name[4:]) for name in start.attempts if name.startswith("lr x")), default=1.0)


def _better(start: StartFacts | None) -> str:
    """The attempt whose rate is to be taken: the best of the lower ones, or one below them all where all diverge."""
    best = None if start is None else best_of(start, lambda name: name.startswith("lr x") and float(name[4:]) < 1)
    if start is None or best is None:
        return "lr x0.1"
    return f"lr x{_least_factor(start) / 10:g}" if best.diverged else best.name
