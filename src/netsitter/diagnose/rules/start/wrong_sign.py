"""GRD004 wrong-sign: the loss rewards wrong answers."""

from __future__ import annotations

from dataclasses import replace

from netsitter.diagnose.cases_start import LOSS, start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.start_facts import StartFacts


class WrongSign(Rule[StartFacts]):
    """The loss rewards wrong answers.

    What it sees: what the loss costs for answers that are right against answers that are wrong, both made up; and
    whether a tiny step against its gradient lowers it.

    Why it hurts: training climbs instead of descending: the better the loss looks, the worse the answers are.

    Threshold: RISE = 0: right answers must cost less, and a step down must go down.

    Remedy: turn the sign of the loss, or of the step.

    Fine when: the loss is a reward that is meant to be made small for wrong answers, as in adversarial training.

    Sources: Goodfellow, Bengio & Courville (2016), Deep Learning, section 4.3.
    """

    code = "GRD004"
    slug = "wrong-sign"
    severity = "error"
    needs = "start"

    RISE = 0.0

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
    )
    well = (Case("a loss that falls", start()),)

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        loss, step = record.loss, record.wiring.step_down
        remedy = (Remedy("Turn the sign: the loss must be small for right answers, and the step must go down."),)
        if loss is not None and loss.upside_down:
            seen = f"{loss.name} is smaller for wrong answers than for right ones; first loss {loss.first or 0.0:.4g}"
            return [self.finding("the loss", seen, remedies=remedy, weight=1.0)]
        if step is not None and step > self.RISE:
            seen = f"a tiny step against the gradient raises the loss by {step:.1e} of itself (it should fall)"
            return [self.finding("the gradient", seen, remedies=remedy, weight=0.7)]
        return []
