"""INI001 symmetric-units: all units of a hidden layer start equal."""

from __future__ import annotations

from netsitter.diagnose.at_start import anew, beside, last_weight
from netsitter.diagnose.cases_start import attempts, start, weight
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Severity
from netsitter.record.start_facts import Signal, StartFacts, Weight

_NOT = attempts(as_it_is=0.0, fresh=0.9)


def _equal(value: float) -> tuple[Weight, ...]:
    """The weights of two layers, all of one value."""
    return (
        weight("0.weight", (50, 64), std=0.0, gradient=0.0, mean=value, twin_rows=1.0, fresh_std=0.18),
        weight("2.weight", (10, 50), std=0.0, gradient=0.1, mean=value, twin_rows=1.0, fresh_std=0.01),
    )


def _signals(spread: float, *, twins: float, dead: float = 0.0) -> tuple[Signal, ...]:
    return (
        Signal("0", "Linear", 0.0, spread, dead=dead, twins=twins),
        Signal("1", "ReLU", 0.0, spread, dead=dead, twins=twins),
    )


class SymmetricUnits(Rule[StartFacts]):
    """All units of a hidden layer start equal.

    What it sees: rows of a hidden layer's weights that are equal to other rows, where the units behind them also
    answer alike on every row (or give nothing at all). The last layer is left out: its units get different gradients
    from the first step on.

    Why it hurts: units that start equal get equal gradients and stay equal for ever: a layer of a hundred is a layer
    of one.

    Threshold: SHARE = 0.5 of a layer's units that have a twin. Drawn weights have no twin at all.

    Remedy: draw the weights at random, He's way for ReLU and Xavier's for tanh.

    Fine when: the layer is the last one of a residual branch, which may start at 0: the signal passes beside it.

    Sources: Goodfellow, Bengio & Courville (2016), Deep Learning, section 8.4; Karpathy, Johnson & Li, CS231n (2017),
    lecture 6.
    """

    code = "INI001"
    slug = "symmetric-units"
    severity = "error"
    needs = "start"

    SHARE = 0.5

    sick = (
        Case("all weights 0", start(weights=_equal(0.0), signals=_signals(0.0, twins=0.0, dead=1.0), attempts=_NOT)),
        Case("all weights 0.5", start(weights=_equal(0.5), signals=_signals(3.0, twins=1.0), attempts=_NOT)),
    )
    well = (
        Case("drawn weights", start()),
        Case(
            "a last layer of zeros",
            start(weights=(*start().weights[:2], weight("2.weight", (10, 50), std=0.0, gradient=0.1, twin_rows=1.0))),
        ),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        last = last_weight(record)
        alike = {signal.name for signal in record.signals if max(signal.twins, signal.dead) >= self.SHARE}
        equal = [w for w in record.weights if w.name != last and len(w.shape) > 1 and w.shape[0] > 1 and w.trained]
        equal = [
            w for w in equal if w.twin_rows >= self.SHARE and (w.twin_rows == 1.0 or w.name.rpartition(".")[0] in alike)
        ]
        if not equal or beside(record, equal[0].name):
            return []
        worst = equal[0]
        where = worst.name.rpartition(".")[0] or worst.name
        seen = f"{worst.twin_rows:.0%} of its {worst.shape[0]} units have the same weights as another unit "
        seen += f"(limit {self.SHARE:.0%}), spread {worst.std:.3g}"
        if len(equal) > 1:
            seen += f"; so in {len(equal)} layers"
        # Biases that were drawn keep the units apart a little.
        severity: Severity = "error" if where in alike else "warning"
        return [self.finding(where, seen, remedies=anew(record), severity=severity, weight=0.9)]
