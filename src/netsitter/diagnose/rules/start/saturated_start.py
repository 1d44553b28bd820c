"""INI004 saturated-start: units of a hidden layer stand at the flat ends of their activation from the start."""

from __future__ import annotations

from netsitter.diagnose.at_start import anew, inner_activations
from netsitter.diagnose.cases_start import attempts, deep, start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.start_facts import StartFacts


class SaturatedStart(Rule[StartFacts]):
    """Units of a hidden layer stand at the flat ends of their activation from the start.

    What it sees: the share of outputs of a sigmoid or tanh within 3 % of its flat ends, in hidden layers, on training
    rows.

    Why it hurts: there the slope is nearly 0, so that no gradient passes and neither these units nor those before them
    can learn.

    Threshold: SHARE = 0.5 of a layer's outputs. Xavier's start on prepared inputs had at most 0.13 with tanh and
    0.01 with sigmoid, in one to ten layers; a layer of tanh with N(0, 1) weights 0.61 on wine, 0.68 on breast cancer,
    0.89 on CIFAR-10.

    Remedy: smaller weights (Xavier), inputs at mean 0 and spread 1, or batch normalisation before the activation.

    Fine when: it is a gate that is meant to be shut, as in a highway or recurrent net; those are not looked at.

    Sources: Glorot & Bengio (2010), AISTATS, section 3; LeCun, Bottou, Orr & Müller (1998), Efficient BackProp,
    section 4.4.
    """

    code = "INI004"
    slug = "saturated-start"
    severity = "error"
    needs = "start"

    SHARE = 0.5

    sick = (
        Case(
            "ten layers of tanh with N(0, 1)",
            start(
                signals=deep([0.95] * 10, saturated=[0.85] * 10),
                fresh_signals=deep([0.6] * 10, saturated=[0.02] * 10),
                attempts=attempts(as_it_is=0.1, fresh=0.8),
            ),
        ),
    )
    well = (
        Case("tanh units in the middle of their range", start(signals=deep([0.6, 0.5], saturated=[0.02, 0.01]))),
        Case("no activation with flat ends", start()),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        flat = [s for s in inner_activations(record) if s.saturated is not None and s.saturated > self.SHARE]
        if not flat:
            return []
        worst = max(flat, key=lambda signal: signal.saturated or 0.0)
        fresh = next((s.saturated for s in record.fresh_signals if s.name == worst.name), None)
        seen = f"{worst.saturated:.0%} of its outputs stand at a flat end before training (limit {self.SHARE:.0%})"
        seen += f"; with fresh weights {fresh:.0%}" if fresh is not None else ""
        seen += f"; and so it is in {len(flat)} layers" if len(flat) > 1 else ""
        centred = Remedy("Bring the inputs to mean 0 and spread 1.", {"data.prepare": "standardise"}, "safe")
        remedies = (centred, *anew(record)) if fresh is not None and fresh > self.SHARE else anew(record)
        return [self.finding(worst.name, seen, remedies=remedies, weight=0.7)]
