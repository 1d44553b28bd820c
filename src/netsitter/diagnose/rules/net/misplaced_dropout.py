"""NET010 misplaced-dropout: dropout stands where it harms."""

from __future__ import annotations

from netsitter.diagnose.cases_start import RELU, chain, dense, start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy, Safety, Surgery
from netsitter.record.graph import Graph
from netsitter.record.start_facts import StartFacts


class MisplacedDropout(Rule[StartFacts]):
    """Dropout stands where it harms.

    What it sees: dropout on the output itself, rates above a limit, and dropout straight before batch normalisation.

    Why it hurts: on the output it deletes answers; at high rates hardly a signal comes through; before a norm,
    training and use have other variances.

    Threshold: RATE = 0.7 of the units dropped. Rates in use go from 0.1 to 0.5.

    Remedy: move it behind a hidden activation; lower the rate.

    Fine when: the input layer is very wide and redundant.

    Sources: Srivastava et al. (2014), JMLR 15; Li, Chen, Hu & Yang (2019), CVPR, on dropout and batch norm.
    """

    code = "NET010"
    slug = "misplaced-dropout"
    severity = "warning"
    needs = "start"

    RATE = 0.7

    sick = (
        Case(
            "nine tenths dropped",
            start(
                graph=chain(
                    dense(50, 64), ("ReLU", "activation", RELU), ("Dropout", "dropout", {"rate": 0.9}), dense(10, 50)
                )
            ),
        ),
        Case(
            "dropout on the output",
            start(
                graph=chain(
                    dense(50, 64), ("ReLU", "activation", RELU), dense(10, 50), ("Dropout", "dropout", {"rate": 0.5})
                )
            ),
        ),
    )
    well = (
        Case(
            "half of the hidden units",
            start(
                graph=chain(
                    dense(50, 64), ("ReLU", "activation", RELU), ("Dropout", "dropout", {"rate": 0.5}), dense(10, 50)
                )
            ),
        ),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        graph = record.graph
        if graph is None:
            return []
        found = []
        for place, operation in enumerate(graph.operations):
            rate = float(operation.facts.get("rate", 0.0))
            if operation.role != "dropout" or not rate:
                continue
            after = [graph.operations[i] for i in graph.after(place)]
            name = operation.name or operation.kind
            if rate > self.RATE:
                seen = f"{rate:.0%} of the units are dropped in each step (limit {self.RATE:.0%})"
                found.append(self.finding(name, seen, remedies=self._lower(record, graph), weight=min(0.9, rate - 0.1)))
            elif self._at_output(graph, place):
                seen = f"{rate:.0%} of the outputs themselves are set to 0 in each step"
                none = (Surgery("dropout", operation.name, 0.0),) if record.own else ()
                safety: Safety = "changes-model" if none else "advice"
                remedy = Remedy("Drop none here; behind a hidden activation, if anywhere.", {}, safety, none)
                found.append(self.finding(name, seen, remedies=(remedy,), weight=0.6))
            elif any(o.role == "norm" and o.facts.get("over") == "batch" for o in after):
                seen = f"dropout of {rate:.0%} stands straight before a batch norm: its variance is another in use"
                found.append(
                    self.finding(
                        name, seen, remedies=(Remedy("Move it behind the norm."),), severity="note", weight=0.2
                    )
                )
        return found[:1]

    def _at_output(self, graph: Graph, place: int) -> bool:
        """Whether nothing with weights, and no pooling over places, comes behind."""
        ahead = [place]
        while ahead:
            for after in graph.after(ahead.pop()):
                if graph.operations[after].role not in ("softmax", "activation", "shape", "scale"):
                    return False
                ahead.append(after)
        return True

    def _lower(self, record: StartFacts, graph: Graph) -> tuple[Remedy, ...]:
        if record.own:
            high = {o.name for o in graph.operations if o.role == "dropout" and o.facts.get("rate", 0.0) > self.RATE}
            less = tuple(Surgery("dropout", name, 0.2) for name in sorted(high))
            none = tuple(Surgery("dropout", name, 0.0) for name in sorted(high))
            return (
                Remedy("Drop less: 0.2 to 0.5.", safety="changes-model", surgery=less),
                Remedy("Drop none.", safety="changes-model", surgery=none),
            )
        return (Remedy("Drop less.", {"net.dropout": 0.2}, "changes-model"),)
