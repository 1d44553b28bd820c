"""STA006 wrong-gradient: the gradient of the network is not that of its function."""

from __future__ import annotations

from dataclasses import replace

from netsitter.diagnose.cases_start import start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.start_facts import StartFacts


class WrongGradient(Rule[StartFacts]):
    """The gradient of the network is not that of its function.

    What it sees: the slopes that autograd gives against finite differences in double precision, with dropout and batch
    statistics off.

    Why it hurts: steps go where the loss does not fall, or not fast.

    Threshold: ERROR = 0.01 relative, the usual line between a doubtful and a wrong gradient; two
    hidden layers of tanh, sigmoid or ReLU come to 0, rounding taken off.

    Remedy: look at the hand-written backward of the parameter that is named.

    Fine when: the function has kinks where it is measured, or takes steps on purpose (a straight-through estimator).

    Sources: Karpathy, Johnson & Li, CS231n notes, Gradient checks.
    """

    code = "STA006"
    slug = "wrong-gradient"
    severity = "error"
    needs = "start"

    ERROR = 0.01

    sick = (
        Case(
            "a backward with a factor of 2",
            start(wiring=replace(start().wiring, gradient_error=0.33, gradient_says="w: 0.2 by hand")),
        ),
    )
    well = (Case("not measured", start()), Case("right", start(wiring=replace(start().wiring, gradient_error=1e-8))))

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        error = record.wiring.gradient_error
        if error is None or not error > self.ERROR:
            return []
        seen = f"relative error {error:.2g} against finite differences (limit {self.ERROR:g}): "
        seen += f"{record.wiring.gradient_says}"
        return [
            self.finding(
                "the gradient", seen[:240], remedies=(Remedy("Correct the hand-written backward."),), weight=0.9
            )
        ]
