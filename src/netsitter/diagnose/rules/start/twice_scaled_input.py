"""DAT013 twice-scaled-input: inputs are so small that they seem to have been scaled twice."""

from __future__ import annotations

from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.start_facts import StartFacts


class TwiceScaledInput(Rule[StartFacts]):
    """Inputs are so small that they seem to have been scaled twice.

    What it sees: the spread and the largest value of the inputs as the network gets them.

    Why it hurts: inputs near 0 give signals near 0: the first layer's gradients are as small, and training crawls.

    Threshold: SPREAD = 0.02 for all values and LARGEST = 0.1 for the largest: pixels divided by 255 twice are below
    0.004; once, they reach 1.

    Remedy: scale once; or standardise.

    Fine when: the first layer is a norm, or its weights were made for such inputs.

    Sources: LeCun, Bottou, Orr & Müller (1998), Efficient BackProp, section 4.3.
    """

    code = "DAT013"
    slug = "twice-scaled-input"
    severity = "warning"
    needs = "start"

    SPREAD = 0.02
    LARGEST = 0.1

    sick = (
        Case(
            "pixels divided by 255 twice",
            start(
                input={**start().input, "mean": 0.0018, "std": 0.0014, "low": 0.0, "high": 0.0039},
                attempts=attempts(as_it_is=0.1, standardised_input=0.9),
            ),
        ),
    )
    well = (Case("inputs of unit size", start()), Case("rows of whole numbers for an embedding", start(input={})))

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        given = record.input
        if not given or not 0 < given["std"] < self.SPREAD or max(abs(given["low"]), abs(given["high"])) > self.LARGEST:
            return []
        seen = f"all inputs lie between {given['low']:.2g} and {given['high']:.2g}, spread {given['std']:.2g} "
        seen += f"(limit {self.SPREAD:g})"
        return [
            self.finding(
                "the input",
                seen,
                remedies=(Remedy("Standardise the inputs.", {"data.prepare": "standardise"}, "safe"),),
                weight=0.6,
            )
        ]
