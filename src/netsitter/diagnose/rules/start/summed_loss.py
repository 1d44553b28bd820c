"""STA008 summed-loss: the loss grows with the batch."""

from __future__ import annotations

from dataclasses import replace

from netsitter.diagnose.cases_start import LOSS, attempts, start
from netsitter.diagnose.remedies import of_loss
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding
from netsitter.record.start_facts import StartFacts


class SummedLoss(Rule[StartFacts]):
    """The loss grows with the batch.

    What it sees: by what factor the loss grows when the batch is doubled: 1 for a mean, 2 for a sum.

    Why it hurts: the step is as many times longer as the batch has rows, so that the learning rate means something
    else at every batch size.

    Threshold: GROWTH = 1.5 times; means give 1.

    Remedy: take the mean over the batch (reduction mean), or divide the rate by the rows of a batch.

    Fine when: the optimiser divides by the size of the gradient (Adam), or the rate was chosen for the sum.

    Sources: PyTorch documentation, torch.nn.CrossEntropyLoss: reduction.
    """

    code = "STA008"
    slug = "summed-loss"
    severity = "warning"
    needs = "start"

    GROWTH = 1.5

    sick = (
        Case(
            "reduction=sum",
            start(
                loss=replace(LOSS, first=590.0, guess=590.0, fresh=590.0, doubled=2.0, reduction="sum"),
                program={**start().program, "optimizer": "sgd"},
                attempts=attempts(as_it_is=0.0, lr_x0_01=0.9),
            ),
        ),
    )
    well = (Case("a mean", start()),)

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        loss = record.loss
        if loss is None or loss.doubled < self.GROWTH:
            return []
        adaptive = any(
            word in str(record.program.get("optimizer", "")).lower() for word in ("ada", "rms", "rprop", "lion")
        )
        seen = f"with the batch twice over, the loss is {loss.doubled:.2f} times as large (limit {self.GROWTH:g}; "
        seen += "a mean gives 1): "
        seen += f"a rate of {record.program.get('lr') or 0.0:g} steps like "
        seen += f"{(record.program.get('lr') or 0.0) * (record.program.get('batch') or 1):g} on the mean"
        return [
            self.finding(
                "the loss",
                seen,
                remedies=of_loss("Take the mean over the batch.", "loss-mean"),
                severity="note" if adaptive else "warning",
                weight=0.7,
            )
        ]
