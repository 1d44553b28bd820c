"""DAT011 shifted-split: the training rows and the others are not of one kind."""

from __future__ import annotations

from math import sqrt

from netsitter.diagnose.cases import counts, table
from netsitter.diagnose.rule import Case, Rule
from netsitter.errors import shown
from netsitter.plan.plan import Plan
from netsitter.record.facts import DataFacts, PartFacts
from netsitter.record.findings import Finding, Remedy


class ShiftedSplit(Rule[DataFacts]):
    """The training rows and the others are not of one kind.

    What it sees: the mean of each feature in validation and test against that in training; and the shares of the
    classes, or the mean of the target.

    Why it hurts: the score is measured on rows that the network was not raised for; classes that it never saw it
    cannot name.

    Threshold: SPREADS = 0.5 of the training rows, with ERRORS = 6 standard errors; CLASSES = 0.15 of all rows in
    other classes than they should be, above what chance moves.

    Remedy: shuffle before the split, and split by class.

    Fine when: the parts are apart on purpose, as years are, and that is what the score is to tell of; or rare classes
    were given more rows in training, which is not told.

    Sources: Quiñonero-Candela, Sugiyama, Schwaighofer & Lawrence (2009), Dataset Shift in Machine Learning.
    """

    code = "DAT011"
    slug = "shifted-split"
    severity = "warning"
    needs = "data"

    SPREADS = 0.5
    ERRORS = 6.0
    CLASSES = 0.15

    sick = (
        Case("the file was sorted by its first column", table(shifts=(("val", 0, 1.4, 13.0),))),
        Case(
            "the last rows are all of one class",
            table(parts={"train": PartFacts(900, (500, 400)), "val": PartFacts(100, (0, 100))}),
        ),
    )
    well = (
        Case("a bit off, by chance", table(shifts=(("val", 0, 0.3, 2.5),))),
        Case("few rows", table(parts={"train": PartFacts(60, (30, 30)), "val": PartFacts(10, (7, 3))})),
        Case("the same shares", table(parts=counts(800, 200))),
        Case(
            "a rare class that was given more rows in training",
            table(parts={"train": PartFacts(1_000, (500, 500)), "val": PartFacts(200, (180, 20))}),
        ),
    )

    def check(self, record: DataFacts, plan: Plan) -> list[Finding]:
        train, found = record.parts["train"], []
        for name, part in record.parts.items():
            if name == "train":
                continue
            far = [s for s in record.shifts if s[0] == name and s[2] >= self.SPREADS and s[3] >= self.ERRORS]
            says = [f"{record.feature(d)} lies {away:.2g} spreads off" for _, d, away, _ in far[:1]]
            says += filter(None, [self._classes(record, train, part), self._target(train, part)])
            if not says:
                continue
            remedy = Remedy("Shuffle the rows before they are split, and split by class.")
            found.append(
                self.finding(
                    f"{name} against train",
                    f"{'; '.join(says)} (limits {self.SPREADS:g} spreads, {self.CLASSES:.0%} of the rows)",
                    remedies=(remedy,),
                    places=tuple(f"{record.feature(d)}: {away:.2g} spreads" for _, d, away, _ in far),
                )
            )
        return found

    def _classes(self, record: DataFacts, train: PartFacts, part: PartFacts) -> str:
        """What is off in the shares of the classes."""
        if not sum(train.class_counts) or not sum(part.class_counts):
            return ""
        ours = [n / sum(train.class_counts) for n in train.class_counts]
        theirs = [n / sum(part.class_counts) for n in part.class_counts]
        apart = sum(abs(a - b) for a, b in zip(ours, theirs, strict=True)) / 2
        chance = sum(sqrt(p * (1 - p) * (1 / train.rows + 1 / part.rows)) for p in ours) / 2
        rebalanced = max(ours) < max(theirs) and all(b > 0 for a, b in zip(ours, theirs, strict=True) if a > 0)
        if apart < self.CLASSES + 3 * chance or rebalanced:
            return ""
        worst = max(range(len(ours)), key=lambda k: abs(ours[k] - theirs[k]))
        return f"class {shown(record.classes[worst])} has {theirs[worst]:.1%} of the rows and {ours[worst]:.1%} there"

    def _target(self, train: PartFacts, part: PartFacts) -> str:
        """What is off in the mean of the real target."""
        for a, s, b in zip(train.target_mean, train.target_std, part.target_mean, strict=False):
            error = s * sqrt(1 / train.rows + 1 / part.rows)
            if s > 0 and abs(b - a) >= max(self.SPREADS * s, self.ERRORS * error):
                return f"the target has a mean of {b:.4g}, and of {a:.4g} there"
        return ""
