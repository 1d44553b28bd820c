"""DAT007 imbalanced-classes: one class has many times the rows of another."""

from __future__ import annotations

from netsitter.diagnose.cases import counts, table
from netsitter.diagnose.rule import Case, Rule
from netsitter.errors import shown
from netsitter.plan.plan import Plan
from netsitter.record.facts import DataFacts
from netsitter.record.findings import Finding, Remedy, Surgery


class ImbalancedClasses(Rule[DataFacts]):
    """One class has many times the training rows of another.

    What it sees: rows of the largest class over rows of the smallest that has any, and the score of always guessing the
    largest.

    Why it hurts: the network does well by never naming the rare class, and the share of rows that are right hides it.

    Threshold: RATIO = 9 to 1, where collections of imbalanced data sets draw the line to high imbalance. Sets that are
    well have from 1 (CIFAR-10) to 1.7 (breast cancer).

    Remedy: weigh the classes in the loss, and judge by the score of each class, not by the share of all rows.

    Fine when: the rare class is rare in life too and its rows are not more dear than others.

    Sources: Fernández, García, del Jesus & Herrera (2008), Fuzzy Sets and Systems 159(18): sets with a ratio above 9.
    """

    code = "DAT007"
    slug = "imbalanced-classes"
    severity = "warning"
    needs = "data"

    RATIO = 9.0

    sick = (Case("one fraud among fifty", table(parts=counts(980, 20), classes=("honest", "fraud"))),)
    well = (
        Case("two thirds to one third", table(parts=counts(667, 333))),
        Case(
            "a class without rows, which the source tells of", table(parts=counts(500, 500, 0), classes=("a", "b", "c"))
        ),
        Case("a real target", table(task="regress", parts=counts())),
    )

    def check(self, record: DataFacts, plan: Plan) -> list[Finding]:
        rows = {k: n for k, n in enumerate(record.parts["train"].class_counts) if n}
        if not rows or "loss-weights" in plan.net.surgery:
            return []
        largest, smallest = max(rows, key=lambda k: rows[k]), min(rows, key=lambda k: rows[k])
        ratio, guess = rows[largest] / rows[smallest], rows[largest] / sum(rows.values())
        if ratio <= self.RATIO:
            return []
        rare = sorted(rows, key=lambda k: rows[k])[:5]
        return [
            self.finding(
                "the labels of the training part",
                f"class {shown(record.classes[largest])} has {ratio:.3g} times the rows of "
                f"{shown(record.classes[smallest])} (limit {self.RATIO:g}); "
                f"always guessing the largest scores {guess:.3f}",
                remedies=(
                    Remedy("Judge by the score of each class, against always guessing the largest."),
                    Remedy(
                        "Weigh the classes in the loss, or bring more rows of the rare ones.",
                        safety="safe",
                        surgery=(Surgery("loss-weights"),),
                    ),
                ),
                places=tuple(f"class {shown(record.classes[k])}: {rows[k]:,} rows" for k in rare),
            )
        ]
