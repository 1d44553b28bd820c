"""STA005 mixed-batch: the answer to one row depends on the other rows of its batch."""

from __future__ import annotations

from dataclasses import replace

from netsitter.diagnose.cases_start import start
from netsitter.diagnose.remedies import time_behind_rows
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.start_facts import StartFacts


class MixedBatch(Rule[StartFacts]):
    """The answer to one row depends on the other rows of its batch.

    What it sees: how far the answers to half of a batch move when the other half is replaced, in evaluation mode,
    against their size.

    Why it hurts: the network learns from what it will not have in use, and its answer to a row changes with its
    company.

    Threshold: SHARE = 0.001 of the outputs' size; the order of sums alone gave 8e-7 on 64 inputs, 2e-6 on
    3,072.

    Remedy: find the operation along the batch axis: a softmax or norm with the wrong axis, a reshape that merges rows.

    Fine when: rows are meant to look at each other, as in contrastive learning.

    Sources: Karpathy (2019), A Recipe for Training Neural Networks: use backprop to chart dependencies.
    """

    code = "STA005"
    slug = "mixed-batch"
    severity = "error"
    needs = "start"

    SHARE = 0.001

    sick = (Case("a reshape that mixes rows", start(wiring=replace(start().wiring, other_rows=0.4))),)
    well = (
        Case("rows by themselves", start()),
        Case("rounding", start(wiring=replace(start().wiring, other_rows=1e-6))),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        moved = record.wiring.other_rows
        if moved is None or not moved > self.SHARE:
            return []
        seen = f"an answer moves by {moved:.2g} of its size when other rows of the batch change (limit {self.SHARE:g})"
        remedies: tuple[Remedy, ...] = (Remedy("Find the operation that works along the batch axis."),)
        turned = time_behind_rows(record.graph.operations) if record.graph is not None and record.own else ()
        if turned:
            remedies = (
                Remedy("Tell it that rows come first: batch_first=True.", {}, "changes-model", turned),
                *remedies,
            )
        return [
            self.finding(
                "the whole network",
                seen,
                remedies=remedies,
                weight=0.8,
            )
        ]
