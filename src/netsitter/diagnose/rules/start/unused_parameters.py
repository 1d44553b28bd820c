"""NET007 unused-parameters: weights of the network are never moved."""

from __future__ import annotations

import math

from netsitter.diagnose.cases_start import start, weight
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy, Severity
from netsitter.record.start_facts import StartFacts, Weight


class UnusedParameters(Rule[StartFacts]):
    """Weights of the network are never moved.

    What it sees: parameters that no gradient reaches, that the optimiser does not hold, or that are frozen while they
    still have the spread of PyTorch's own random start.

    Why it hurts: the network has less capacity than it seems, and random weights stay random.

    Threshold: RANDOM = 0.05: a frozen weight whose spread is within this share of 1/√(3 · fan-in), PyTorch's own
    start, was never trained.

    Remedy: use the layer in forward, hand its parameters to the optimiser, or unfreeze it.

    Fine when: layers are frozen on purpose after another training, or kept for another task.

    Sources: PyTorch documentation, torch.nn.Module.requires_grad_.
    """

    code = "NET007"
    slug = "unused-parameters"
    severity = "warning"
    needs = "start"

    RANDOM = 0.05

    sick = (
        Case(
            "a layer that forward never calls",
            start(weights=(*start().weights, weight("extra.weight", (50, 50), std=0.08, gradient=None))),
        ),
        Case(
            "random weights that are frozen",
            start(
                weights=(weight("0.weight", (50, 64), std=0.0722, gradient=None, trained=False), *start().weights[2:])
            ),
        ),
    )
    well = (
        Case("all are moved", start()),
        Case(
            "frozen after another training",
            start(weights=(weight("0.weight", (50, 64), std=0.3, gradient=None, trained=False), *start().weights[2:])),
        ),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        total = sum(math.prod(w.shape) for w in record.weights)
        unreached = [w for w in record.weights if w.trained and (w.gradient is None or not w.held)]
        frozen = [w for w in record.weights if not w.trained and len(w.shape) > 1 and self._random(w)]
        found = []
        for some, why, remedy in (
            (
                unreached,
                "no gradient reaches",
                "Use the layer in forward and hand it to the optimiser, or leave it out.",
            ),
            (frozen, "are frozen at their random start", "Unfreeze them: requires_grad_(True)."),
        ):
            if some:
                size = sum(math.prod(w.shape) for w in some)
                seen = (
                    f"{len(some)} tensors, {size:,} of {total:,} weights ({size / total:.1%}), {why}"
                    if some is frozen
                    else f"{why} {len(some)} tensors, {size:,} of {total:,} weights ({size / total:.1%})"
                )
                # A bias or two beside the road is no fault worth a warning.
                severity: Severity = "warning" if size > 0.02 * total else "note"
                found.append(
                    self.finding(
                        some[0].name,
                        seen,
                        remedies=(Remedy(remedy),),
                        places=tuple(w.name for w in some[:5]),
                        severity=severity,
                        weight=min(0.9, 0.4 + size / total),
                    )
                )
        return found

    def _random(self, weight: Weight) -> bool:
        usual = 1 / math.sqrt(3 * max(weight.fan_in, 1))
        return abs(weight.std / usual - 1) < self.RANDOM
