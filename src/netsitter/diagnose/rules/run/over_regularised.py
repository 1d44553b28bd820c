"""UPD004 over-regularised: the penalty on the weights drives the training."""

from __future__ import annotations

from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.evidence import AS_IT_IS, reached
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.start_facts import StartFacts


class OverRegularised(Rule[StartFacts]):
    """The penalty on the weights drives the training.

    What it sees: a short training without penalty and weight decay against one with them.

    Why it hurts: weights shrink towards 0 faster than the data can make them grow.

    Threshold: BEHIND = 0.2 of what there is to gain between the two.

    Remedy: a hundredth of the penalty, or none.

    Fine when: a very small network is wanted and the score is secondary.

    Sources: Karpathy, Johnson & Li, CS231n (2017), lecture 6; Krogh & Hertz (1991), NIPS 4.
    """

    code = "UPD004"
    slug = "over-regularised"
    severity = "warning"
    needs = "start"

    BEHIND = 0.2

    sick = (
        Case(
            "a decay of 10",
            start(attempts=attempts(as_it_is=0.0, no_penalty=0.8), program={**start().program, "decay": 10.0}),
        ),
    )
    well = (
        Case("no penalty", start()),
        Case("a penalty that does no harm", start(attempts=attempts(as_it_is=0.8, no_penalty=0.85))),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        base, free = record.attempts.get(AS_IT_IS), record.attempts.get("no penalty")
        if base is None or free is None or reached(free) - max(reached(base), 0.0) < self.BEHIND:
            return []
        seen = f"in {base.steps} steps {reached(base):.2f} of what there is to gain is gained, and "
        seen += f"{reached(free):.2f} without penalty (l2 "
        seen += f"{record.program.get('l2') or 0:g}, decay {record.program.get('decay') or 0:g}; limit "
        seen += f"{self.BEHIND:g} apart)"
        none = {"optim.l2": 0.0, "optim.decay": 0.0}
        remedy = Remedy("Leave the penalty out, then raise it by trial.", none, "safe")
        return [self.finding("the penalty", seen, remedies=(remedy,), weight=0.7)]
