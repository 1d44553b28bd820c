"""DAT004 non-finite-value: NaN or infinite values among the features."""

from __future__ import annotations

from netsitter.diagnose.cases import table
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.facts import DataFacts
from netsitter.record.findings import Finding, Remedy


class NonFiniteValue(Rule[DataFacts]):
    """A feature holds NaN or an infinite value.

    What it sees: values that are not finite numbers, in any part, counted, with part, row and feature of the first.

    Why it hurts: one NaN in a batch makes the loss NaN, then every gradient, then every weight, and nothing brings them
    back. In the validation part it makes the score meaningless.

    Threshold: none; one such value is enough.

    Remedy: fill the gaps with what a missing value means in this column (its mean, 0, a column of its own that says
    "missing"), or drop the rows. That is not done unasked: only you know what a gap means.

    Fine when: never.

    Sources: none needed.
    """

    code = "DAT004"
    slug = "non-finite-value"
    severity = "error"
    needs = "data"

    sick = (
        Case(
            "two gaps in a table",
            table(names=("age", "fare", "class"), non_finite_count=2, non_finite=(("train", 17, 0), ("val", 4, 1))),
        ),
    )
    well = (Case("no gaps", table()),)

    def check(self, record: DataFacts, plan: Plan) -> list[Finding]:
        if not record.non_finite_count:
            return []
        values = "value is" if record.non_finite_count == 1 else "values are"
        return [
            self.finding(
                ", ".join(sorted({part for part, _, _ in record.non_finite})) or "the training part",
                f"{record.non_finite_count:,} {values} NaN or infinite; none may be",
                remedies=(
                    Remedy("Fill the gaps with what a missing value means in each column."),
                    Remedy("Drop the rows that have gaps."),
                ),
                places=tuple(f"{part} row {row}, {record.feature(d)}" for part, row, d in record.non_finite),
            )
        ]
