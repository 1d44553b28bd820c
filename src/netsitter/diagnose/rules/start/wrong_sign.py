"""GRD004 wrong-sign: the loss rewards wrong answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from netsitter.diagnose.cases import table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import LOSS, start
from netsitter.diagnose.remedies import of_loss
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.loop_facts import ABOUT, NEXT, OWN, LoopFacts, loop_of
from netsitter.record.start_facts import StartFacts
from netsitter.record.trace import Trace


def _loop(change: float, *, slope: float, climbs: bool = False, others: int = 0) -> Trace:
    """A loop of 15 epochs, in each of which the loss changes by so much; slope: what the gradient says of a step."""
    facts = LoopFacts(750, 1_000, climbs=climbs, others=others)
    return run(
        train=[0.5],
        batch_loss=[2.3 + change * epoch for epoch in range(15)],
        epoch_series={OWN: [slope], NEXT: [slope]},
        known={ABOUT: facts.as_json()},
        facts=start(data=table(), attempts={}),
    )


class WrongSign(Rule[StartFacts | Trace]):
    """The loss rewards wrong answers.

    What it sees: what the loss costs for answers that are right against answers that are wrong, both made up; and
    whether a tiny step against its gradient lowers it. In a loop that is watched, whether the loss rises while its
    gradient, before each step and after it, says that it falls.

    Why it hurts: training climbs instead of descending: the better the loss looks, the worse the answers are.

    Threshold: RISE = 0: right answers must cost less, and a step down must go down. In a loop the gradient must have
    agreed in AGREE = 0.8 of FEWEST = 12 readings or more, and the loss must have risen by CLEAR = 5 times its noise
    and by SHARE = 0.2 of what the gradient said. A rate that is too high raises it too, but there the gradient after a
    step points back.

    Remedy: turn the sign of the loss, or of the step.

    Fine when: the loss is a reward that is meant to be made small for wrong answers, as in adversarial training.

    Sources: Goodfellow, Bengio & Courville (2016), Deep Learning, section 4.3.
    """

    code = "GRD004"
    slug = "wrong-sign"
    severity = "error"
    needs = ("start", "run")

    RISE = 0.0
    AGREE = 0.8
    FEWEST = 12
    CLEAR = 5.0
    SHARE = 0.2

    sick = (
        Case(
            "a minus before the loss",
            start(
                loss=replace(
                    LOSS, first=-2.3, upside_down=True, takes="unknown", guess=None, floor=None, reachable=None
                )
            ),
        ),
        Case("a loss that rises along the step", start(wiring=replace(start().wiring, step_down=2e-4))),
        Case("a loop that climbs", _loop(0.1, slope=-0.002)),
        Case("an optimiser told to climb", _loop(0.1, slope=0.002, climbs=True)),
    )
    well = (
        Case("a loss that falls", start()),
        Case("a loop whose loss falls", _loop(-0.1, slope=-0.002)),
        Case("a loop that overshoots", _loop(0.1, slope=0.002)),
        Case("an adversary", _loop(0.1, slope=-0.002, others=700)),
    )

    def check(self, record: StartFacts | Trace, plan: Plan) -> list[Finding]:
        if isinstance(record, Trace):
            return self._from_loop(record)
        loss, step = record.loss, record.wiring.step_down
        remedy: tuple[Remedy, ...] = (
            Remedy("Turn the sign: the loss must be small for right answers, and the step must go down."),
        )
        if loss is not None and loss.upside_down:
            seen = f"{loss.name} is smaller for wrong answers than for right ones; first loss {loss.first or 0.0:.4g}"
            remedy = of_loss(remedy[0].says, "loss-sign")
            return [self.finding("the loss", seen, remedies=remedy, weight=1.0)]
        if step is not None and step > self.RISE:
            seen = f"a tiny step against the gradient raises the loss by {step:.1e} of itself (it should fall)"
            return [self.finding("the gradient", seen, remedies=remedy, weight=0.7)]
        return []

    def _from_loop(self, trace: Trace) -> list[Finding]:
        loop, losses = loop_of(trace), trace.curve("loss")
        slopes, steps = self._slopes(trace)
        # Gradients that are kept say nothing of this step, and other optimisers move what the loss depends on.
        if loop is None or loop.others or loop.kept or min(len(steps), len(losses.steps)) < self.FEWEST:
            return []
        column = losses.values[:, 0]
        column = column[np.isfinite(column)]
        few = max(1, len(column) // 10)
        first, now = float(column[:few].mean()), float(column[-few:].mean())
        noise = float(np.median(np.abs(np.diff(column)))) / few**0.5
        foretold = -slopes if loop.climbs else slopes
        agreed = float((foretold < 0).all(axis=0).mean())
        said = abs(float(np.trapezoid(slopes.mean(axis=0), steps)))
        if now - first <= max(self.CLEAR * noise, self.SHARE * said) or agreed < self.AGREE:
            return []
        seen = f"the loss rose from {first:.4g} to {now:.4g}, while in {agreed:.0%} of {len(steps)} steps the gradient "
        seen += "went along with the step" if loop.climbs else "said that it falls"
        says = (
            "Take maximize=True from the optimizer." if loop.climbs else "Call backward() on what shall become small."
        )
        return [
            self.finding(
                "the gradient",
                f"{seen} (limit {self.AGREE:.0%})",
                remedies=(Remedy(says),),
                weight=0.9,
                step=int(losses.steps[-1]),
            )
        ]

    def _slopes(self, trace: Trace) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """(2, S): how the loss should change, by the gradient before a step and by the one after it; and the steps."""
        own, after = trace.curve(OWN), trace.curve(NEXT)
        if not len(own.steps) or len(own.steps) != len(after.steps):
            return np.empty((2, 0)), own.steps[:0]
        slopes = np.stack([own.values[:, 0], after.values[:, 0]])
        finite = np.isfinite(slopes).all(axis=0)
        return slopes[:, finite], own.steps[finite]
