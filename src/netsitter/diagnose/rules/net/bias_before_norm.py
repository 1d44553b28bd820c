"""NET006 bias-before-norm: a bias is taken away again by the batch norm behind it."""

from __future__ import annotations

from netsitter.diagnose.cases_start import RELU, chain, dense, start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy, Surgery
from netsitter.record.start_facts import StartFacts


class BiasBeforeNorm(Rule[StartFacts]):
    """A bias is taken away again by the batch norm behind it.

    What it sees: a layer with a bias whose output goes straight into a norm over the batch.

    Why it hurts: the norm subtracts the mean and the bias with it: the bias gets no gradient, and costs memory and a
    weight decay that means nothing.

    Threshold: LAYERS = 1.

    Remedy: bias=False in the layer before the norm.

    Fine when: it costs next to nothing, so that one may leave it.

    Sources: Ioffe & Szegedy (2015), arXiv:1502.03167, section 3.2.
    """

    code = "NET006"
    slug = "bias-before-norm"
    severity = "note"
    needs = "start"

    LAYERS = 1

    sick = (
        Case(
            "a bias before a norm",
            start(
                graph=chain(
                    dense(50, 64),
                    ("BatchNorm1d", "norm", {"over": "batch"}),
                    ("ReLU", "activation", RELU),
                    dense(10, 50),
                )
            ),
        ),
    )
    well = (
        Case(
            "no bias",
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
            before
            for place, operation in enumerate(record.graph.operations)
            if operation.role == "norm" and operation.facts.get("over") == "batch"
            for before in record.graph.before(place)
            if before.role == "weights" and before.facts.get("bias")
        ]
        if len(found) < self.LAYERS:
            return []
        seen = f"the biases of {len(found)} layers are taken away by the batch norm behind them (first "
        seen += f"{found[0].name or found[0].kind})"
        left = tuple(Surgery("drop-bias", operation.name) for operation in found if operation.name and record.own)
        remedy = Remedy("Leave the bias out: bias=False.", safety="safe" if left else "advice", surgery=left)
        return [self.finding(found[0].name or found[0].kind, seen, remedies=(remedy,), weight=0.1)]
