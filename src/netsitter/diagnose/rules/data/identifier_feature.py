"""DAT014 identifier-feature: a column that numbers the rows, or that gives the target away."""

from __future__ import annotations

from netsitter.diagnose.cases import table
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.facts import DataFacts
from netsitter.record.findings import Finding, Remedy


class IdentifierFeature(Rule[DataFacts]):
    """A column numbers the rows, or tells the target exactly.

    What it sees: columns of whole numbers, each unique to its row, that leave hardly a gap or rise through the file;
    and columns with a value of their own for each class, or on a line with the target. A finding for each kind.

    Why it hurts: a row number says nothing about rows to come, but where the file is sorted it tells the label. A copy
    of the target makes the score perfect and the network useless: the column will not be there when it is needed.

    Threshold: none of its own; what counts is said in the facts: 20 rows or more, and fewer than 3 places for each row.

    Remedy: drop the column.

    Fine when: it is a time or a place in a sequence, and rows to come will have it too.

    Sources: Kaufman, Rosset, Perlich & Stitelman (2012), Leakage in data mining, ACM TKDD 6(4).
    """

    code = "DAT014"
    slug = "identifier-feature"
    severity = "warning"
    needs = "data"

    sick = (
        Case("a passenger's number", table(names=("PassengerId", "age", "fare"), identifiers=(0,))),
        Case("the target among the features", table(names=("age", "fare", "survived"), copies_target=(2,))),
    )
    well = (Case("measurements only", table()),)

    def check(self, record: DataFacts, plan: Plan) -> list[Finding]:
        kinds = (
            (record.identifiers, "numbers the rows: whole, unique to each row, and without gaps or rising"),
            (record.copies_target, "tells the target exactly"),
        )
        return [self._finding(record, columns, says) for columns, says in kinds if columns]

    def _finding(self, record: DataFacts, columns: tuple[int, ...], says: str) -> Finding:
        of = (
            f"1 of {len(record.features.mean):,} features"
            if len(columns) == 1
            else f"each of {len(columns):,} features"
        )
        return self.finding(
            record.feature(columns[0]),
            f"{of} {says} ({record.sampled:,} rows looked at)",
            remedies=(Remedy("Drop the column."),),
            places=tuple(record.feature(d) for d in columns[:5]),
        )
