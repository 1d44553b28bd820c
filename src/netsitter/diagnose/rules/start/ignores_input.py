"""STA004 ignores-input: the answer does not depend on the input."""

from __future__ import annotations

from dataclasses import replace

from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.evidence import best_of, reached
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.start_facts import StartFacts

_DEAF = replace(start().wiring, input_effect=0.0)


class IgnoresInput(Rule[StartFacts]):
    """The answer does not depend on the input.

    What it sees: how far the outputs differ between rows, against their size, and the loss with all inputs at 0
    against the first loss; where a short training does not wake it up either.

    Why it hurts: what does not depend on the input can learn one answer only.

    Threshold: EFFECT = 1e-6 of the outputs' size, the noise of single precision; and LEARNED = 0.05 of what there is
    to gain.

    Remedy: look for an input that is overwritten, a layer that is dead or weights that are 0; the graph of operations
    shows where the signal ends.

    Fine when: the last layer starts at 0, which a few steps mend.

    Sources: Zinkevich, Rules of Machine Learning; Karpathy (2019), A Recipe for Training Neural Networks:
    input-independent baseline.
    """

    code = "STA004"
    slug = "ignores-input"
    severity = "error"
    needs = "start"

    EFFECT = 1e-6
    LEARNED = 0.05

    sick = (Case("outputs that are equal on all rows", start(wiring=_DEAF, attempts=attempts(as_it_is=0.0, best=0.0))),)
    well = (Case("answers that differ", start()), Case("a last layer of zeros, which learns", start(wiring=_DEAF)))

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        effect, best = record.wiring.input_effect, best_of(record)
        if effect is None or effect > self.EFFECT or (best is not None and reached(best) > self.LEARNED):
            return []
        loss = record.loss.first if record.loss and record.loss.first is not None else float("nan")
        seen = f"outputs differ by {effect:.1g} of their size between rows (limit {self.EFFECT:g}); the loss is "
        seen += f"{loss:.4g}, and "
        seen += f"{record.wiring.zeroed_input or float('nan'):.4g} with all inputs 0"
        return [
            self.finding(
                "the output", seen, remedies=(Remedy("Find the layer behind which rows no longer differ."),), weight=0.5
            )
        ]
