"""NET011 misread-axes: an operation works along the wrong axis."""

from __future__ import annotations

from dataclasses import replace

from netsitter.diagnose.cases_start import chain, dense, start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy, Surgery
from netsitter.record.start_facts import StartFacts


class MisreadAxes(Rule[StartFacts]):
    """An operation works along the wrong axis.

    What it sees: a softmax along the axis of the rows, and a reshape behind which the first side is no longer the
    rows, where the answers of the rows hang on each other.

    Why it hurts: rows are mixed: probabilities add up to 1 over the batch and not over the classes, or a part of one
    example is read as another.

    Threshold: SHARE = 0.001 of the outputs' size, by which an answer moves when other rows change.

    Remedy: give the softmax the axis of the classes (dim=1); reshape with x.flatten(1), which keeps the rows.

    Fine when: rows are meant to look at each other.

    Sources: PyTorch documentation, torch.nn.Softmax: dim.
    """

    code = "NET011"
    slug = "misread-axes"
    severity = "error"
    needs = "start"

    SHARE = 0.001

    sick = (
        Case(
            "a softmax over the batch",
            start(
                graph=chain(dense(10, 64), ("Softmax", "softmax", {"axis": 0, "log": False, "sides": 2})),
                wiring=replace(start().wiring, other_rows=0.3, input_effect=0.5),
                outputs=None,
            ),
        ),
    )
    well = (
        Case(
            "a softmax over the classes",
            start(graph=chain(dense(10, 64), ("LogSoftmax", "softmax", {"axis": 1, "log": True, "sides": 2}))),
        ),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        graph, moved = record.graph, record.wiring.other_rows
        if graph is None:
            return []
        for operation in graph.operations:
            name = operation.name or operation.kind
            axis = Surgery("axis", operation.name, 1, operation.kind)
            remedy = (Remedy("Give it the axis of the classes: dim=1.", safety="changes-model", surgery=(axis,)),)
            if operation.role == "softmax" and operation.facts.get("axis") == 0 and operation.facts.get("rows_kept"):
                seen = "the softmax runs along axis 0, the rows of the batch, of a tensor with "
                seen += f"{operation.facts.get('sides', 2)} axes"
                return [self.finding(name, seen, remedies=remedy, weight=0.95)]
        if moved is None or moved <= self.SHARE:
            return []
        for operation in graph.operations:
            if operation.role == "shape" and operation.facts.get("rows_moved"):
                seen = f"behind {operation.kind} the first axis is no longer the rows, and an answer moves by "
                seen += f"{moved:.2g} of its size "
                seen += f"with other rows (limit {self.SHARE:g})"
                remedy = (Remedy("Keep the rows first: x.flatten(1), or x.reshape(len(x), -1)."),)
                return [self.finding(operation.name or operation.kind, seen, remedies=remedy, weight=0.9)]
        return []
