"""UPD001 learning-rate-too-low: the learning rate is too low for the steps that there are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from netsitter.diagnose.cases import table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.evidence import AS_IT_IS, best_of, reached
from netsitter.diagnose.in_run import fits, healthy, progress, share_done, trials
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.events import Known
from netsitter.record.findings import Finding, Remedy, Severity
from netsitter.record.loop_facts import ABOUT, LoopFacts, loop_of
from netsitter.record.start_facts import StartFacts
from netsitter.record.trace import Trace

_SLOW = attempts(as_it_is=0.0, lr_x100=0.8)
_SLOW = {**_SLOW, "as it is": replace(_SLOW["as it is"], end=2.2999)}


def _loop(*, moves: float) -> Trace:
    """A loop of somebody else's whose steps move the weights by so much of their length, and the loss by nothing."""
    known = {ABOUT: LoopFacts(250, 1_000).as_json()}
    trace = run(batch_loss=[2.3] * 5, epoch_series={"update/ratio": [(moves, moves / 2)]}, known=known)
    return Trace(event for event in trace.events if not (isinstance(event, Known) and event.about == "start"))


class LearningRateTooLow(Rule[StartFacts]):
    """The learning rate is too low for the steps that there are.

    What it sees: how far the loss comes down, as a share of the way that the same network goes in the same number of
    steps at ten, a hundred or a thousand times the rate. Before training that is a short training at each rate; while
    it goes on, the run itself. Of a loop that is watched, how far a step moves the weights against their length.

    Why it hurts: the weights hardly move: at the end of all epochs the network is about what it was at the start.
    Scores may rise all the same, since they only ask which output is the largest, however little.

    Threshold: PACE = 0.625: the loss must have gone that share of the way, in proportion to the steps done; a tenth of
    it is an error, unless there are fewer than FEW = 100 steps in all. GAIN = 0.18 of what there is to gain must
    separate the better rate from this one. In a loop no step of FEW or more may have moved any weight by STILL = 3e-5
    of its length, nor the loss have come down by FALL = 0.2 of what it was.

    Remedy: raise the rate to the one that was tried and did best.

    Fine when: weights that were trained before are only to be refined.

    Sources: Karpathy, Johnson & Li, CS231n (2017), lecture 6: loss barely changing, learning rate is probably too low.
    """

    code = "UPD001"
    slug = "learning-rate-too-low"
    severity = "error"
    needs = ("start", "run")

    PACE = 0.625
    GAIN = 0.18
    FEW = 100
    STILL = 3e-5
    FALL = 0.2

    sick = (
        Case("a rate of 1e-6", start(attempts=_SLOW)),
        Case(
            "a run that stands still",
            run(
                train=[0.5, 0.51],
                train_loss=[2.3, 2.3],
                epochs=5,
                over=False,
                facts=start(data=table(), attempts=_SLOW),
            ),
        ),
        Case("a loop whose weights hardly move", _loop(moves=1e-6)),
    )
    well = (
        Case("a rate that does", start()),
        Case(
            "a run that has reached its aim",
            run(train=[0.9, 0.99], train_loss=[0.4, 0.1], facts=start(data=table(), attempts=_SLOW)),
        ),
        Case("no attempts were made", start(attempts={})),
        Case("a loop whose weights move", _loop(moves=1e-3)),
        Case("a loop whose optimiser moves none of them", _loop(moves=0.0)),
    )

    def check(self, record: StartFacts | Trace, plan: Plan) -> list[Finding]:
        if isinstance(record, StartFacts):
            return self._from_start(record, None, 0, plan)
        start = record.start
        if start is None and loop_of(record) is not None:
            return self._from_loop(record, plan)
        if start is None or share_done(record) < 0.19:
            return []
        return [
            finding
            for trial in range(trials(record))
            if not healthy(record, trial)
            for finding in self._from_start(start, record, trial, plan)
        ]

    def _from_start(self, start: StartFacts, trace: Trace | None, trial: int, plan: Plan) -> list[Finding]:
        base = start.attempts.get(AS_IT_IS)
        steps = int(start.program.get("steps") or 0)
        best = best_of(start, lambda name: name.startswith("lr x") and float(name[4:]) > 1)
        if base is None or best is None or base.diverged or not steps or best.end >= base.end:
            return []
        way = base.start - best.end
        if trace is None:
            gone, share = (base.start - base.end) / way, base.steps / steps
        else:
            gone, share = progress(trace, trial) or 0.0, share_done(trace)
            losses = trace.curve("epoch/train_loss")
            gone = (base.start - float(losses.values[-1, trial])) / way if len(losses.steps) else gone
        if gone >= self.PACE * share or reached(best) - reached(base) < self.GAIN:
            return []
        now = base.start - gone * way
        rate = float(best.changes.get("optim.lr") or (plan.optim.lr or 1e-3) * float(best.name[4:]))
        seen = f"loss {base.start:.5g} -> {now:.5g} in {share:.0%} of the steps; at a rate of {rate:.2g} it comes to "
        seen += (
            f"{best.end:.4g} in {best.steps} steps: {max(gone, 0.0):.1%} of that way (limit {self.PACE * share:.0%})"
        )
        if trace is not None and (fits(trace, trial)[-1:] > 0.05).any():
            seen += "; the score rises all the same: it only asks which output is largest"
        remedy = Remedy(f"Raise the learning rate to {rate:.2g}.", {"optim.lr": rate}, "safe")
        severity: Severity = "error" if gone < 0.1 * self.PACE * share and steps >= self.FEW else "warning"
        return [
            self.finding(
                "the learning rate",
                seen,
                remedies=(remedy,),
                severity=severity,
                weight=0.6,
                trial=trial if trace is not None and trials(trace) > 1 else None,
            )
        ]

    def _from_loop(self, trace: Trace, plan: Plan) -> list[Finding]:
        losses, ratios = trace.curve("loss"), trace.curve("update/ratio")
        if len(losses.steps) < self.FEW or ratios.values.ndim < 3:
            return []
        column, most = losses.values[:, 0], float(ratios.values.max())
        few = len(column) // 10
        first, now = float(column[:few].mean()), float(column[-few:].mean())
        # Where nothing moves at all it is not for the rate.
        if not 0 < most < self.STILL or not np.isfinite(now) or first - now > self.FALL * abs(first):
            return []
        seen = f"no step of {len(ratios.steps)} moved a weight by more than {most:.1e} of its length (limit "
        seen += f"{self.STILL:g}); loss {first:.4g} -> {now:.4g} in {int(losses.steps[-1]):,} steps"
        rate = 100 * (plan.optim.lr or 1e-5)
        remedy = Remedy(f"Raise the learning rate to {rate:.2g}.", {"optim.lr": rate}, "safe")
        return [self.finding("the learning rate", seen, remedies=(remedy,), weight=0.6, step=int(losses.steps[-1]))]
