"""INI005 dead-start: units of a hidden layer give 0 on every row from the start."""

from __future__ import annotations

from dataclasses import replace

from netsitter.diagnose.at_start import anew, inner_activations
from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding
from netsitter.record.start_facts import Signal, StartFacts


def _few(share: float) -> tuple[Signal, ...]:
    """The well signals with this share of the ReLUs off."""
    return tuple(replace(signal, dead=share) if signal.kind == "ReLU" else signal for signal in start().signals)


_DEAD = _few(1.0)


class DeadStart(Rule[StartFacts]):
    """Units of a hidden layer give 0 on every row from the start.

    What it sees: the share of a layer's ReLUs that are off on all rows of a batch before training, against the same of
    the network freshly initialised.

    Why it hurts: a ReLU that is off on every row gets no gradient and never comes back; a layer in which all are off
    stops the signal.

    Threshold: SHARE = 0.5 of a layer's units, and more than EXTRA = 0.3 above a fresh network's. Drawn He's
    way, the worst layer of one to ten had at most 0.29, in 19 of 20 networks at most 0.17 (dense and convolutional, on
    iris, wine, breast cancer, digits, CIFAR-10); drawn PyTorch's way, up to 0.6 in ten layers.

    Remedy: He initialisation with biases of 0 or slightly above; inputs at mean 0.

    Fine when: the layer is very wide and most of it is spare.

    Sources: Lu, Shin, Su & Karniadakis (2019), arXiv:1903.06733; He, Zhang, Ren & Sun (2015), arXiv:1502.01852.
    """

    code = "INI005"
    slug = "dead-start"
    severity = "error"
    needs = "start"

    SHARE = 0.5
    EXTRA = 0.3

    sick = (Case("biases of -10", start(signals=_DEAD, attempts=attempts(as_it_is=0.0, fresh=0.9))),)
    well = (
        Case("fresh weights", start()),
        Case("a few units are off", start(signals=_few(0.2))),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        fresh = {signal.name: signal.dead for signal in record.fresh_signals}
        dead = [s for s in inner_activations(record) if s.dead > self.SHARE]
        dead = [s for s in dead if s.dead > fresh.get(s.name, 0.0) + self.EXTRA or s.dead > 0.99]
        if not dead:
            return []
        worst = max(dead, key=lambda signal: signal.dead)
        seen = f"{worst.dead:.0%} of its units give 0 on every row before training (limit {self.SHARE:.0%}); "
        seen += f"with fresh weights {fresh.get(worst.name, 0.0):.0%}"
        return [self.finding(worst.name, seen, remedies=anew(record), weight=0.8)]
