"""STA001 wrong-first-loss: the first loss is far above that of guessing."""

from __future__ import annotations

from dataclasses import replace

from netsitter.diagnose.at_start import anew
from netsitter.diagnose.cases_start import LOSS, start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding
from netsitter.record.start_facts import Signal, StartFacts

_FAR = replace(LOSS, first=9.0)
_OUT = (*start().signals[:-1], Signal("2", "Linear", 0.0, 9.0))


class WrongFirstLoss(Rule[StartFacts]):
    """The first loss is far above that of guessing.

    What it sees: the loss on training rows before the first step, against the best that one answer to all rows can do,
    and against the same network freshly initialised. Real targets are left to the rule on their scale.

    Why it hurts: the first part of the training only takes back answers that are certain and wrong.

    Threshold: TIMES = 1.5 times the loss of guessing, and as many times that of fresh weights. The built-in networks
    start within 1.1 of guessing, drawn PyTorch's way within 1.4 (one to ten layers, five data sets).

    Remedy: smaller weights in the last layer.

    Fine when: the weights come from another training.

    Sources: Karpathy, Johnson & Li, CS231n (2017), lecture 6: look for the correct loss at chance.
    """

    code = "STA001"
    slug = "wrong-first-loss"
    severity = "warning"
    needs = "start"

    TIMES = 1.5

    sick = (Case("a last layer that starts too large", start(loss=_FAR, signals=_OUT)),)
    well = (Case("log 10 for ten classes", start()), Case("nothing was measured", start(loss=None)))

    def check(self, record: StartFacts, plan: Plan) -> list[Finding]:
        loss = record.loss
        if loss is None or loss.first is None or not loss.guess or loss.takes == "values":
            return []
        usual = max(loss.guess, loss.fresh or 0.0)
        if loss.first <= self.TIMES * usual:
            return []
        seen = f"{loss.first:.4g} before training, {loss.first / loss.guess:.3g} times {loss.guess:.4g}, the loss "
        seen += "of the best "
        seen += f"single answer (limit {self.TIMES:g} times); with fresh weights {loss.fresh or float('nan'):.4g}"
        return [self.finding("the first loss", seen, remedies=anew(record), weight=0.3)]
