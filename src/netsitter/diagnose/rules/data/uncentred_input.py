"""DAT001 uncentred-input: feature means lie far from 0 against their spread."""

from __future__ import annotations

from math import sqrt

from netsitter.diagnose.cases import images, table
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.facts import DataFacts
from netsitter.record.findings import Finding, Remedy


class UncentredInput(Rule[DataFacts]):
    """Features reach the network with means far from 0 against their spread.

    What it sees: the length of the mean input over the spread of all features together. It is silent where the chosen
    preparation subtracts the mean: all but `none` do.

    Why it hurts: one direction, the common offset, holds most of the input's size, and the learning rate must be small
    enough for it; in every other direction training is then slow. Where all inputs are positive, the gradients of a
    unit's weights all have one sign, and it can only move in zig-zags.

    Threshold: OFFSET = 1 spread. Measured on nets with one hidden layer of 50 ReLUs, 300 steps of SGD with momentum at
    the best of six rates, on standardised inputs with an offset added: the loss at the end grew 1 to 2.6 times with an
    offset of 1 spread, 1.9 to 21 times with 2 (wine, breast cancer, digits, Fashion-MNIST, CIFAR-10). As they come,
    CIFAR-10 has 1.9, digits 1.5, Fashion-MNIST 1.2 and MNIST 0.5; tables of measurements 1.7 to 3.5. WIDE = 4: pixels
    that spread further than this may need a spread of 1 as well.

    Remedy: subtract the mean image, or standardise the columns of a table.

    Fine when: the first layer normalises its input itself, or the features are counts whose 0 means something.

    Sources: LeCun, Bottou, Orr & Müller (1998), Efficient BackProp, section 4.3.
    """

    code = "DAT001"
    slug = "uncentred-input"
    severity = "warning"
    needs = "data"

    OFFSET = 1.0
    WIDE = 4.0

    sick = (
        Case("pixels as they come", images(), {"data.prepare": "none"}),
        Case("a table of positive measurements", table(mean=(50, 8, 900), std=(9, 2, 90)), {"data.prepare": "none"}),
    )
    well = (
        Case("pixels minus the mean image", images(), {"data.prepare": "center"}),
        Case("the preparation is left to the defaults", images()),
        Case("a table that is centred already", table(), {"data.prepare": "none"}),
        Case("mostly dark pixels", images(mean=30.0, std=60.0), {"data.prepare": "none"}),
    )

    def check(self, record: DataFacts, plan: Plan) -> list[Finding]:
        features = record.features
        offsets = {d: abs(m) / s for d, (m, s) in enumerate(zip(features.mean, features.std, strict=True)) if s > 0}
        if plan.data.prepare != "none" or not offsets or record.kind == "tokens":
            return []
        offset = sqrt(sum(m * m for m in features.mean) / sum(s * s for s in features.std))
        if offset <= self.OFFSET:
            return []
        signs = "; no value is negative" if min(features.low) >= 0 else ""
        prepare = "center" if record.kind == "image" else "standardise"
        remedies: tuple[Remedy, ...] = (Remedy("Subtract the mean.", {"data.prepare": prepare}, "safe"),)
        if record.kind == "image" and max(features.std) > self.WIDE:
            spread = Remedy("Bring them to spread 1 as well.", {"data.prepare": "standardise"}, "safe")
            remedies = (*remedies, spread)
        worst = sorted(offsets, key=lambda d: -offsets[d])[:3]
        return [
            self.finding(
                "the input, prepared by none",
                f"the mean input lies {offset:.3g} spreads from 0 (limit {self.OFFSET:g}){signs}",
                remedies=remedies,
                places=tuple(f"{record.feature(d)}: {offsets[d]:.3g} spreads" for d in worst),
            )
        ]
