"""STA003 cannot-overfit-tiny: a handful of rows cannot be learned by heart."""

from __future__ import annotations

from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.evidence import best_of, reached
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.start_facts import StartFacts

_NOT = {**start().tiny, "learned": False, "score": 0.2, "end_loss": 2.2, "epochs": 199}


class CannotOverfitTiny(Rule[StartFacts]):
    """A handful of rows cannot be learned by heart.

    What it sees: what comes of 20 training rows after up to 200 epochs, without regularisation, with plain SGD at
    seven rates and Adam at two.

    Why it hurts: a network that cannot do this cannot do more: something between inputs, weights, loss and labels is
    not connected as it should be.

    Threshold: SCORE = 0.5 of the way from guessing to all right (for real targets R² of 0.5), far below what a network
    with a hidden layer reaches.

    Remedy: look at the other findings first; then at the labels, at the wiring of the loss, and at the capacity.

    Fine when: rows repeat with different targets, or the network is linear and the task is not.

    Sources: Karpathy, Johnson & Li, CS231n (2017), lecture 6: overfit a small subset.
    """

    code = "STA003"
    slug = "cannot-overfit-tiny"
    severity = "warning"
    needs = "start"

    SCORE = 0.5

    sick = (Case("nothing learns it", start(tiny=_NOT, attempts=attempts(as_it_is=0.0, best=0.1))),)
    well = (
        Case("learned", start()),
        Case("nothing was tried", start(tiny={})),
        Case("nearly learned", start(tiny={**_NOT, "score": 0.9})),
    )

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        tiny = record.tiny
        if not tiny or tiny["learned"] or record.target is None:
            return []
        classes = record.target.classes
        guess = 0.0 if classes == 0 else max(1.0 / max(classes, 1), tiny.get("guess", 0.0))
        score = (float(tiny["score"]) - guess) / (1 - guess) if guess < 1 else 1.0
        best = best_of(record)
        if score > self.SCORE or (best is not None and reached(best) > self.SCORE):
            return []
        seen = f"score {tiny['score']:.2f} on {tiny['rows']} rows after {tiny['epochs']} epochs at the best of "
        seen += "several rates, "
        seen += f"loss {tiny['start_loss']:.3g} -> {tiny['end_loss']:.3g}"
        return [
            self.finding(
                "the whole network",
                seen,
                remedies=(Remedy("Check labels, loss and wiring; then widen the network."),),
                weight=0.3,
            )
        ]
