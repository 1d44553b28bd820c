"""DAT008 label-out-of-range: labels lie outside the classes that the network has outputs for."""

from __future__ import annotations

from dataclasses import replace

from netsitter.diagnose.cases_start import TARGET, start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.start_facts import LossFacts, StartFacts


class LabelOutOfRange(Rule[StartFacts]):
    """Labels lie outside the classes that the network has outputs for.

    What it sees: the least and the largest class number in the training part, against the number of outputs.

    Why it hurts: the loss fails on such a row, or learns a class that nothing means.

    Threshold: FIRST = 0, the number of the first class; the last is one less than there are outputs.

    Remedy: number the classes from 0, and give the network one output a class.

    Fine when: a number such as -100 marks rows that the loss leaves out.

    Sources: PyTorch documentation, torch.nn.CrossEntropyLoss: targets from 0 to C - 1.
    """

    code = "DAT008"
    slug = "label-out-of-range"
    severity = "error"
    needs = "start"

    FIRST = 0

    sick = (
        Case(
            "labels from 1 to 10 for ten outputs",
            start(
                target=replace(TARGET, low=1.0, high=10.0),
                loss=LossFacts("cross_entropy", error="IndexError: Target 10 is out of bounds."),
                weights=(),
                attempts={},
            ),
        ),
    )
    well = (Case("labels from 0 to 9", start()),)

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        target, outputs = record.target, record.outputs
        if (
            target is None
            or outputs is None
            or target.form != "classes"
            or len(outputs.shape) < 2
            or outputs.shape[1] < 2
        ):
            return []
        if outputs.shape[1:] == target.shape or (target.low >= self.FIRST and target.high < outputs.shape[1]):
            return []
        seen = f"labels from {target.low:g} to {target.high:g} for {outputs.shape[1]} outputs, which stand for 0 "
        seen += f"to {outputs.shape[1] - 1}"
        return [
            self.finding(
                "the labels", seen, remedies=(Remedy("Number the classes from 0, one output for each."),), weight=1.0
            )
        ]
