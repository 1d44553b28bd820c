"""NET005 norm-after-activation: batch normalisation stands behind the non-linearity."""

from __future__ import annotations

from netsitter.diagnose.cases_start import RELU, chain, dense, start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy, Surgery
from netsitter.record.graph import Operation
from netsitter.record.start_facts import StartFacts


class NormAfterActivation(Rule[StartFacts]):
    """Batch normalisation stands behind the non-linearity.

    What it sees: a norm over the batch whose input comes straight from an activation and feeds the next layer.

    Why it hurts: the activation gets signals that nobody has brought to size, which is what the norm was made for;
    with sigmoids and tanhs it then saturates.

    Threshold: PLACES = 1. A note only: behind ReLUs both orders train.

    Remedy: move it before the activation, and drop the bias of the layer before it.

    Fine when: it was tried and did better; behind ReLUs that happens.

    Sources: Ioffe & Szegedy (2015), arXiv:1502.03167, section 3.2.
    """

    code = "NET005"
    slug = "norm-after-activation"
    severity = "note"
    needs = "start"

    PLACES = 1

    sick = (
        Case(
            "dense, ReLU, norm",
            start(
                graph=chain(
                    dense(50, 64),
                    ("ReLU", "activation", RELU),
                    ("BatchNorm1d", "norm", {"over": "batch"}),
                    dense(10, 50),
                )
            ),
        ),
    )
    well = (
        Case(
            "dense, norm, ReLU",
            start(
                graph=chain(
                    dense(50, 64, bias=False),
                    ("BatchNorm1d", "norm", {"over": "batch"}),
                    ("ReLU", "activation", RELU),
                    dense(10, 50),
                )
            ),
        ),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        if record.graph is None:
            return []
        found = [
            operation
            for place, operation in enumerate(record.graph.operations)
            if operation.role == "norm"
            and operation.facts.get("over") == "batch"
            and any(before.role == "activation" for before in record.graph.before(place))
        ]
        if len(found) < self.PLACES:
            return []
        seen = f"{len(found)} batch norms stand behind an activation (first {found[0].name or found[0].kind})"
        return [self.finding(found[0].name or found[0].kind, seen, remedies=self._moved(record, found), weight=0.2)]

    def _moved(self, record: StartFacts, found: list[Operation]) -> tuple[Remedy, ...]:
        if not record.own:
            return (Remedy("Move it before the activation."),)
        moved = tuple(Surgery("move-norm", operation.name) for operation in found)
        return (Remedy("Move it before the activation.", safety="changes-model", surgery=moved),)
