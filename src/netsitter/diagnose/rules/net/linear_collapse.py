"""NET001 linear-collapse: layers with weights follow each other with nothing between them that bends."""

from __future__ import annotations

from dataclasses import replace

from netsitter.diagnose.cases_start import RELU, chain, dense, start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy, Severity, Surgery
from netsitter.record.graph import Graph, Operation
from netsitter.record.start_facts import StartFacts

THROUGH = ("shape", "dropout", "scale", "average", "norm")
"""What does not bend a signal; of norms, those over the batch."""


class LinearCollapse(Rule[StartFacts]):
    """Layers with weights follow each other with nothing between them that bends.

    What it sees: two operations with weights, one behind the other, with only reshapes, dropout, norms over the batch,
    averages or scaling between; and whether the whole map from input to output is linear, measured on rows and far
    beyond them.

    Why it hurts: two linear maps in a row are one linear map: depth and width are paid for and bring nothing.

    Threshold: LAYERS = 2 in a row. Left out are pairs that people mean to be linear: factorised layers narrower than
    both sides, separable convolutions (one in groups), embeddings, projections of attention.

    Remedy: put a ReLU between them.

    Fine when: the factorisation is meant; or the network is an autoencoder that is to find principal components.

    Sources: Goodfellow, Bengio & Courville (2016), Deep Learning, section 6.1; Baldi & Hornik (1989), Neural Networks
    2(1).
    """

    code = "NET001"
    slug = "linear-collapse"
    severity = "error"
    needs = "start"

    LAYERS = 2

    sick = (
        Case(
            "two dense layers",
            start(graph=chain(dense(50, 64), dense(10, 50)), wiring=replace(start().wiring, linear=True)),
        ),
        Case(
            "one activation forgotten among others",
            start(graph=chain(dense(50, 64), dense(50), ("ReLU", "activation", RELU), dense(10, 50))),
        ),
    )
    well = (
        Case("a ReLU between", start()),
        Case("logistic regression", start(graph=chain(dense(10, 64)), wiring=replace(start().wiring, linear=True))),
        Case(
            "a separable convolution",
            start(
                graph=chain(
                    dense(32, 9, groups=32, window=(3, 3)),
                    dense(64, 32, window=(1, 1)),
                    ("ReLU", "activation", RELU),
                    dense(10, 64),
                )
            ),
        ),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        graph = record.graph
        if graph is None:
            return []
        pairs = [pair for place in range(len(graph.operations)) if (pair := self._before(graph, place)) is not None]
        if not pairs:
            return []
        whole = record.wiring.linear is True or self._bends_nowhere(graph)
        first, second = pairs[0]
        seen = (
            f"{first.kind} {first.name} ({first.facts.get('inputs')} to {first.facts.get('units')}) and {second.kind} "
        )
        seen += (
            f"{second.name} ({second.facts.get('inputs')} to {second.facts.get('units')}) are together one linear map"
        )
        seen += "; the whole network is linear" if whole else f"; so are {len(pairs)} pairs" if len(pairs) > 1 else ""
        if record.own:
            bent = tuple(Surgery("bend", pair[0].name, "relu") for pair in reversed(pairs) if pair[0].name)
            says = f"Put a ReLU between {first.name or first.kind} and {second.name or second.kind}"
            says += ", and so between all of them." if len(pairs) > 1 else "."
            remedies = (Remedy(says, safety="changes-model" if bent else "advice", surgery=bent),)
        else:
            remedies = (Remedy("Put ReLUs between the layers.", {"net.act": "relu"}, "changes-model"),)
        severity: Severity = "error" if whole else "warning"
        where = f"{first.name or first.kind} and {second.name or second.kind}"
        return [self.finding(where, seen, remedies=remedies, severity=severity, weight=0.9 if whole else 0.55)]

    def _bends_nowhere(self, graph: Graph) -> bool:
        """Whether nothing bends before the last operation with weights."""
        last = max(place for place, operation in enumerate(graph.operations) if operation.role == "weights")
        return all(operation.role in (*THROUGH, "weights", "add") for operation in graph.operations[:last])

    def _before(self, graph: Graph, place: int) -> tuple[Operation, Operation] | None:
        """The operation with weights that this one follows with nothing that bends between, if there is one."""
        second = graph.operations[place]
        if second.role != "weights" or second.kind == "Embedding" or not second.parameters:
            return None
        at = place
        while len(graph.operations[at].inputs) == 1 and graph.operations[at].inputs[0] >= 0:
            at = graph.operations[at].inputs[0]
            first = graph.operations[at]
            if first.role == "weights":
                return (first, second) if self._needless(first, second) and len(graph.after(at)) == 1 else None
            if first.role not in THROUGH or (first.role == "norm" and first.facts.get("over") != "batch"):
                return None
        return None

    def _needless(self, first: Operation, second: Operation) -> bool:
        """Whether nobody would write this pair on purpose."""
        if first.kind in ("Embedding", "embedding") or not first.parameters or first.parameters == second.parameters:
            return False
        if first.facts.get("groups", 1) > 1 or second.facts.get("groups", 1) > 1:
            return False
        inputs, units, outputs = first.facts.get("inputs"), first.facts.get("units"), second.facts.get("units")
        if inputs is None or units is None or outputs is None:
            return False
        if first.facts.get("window") and second.facts.get("window"):
            return True
        return not (units < inputs and units < outputs)
