"""NRM002 tiny-batch: a batch has too few rows for a layer that counts over it."""

from __future__ import annotations

from dataclasses import replace

from netsitter.diagnose.cases_start import start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy, Severity
from netsitter.record.start_facts import StartFacts


class TinyBatch(Rule[StartFacts]):
    """A batch has too few rows for a layer that counts over it.

    What it sees: how many numbers of one channel a batch norm sees in a batch.

    Why it hurts: mean and variance of a few numbers are mostly noise: training jumps, and evaluation mode, with its
    running averages, gives other answers.

    Threshold: ROWS = 8 numbers a channel: the variance of so many is off by half on average.

    Remedy: larger batches, or group norm, which does not look at other rows.

    Fine when: only the last batch of an epoch is small.

    Sources: Ioffe & Szegedy (2015), arXiv:1502.03167; Wu & He (2018), arXiv:1803.08494.
    """

    code = "NRM002"
    slug = "tiny-batch"
    severity = "warning"
    needs = "start"

    ROWS = 8

    sick = (
        Case(
            "batches of two rows",
            start(
                wiring=replace(start().wiring, last_batch=2, norms=("1 sees 2 numbers a channel",)),
                program={**start().program, "batch": 2},
            ),
        ),
    )
    well = (Case("batches of 32", start()),)

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        if not record.wiring.norms:
            return []
        batch = int(record.program.get("batch") or 0)
        severity: Severity = "warning" if batch < self.ROWS else "note"
        remedies = (Remedy("Take batches of 32 rows.", {"loop.batch": 32}, "safe"), Remedy("Take group norm."))
        seen = f"{record.wiring.norms[0]} (limit {self.ROWS})"
        return [self.finding("batch normalisation", seen, remedies=remedies, severity=severity, weight=0.6)]
