"""DAT009 conflicting-labels: rows with the same features and different labels."""

from __future__ import annotations

from netsitter.diagnose.cases import images, table
from netsitter.diagnose.noise import score_noise
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.facts import DataFacts
from netsitter.record.findings import Finding, Remedy


class ConflictingLabels(Rule[DataFacts]):
    """Training rows have the same features and different labels.

    What it sees: among rows with equal features, those that do not have the label of the most. No network can get them
    right, so their share is the least error that the training part allows.

    Why it hurts: labels are wrong, or a column that tells these rows apart was lost. Memorising them is impossible, and
    the loss stays above 0 whatever is done.

    Threshold: NOISE = 1 standard error of a score on the validation rows, at its largest 0.5 / √rows. A smaller share
    cannot be seen in the score: a note. Also a note where SHARE = 0.05 of a table's rows or more repeat earlier ones,
    label and all: such rows repeat by nature, and the outcome is uncertain by nature.

    Remedy: look at the rows. Correct the labels, or bring back the column that tells them apart.

    Fine when: the outcome is uncertain by nature, as who survives given class and sex.

    Sources: Northcutt, Athalye & Mueller (2021), Pervasive label errors in test sets, arXiv:2103.14749.
    """

    code = "DAT009"
    slug = "conflicting-labels"
    severity = "warning"
    needs = "data"

    NOISE = 1.0
    SHARE = 0.05

    sick = (
        Case("two annotators who disagree", table(conflicts=80, conflict_pairs=((40, 3), (52, 7)))),
        Case("one picture in two folders", images(conflicts=1, conflict_pairs=((812, 17),))),
    )
    well = (
        Case("equal rows have equal labels", table()),
        Case("nothing is known of conflicts in a real target", table(task="regress")),
    )

    def check(self, record: DataFacts, plan: Plan) -> list[Finding]:
        if not record.conflicts:
            return []
        rows = record.parts["train"].rows
        share = record.conflicts / rows
        limit = self.NOISE * score_noise(record.parts["val"].rows if "val" in record.parts else rows)
        by_nature = record.kind == "table" and record.duplicates >= self.SHARE * rows
        return [
            self.finding(
                "the labels of the training part",
                f"{record.conflicts:,} of {rows:,} rows have the features of another row and a different label: "
                f"no network can have an error below {share:.2g} on them (a score is uncertain by {limit:.2g})",
                remedies=(Remedy("Look at these rows: correct their labels, or bring back what tells them apart."),),
                places=tuple(f"row {row} and row {earlier}" for row, earlier in record.conflict_pairs),
                severity="note" if by_nature or share <= limit else "warning",
            )
        ]
