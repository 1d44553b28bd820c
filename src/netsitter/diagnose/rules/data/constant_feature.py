"""DAT003 constant-feature: features that have one value in all training rows."""

from __future__ import annotations

from dataclasses import replace

from netsitter.diagnose.cases import images, table
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.facts import DataFacts, FeatureFacts
from netsitter.record.findings import Finding, Remedy


class ConstantFeature(Rule[DataFacts]):
    """A feature has the same value in every training row, so nothing can be learned from it.

    What it sees: smallest and largest value equal. A warning for columns of a table; a note for pixels, since the
    border of scanned pictures is often blank; an error when no feature varies at all.

    Why it hurts: a constant column is often a fault of the file: a failed join, a wrong unit, a sensor that was off. It
    costs parameters, and where a new row differs for the first time the network has learned nothing about it.

    Threshold: none; the values are equal or not.

    Remedy: drop the column. Standardising divides it by 1 and makes it 0, so it does no harm meanwhile.

    Fine when: the column varies in data that is yet to come, or the pictures have a blank border (64 pixels of MNIST
    do, and 3 of the digits of scikit-learn).

    Sources: none needed.
    """

    code = "DAT003"
    slug = "constant-feature"
    severity = "error"
    needs = "data"

    sick = (
        Case("a column that is always 5", table(mean=(5.0, 0.0), std=(0.0, 1.0), names=("plant", "height"))),
        Case("black pictures", images(mean=0.0, std=0.0)),
    )
    well = (
        Case("every column varies", table()),
        Case("no row is whole", replace(table(), features=FeatureFacts((), (), (), ()))),
    )

    def check(self, record: DataFacts, plan: Plan) -> list[Finding]:
        features = record.features
        constant = [d for d, (low, high) in enumerate(zip(features.low, features.high, strict=True)) if low == high]
        if not constant:
            return []
        if len(constant) == len(features.low):
            seen = f"all {len(constant):,} features have one value in every row: there is nothing to learn from"
            return [self.finding("the training part", seen, remedies=(Remedy("Look at how the data was made."),))]
        return [
            self.finding(
                "the training part",
                f"{len(constant):,} of {len(features.low):,} features never vary in the {record.sampled:,} rows seen",
                remedies=(Remedy("Drop these features, or find out why they do not vary."),),
                places=tuple(f"{record.feature(d)}: always {features.low[d]:g}" for d in constant[:5]),
                severity="note",
            )
        ]
