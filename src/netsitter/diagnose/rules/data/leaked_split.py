"""DAT006 leaked-split: the same rows in the training part and in a part that scores are measured on."""

from __future__ import annotations

from netsitter.diagnose.cases import images, table
from netsitter.diagnose.noise import score_noise
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.facts import DataFacts
from netsitter.record.findings import Finding, Remedy


class LeakedSplit(Rule[DataFacts]):
    """Rows of the validation or test part also stand in the training part.

    What it sees: rows, or pictures, whose features equal those of a training row in every bit; a finding for each part.

    Why it hurts: a network may know these rows by heart, so the score is too good, and what is chosen by the score
    is chosen for its memory.

    Threshold: NOISE = 1 standard error of the score. Leaked rows lift a score by no more than their share. A share
    below 0.5 / √rows, the largest standard error that the score can have on so many rows, cannot be seen in it: a
    note; so where REPEATS = 0.2 of the training rows stand there twice, as in tables of a few discrete columns.

    Remedy: drop the leaked rows from the training part, and split before anything is copied or augmented.

    Fine when: the rows repeat by nature, as in tables of a few discrete columns. A few pairs of equal flowers, as in
    iris, or of equal pictures are a note.

    Sources: Kapoor & Narayanan (2023), Leakage and the reproducibility crisis, Patterns 4(9); Barz & Denzler (2020), Do
    we train on test data?, J. Imaging 6(6).
    """

    code = "DAT006"
    slug = "leaked-split"
    severity = "warning"
    needs = "data"

    NOISE = 1.0
    REPEATS = 0.2

    sick = (
        Case("half the validation part", table(leaks={"val": 50}, leak_pairs=(("val", 3, 17), ("val", 4, 18)))),
        Case("one picture of the test part", images(leaks={"val": 0, "test": 1}, leak_pairs=(("test", 5, 9),))),
    )
    well = (Case("no row stands twice", table(leaks={"val": 0, "test": 0})), Case("nothing was looked for", table()))

    def check(self, record: DataFacts, plan: Plan) -> list[Finding]:
        return [self._leak(record, part, leaked) for part, leaked in record.leaks.items() if leaked]

    def _leak(self, record: DataFacts, part: str, leaked: int) -> Finding:
        rows = record.parts[part].rows
        share, limit = leaked / rows, self.NOISE * score_noise(rows)
        pairs = [(row, train) for of, row, train in record.leak_pairs if of == part]
        return self.finding(
            f"the {part} part",
            f"{leaked:,} of {rows:,} rows ({share:.2g}) also stand in the training part "
            f"(a score on {rows:,} rows is uncertain by {limit:.2g})",
            remedies=(Remedy("Drop these rows from the training part."),),
            places=tuple(f"{part} row {row} is training row {train}" for row, train in pairs),
            severity="warning"
            if share > limit and record.duplicates < self.REPEATS * record.parts["train"].rows
            else "note",
        )
