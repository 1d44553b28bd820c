"""STA002 deaf-to-regularisation: no weight is penalised."""

from __future__ import annotations

from dataclasses import replace

from netsitter.diagnose.cases_start import start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.start_facts import StartFacts

_WIRING = start().wiring


class DeafToRegularisation(Rule[StartFacts]):
    """No weight is penalised.

    What it sees: by how much the first loss rises when `optim.l2` is set to 1,000.

    Why it hurts: a penalty that is asked for and reaches no weight does nothing.

    Threshold: RISE = 0: any rise will do.

    Remedy: give the network weights with two sides or more; biases and norms are never penalised.

    Fine when: all weights start at 0, or no penalty is meant.

    Sources: Karpathy, Johnson & Li, CS231n (2017), lecture 6: crank up regularisation, the loss goes up.
    """

    code = "STA002"
    slug = "deaf-to-regularisation"
    severity = "note"
    needs = "start"

    RISE = 0.0

    sick = (
        Case(
            "a penalty is asked for and reaches nothing", start(wiring=replace(_WIRING, l2_rise=0.0)), {"optim.l2": 0.1}
        ),
    )
    well = (
        Case("the loss rises", start(), {"optim.l2": 0.1}),
        Case("no penalty is asked for", start(wiring=replace(_WIRING, l2_rise=0.0))),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        rise = record.wiring.l2_rise
        if rise is None or rise > self.RISE or not plan.optim.l2:
            return []
        seen = f"optim.l2 = {plan.optim.l2:g}, and with 1,000 the first loss rises by {rise:g}"
        return [
            self.finding("the penalty", seen, remedies=(Remedy("Look whether the weights are all 0, or all vectors."),))
        ]
