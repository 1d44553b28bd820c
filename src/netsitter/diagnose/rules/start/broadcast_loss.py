"""STA007 broadcast-loss: outputs and targets are stretched to a table of all rows by all rows."""

from __future__ import annotations

from dataclasses import replace

from netsitter.diagnose.cases_start import LOSS, start
from netsitter.diagnose.remedies import of_loss
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding
from netsitter.record.start_facts import StartFacts, TargetFacts

_REAL = TargetFacts("real", 0, -2.0, 2.0, 0.0, 1.0, "float32", ())


class BroadcastLoss(Rule[StartFacts]):
    """Outputs and targets are stretched to a table of all rows by all rows.

    What it sees: outputs of shape (N, 1) against targets of shape (N,), or the other way round, where the loss with
    equal shapes is another.

    Why it hurts: every answer is compared with every target: the least loss is to answer the mean to all rows.

    Threshold: ROWS = 3, from which two such shapes cannot be meant.

    Remedy: give both the same shape: outputs.squeeze(1), or targets[:, None].

    Fine when: the loss brings the shapes together itself; then it does not differ, and nothing is said.

    Sources: PyTorch documentation, torch.nn.MSELoss: input and target of the same shape.
    """

    code = "STA007"
    slug = "broadcast-loss"
    severity = "error"
    needs = "start"

    ROWS = 3

    sick = (
        Case(
            "(N, 1) against (N,)",
            start(
                loss=replace(
                    LOSS, name="MSELoss", takes="values", broadcast=True, outputs_shape=(256, 1), targets_shape=(256,)
                ),
                target=_REAL,
            ),
        ),
    )
    well = (Case("equal shapes", start()),)

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        loss = record.loss
        if loss is None or not loss.broadcast or loss.outputs_shape[0] < self.ROWS:
            return []
        rows = loss.outputs_shape[0]
        seen = f"outputs {loss.outputs_shape} against targets {loss.targets_shape}: {loss.name} compares {rows} x "
        seen += f"{rows} pairs"
        return [
            self.finding(
                "the loss",
                seen,
                remedies=of_loss("Give both the same shape: targets[:, None], or outputs.squeeze(1).", "loss-shape"),
                weight=1.0,
            )
        ]
