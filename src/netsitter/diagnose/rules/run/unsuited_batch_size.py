"""UPD005 unsuited-batch-size: batches are so large that there are too few steps."""

from __future__ import annotations

from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.evidence import AS_IT_IS, reached
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.start_facts import StartFacts


class UnsuitedBatchSize(Rule[StartFacts]):
    """Batches are so large that there are too few steps.

    What it sees: a short training in batches of 32 against one in this run's batches over as many rows.

    Why it hurts: an epoch of one or two steps is hardly an epoch: the weights move as often as there are batches.

    Threshold: BEHIND = 0.25 of what there is to gain between the two, at equal work.

    Remedy: batches of 32, or a higher rate and many more epochs.

    Fine when: the rate was raised with the batch, and there are epochs enough.

    Sources: Masters & Luschi (2018), arXiv:1804.07612; Goyal et al. (2017), arXiv:1706.02677.
    """

    code = "UPD005"
    slug = "unsuited-batch-size"
    severity = "warning"
    needs = "start"

    BEHIND = 0.25

    sick = (
        Case(
            "one batch of all rows",
            start(
                attempts=attempts(as_it_is=0.1, batch_32=0.8), program={**start().program, "batch": 1_600, "steps": 20}
            ),
        ),
    )
    well = (
        Case("batches of 32", start()),
        Case("as good in large batches", start(attempts=attempts(as_it_is=0.8, batch_32=0.9))),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        base, small = record.attempts.get(AS_IT_IS), record.attempts.get("batch 32")
        if base is None or small is None or reached(small) - max(reached(base), 0.0) < self.BEHIND:
            return []
        seen = f"{record.program.get('steps')} steps in all, of {record.program.get('batch')} rows each; over the "
        seen += "same rows in batches of 32, "
        seen += f"{reached(small):.2f} of what there is to gain is gained, and {reached(base):.2f} now (limit "
        seen += f"{self.BEHIND:g} apart)"
        return [
            self.finding(
                "the batch",
                seen,
                remedies=(Remedy("Take batches of 32 rows.", {"loop.batch": 32}, "safe"),),
                weight=0.5,
            )
        ]
