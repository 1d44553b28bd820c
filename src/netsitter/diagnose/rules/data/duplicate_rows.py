"""DAT005 duplicate-rows: training rows that are exact copies of others, target and all."""

from __future__ import annotations

from netsitter.diagnose.cases import images, table
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.facts import DataFacts
from netsitter.record.findings import Finding, Remedy


class DuplicateRows(Rule[DataFacts]):
    """Training rows repeat earlier ones exactly, with the same target.

    What it sees: rows whose features and target both equal those of an earlier row. A note up to the threshold.

    Why it hurts: a row that stands ten times weighs ten times as much, and copies that a split tears apart make the
    validation score too good.

    Threshold: SHARE = 0.05 of the training rows. The sets that were looked at have fewer: iris 0.7 %, and wine, breast
    cancer, digits, diabetes, MNIST, Fashion-MNIST and CIFAR-10 none or a handful.

    Remedy: drop the copies, before anything is split.

    Fine when: the rows repeat by nature, as in tables of a few discrete columns, or were repeated on purpose, to weigh
    them.

    Sources: Barz & Denzler (2020), Do we train on test data?, J. Imaging 6(6), on copies within CIFAR.
    """

    code = "DAT005"
    slug = "duplicate-rows"
    severity = "warning"
    needs = "data"

    SHARE = 0.05

    sick = (
        Case("a file that was appended twice", table(duplicates=500, duplicate_pairs=((500, 0), (501, 1)))),
        Case("one picture twice", images(duplicates=1, duplicate_pairs=((812, 17),))),
    )
    well = (Case("every row stands once", table()),)

    def check(self, record: DataFacts, plan: Plan) -> list[Finding]:
        rows = record.parts["train"].rows
        if not record.duplicates:
            return []
        share = record.duplicates / rows
        return [
            self.finding(
                "the training part",
                f"{record.duplicates:,} of {rows:,} rows ({share:.2g}) copy earlier ones (limit {self.SHARE:g})",
                remedies=(Remedy("Drop the copies, before the data is split."),),
                places=tuple(f"row {row} is row {earlier}" for row, earlier in record.duplicate_pairs),
                severity="warning" if share > self.SHARE else "note",
            )
        ]
