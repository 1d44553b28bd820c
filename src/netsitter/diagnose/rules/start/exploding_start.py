"""INI003 exploding-start: signals grow far beyond what fresh weights give."""

from __future__ import annotations

from dataclasses import replace

from netsitter.diagnose.at_start import anew, inner_activations
from netsitter.diagnose.cases_start import LOSS, attempts, deep, start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding
from netsitter.record.start_facts import StartFacts

_LARGE = tuple(replace(signal, std=signal.std * 20) for signal in start().signals)
_FAR = replace(LOSS, first=140.0)


class ExplodingStart(Rule[StartFacts]):
    """Signals grow far beyond what fresh weights give.

    What it sees: the spread of what the layers before the last give, against the same of the network freshly
    initialised on the same rows, where the first loss is far above that of guessing too.

    Why it hurts: the first answers are certain and wrong, the first gradients are huge, and a step at any usual rate
    throws the weights about.

    Threshold: GROWTH = 5 times the spread of a fresh network's, and FIRST = 2 times the loss of guessing. Fresh
    networks are at 1 by definition; N(0, 1) weights with a fan-in of 784 at √(784 / 2), or 20. FLAT = 0.5 of a hidden
    layer's outputs at the flat ends of their activation is saturated-start, and not told here.

    Remedy: He initialisation, which divides by the root of the fan-in.

    Fine when: the growth is undone by normalisation in front of the output; then the first loss is that of guessing.

    Sources: He, Zhang, Ren & Sun (2015), arXiv:1502.01852; Glorot & Bengio (2010), AISTATS.
    """

    code = "INI003"
    slug = "exploding-start"
    severity = "error"
    needs = "start"

    GROWTH = 5.0
    FIRST = 2.0
    FLAT = 0.5

    sick = (Case("N(0, 1) weights", start(signals=_LARGE, loss=_FAR, attempts=attempts(as_it_is=0.3, fresh=0.9))),)
    well = (
        Case("fresh weights", start()),
        Case("large signals that a norm brings back", start(signals=_LARGE)),
        Case("tanh units at their flat ends", start(signals=deep([9.0] * 3, saturated=[0.85] * 3), loss=_FAR)),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        loss = record.loss
        # What grows in front of flat ends is cut off by them: that is saturated-start.
        flat = any(s.saturated is not None and s.saturated > self.FLAT for s in inner_activations(record))
        if (
            flat
            or loss is None
            or loss.first is None
            or loss.guess is None
            or loss.first <= self.FIRST * max(loss.guess, loss.fresh or 0.0)
        ):
            return []
        fresh = {signal.name: signal.std for signal in record.fresh_signals}
        grown = [(s.std / fresh[s.name], s) for s in record.signals if fresh.get(s.name, 0.0) > 0]
        inner = grown[:-1] if len(grown) > 1 else grown
        # The last layer alone is the business of the first loss.
        large = [(times, signal) for times, signal in inner if times > self.GROWTH]
        if not large:
            return []
        times, worst = max(large, key=lambda pair: pair[0])
        seen = f"spread {worst.std:.3g}, {times:.3g} times that of fresh weights (limit {self.GROWTH:g}); the "
        seen += "first loss is "
        seen += f"{loss.first:.3g}, guessing costs {loss.guess:.3g}"
        return [self.finding(worst.name, seen, remedies=anew(record), weight=0.75)]
