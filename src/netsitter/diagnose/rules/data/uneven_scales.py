"""DAT002 uneven-scales: the spreads of a table's columns differ by orders of magnitude."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases import images, table
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.facts import DataFacts
from netsitter.record.findings import Finding, Remedy


class UnevenScales(Rule[DataFacts]):
    """The columns of a table reach the network with spreads that differ by orders of magnitude.

    What it sees: the widest spread over the narrowest, among features that vary. It is silent for images, whose
    pixels share one scale, and where the preparation evens the scales: standardise, and whitening that keeps all
    directions. PCA, and whitening that keeps a share, do not: what they keep is the widest columns.

    Why it hurts: the wide columns drown the narrow ones, and one learning rate cannot suit both.

    Threshold: RATIO = 100 to 1 between the extremes, and BULK = 20 to 1 between the tenth of the columns from which on
    they are wide and the tenth up to which they are narrow: pixels in the corners of pictures are no scale of their
    own. Measured on nets with one hidden layer of 50 ReLUs, 300 steps of SGD with momentum at the best of six rates, on
    standardised inputs whose scales were then spread over a range: over 100 to 1 the loss at the end grew 1.2 to 3
    times (CIFAR-10, Fashion-MNIST, digits), over 1,000 to 1 1.4 to 11 times; Adam suffers less, and wine and breast
    cancer, which a line nearly separates, did not. The column of a category that one row in a thousand has, beside
    standardised columns, makes 32 to 1 and is well.

    Remedy: standardise.

    Fine when: the narrow columns are known not to matter, or all columns have one unit, as the bands of a spectrum.

    Sources: LeCun, Bottou, Orr & Müller (1998), Efficient BackProp, section 4.3.
    """

    code = "DAT002"
    slug = "uneven-scales"
    severity = "warning"
    needs = "data"

    RATIO = 100.0
    BULK = 20.0

    sick = (
        Case("grams beside tonnes", table(std=(1.0, 0.3, 5_000.0)), {"data.prepare": "center"}),
        Case("a share of the variance, whitened", table(std=(1.0, 0.3, 5_000.0)), {"data.prepare": "whiten"}),
    )
    well = (
        Case("columns standardised", table(std=(1.0, 0.3, 5_000.0)), {"data.prepare": "standardise"}),
        Case("all directions whitened", table(std=(1.0, 0.3, 5_000.0)), {"data.prepare": "whiten:1.0"}),
        Case("a rare category beside standardised columns", table(std=(1.0, 1.0, 0.032)), {"data.prepare": "none"}),
        Case("a constant column", table(std=(1.0, 2.0, 0.0)), {"data.prepare": "center"}),
        Case("pixels", images(), {"data.prepare": "center"}),
    )

    def check(self, record: DataFacts, plan: Plan) -> list[Finding]:
        spreads = {d: std for d, std in enumerate(record.features.std) if std > 0}
        if record.kind in ("image", "tokens") or len(spreads) < 2 or _evened(plan.data.prepare):
            return []
        wide, narrow = max(spreads, key=lambda d: spreads[d]), min(spreads, key=lambda d: spreads[d])
        ratio = spreads[wide] / spreads[narrow]
        low, high = np.quantile(list(spreads.values()), (0.1, 0.9))
        if ratio <= self.RATIO or high <= self.BULK * low:
            return []
        return [
            self.finding(
                f"the input, prepared by {plan.data.prepare}",
                f"{record.feature(wide)} spreads {ratio:,.3g} times as wide as {record.feature(narrow)} "
                f"(limit {self.RATIO:g})",
                remedies=(Remedy("Standardise the columns.", {"data.prepare": "standardise"}, "safe"),),
                places=tuple(f"{record.feature(d)}: spread {spreads[d]:.3g}" for d in (wide, narrow)),
            )
        ]


def _evened(prepare: str | None) -> bool:
    """Whether this preparation makes all spreads alike. None is chosen later: standardise, for a table."""
    if prepare is None or prepare == "standardise":
        return True
    name, _, kept = prepare.partition(":")
    return name in ("whiten", "zca") and not kept.isdecimal() and _number(kept) == 1.0


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
