"""LOS001 non-finite-loss: the loss left the finite numbers."""

from __future__ import annotations

from netsitter.diagnose.cases import table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import start
from netsitter.diagnose.in_run import numbered
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.events import Known, Outcome, TrialEnded
from netsitter.record.findings import Finding, Remedy
from netsitter.record.trace import Trace


class NonFiniteLoss(Rule[Trace]):
    """The loss left the finite numbers.

    What it sees: the first step whose loss is NaN or infinite, and the first tensor that was: the batch, a weight, a
    layer's output, the loss or a gradient.

    Why it hurts: from that step on every weight is NaN and nothing more is learned.

    Threshold: FINITE = 0: a single such value ends the trial.

    Remedy: by cause: values of the data that are not finite; a lower rate; a shorter gradient; a loss that takes the
    logarithm of 0.

    Fine when: never.

    Sources: Goodfellow, Bengio & Courville (2016), Deep Learning, section 4.1.
    """

    code = "LOS001"
    slug = "non-finite-loss"
    severity = "error"
    needs = "run"

    FINITE = 0

    sick = (
        Case(
            "a loss of NaN in the third step",
            run(train_loss=[2.3], diverged="the loss of step 3 is nan", facts=start(data=table(), attempts={})),
        ),
    )
    well = (Case("a run that ends as it should", run(train=[0.9], train_loss=[0.3])),)

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        found = []
        for ended in record.of(TrialEnded):
            if ended.outcome is not Outcome.DIVERGED:
                continue
            first = next(
                (k.facts for k in record.of(Known) if k.about == "diverged" and k.facts.get("trial", 0) == ended.trial),
                {},
            )
            layer, rows = str(first.get("layer") or ""), [str(row) for row in first.get("rows") or ()]
            seen = ended.says or f"the loss is not finite after step {ended.step}"
            if first:
                seen += f"; the first value that is not finite {_stands(str(first.get('first')), layer)}"
            remedies = (
                Remedy("Lower the learning rate.", {"optim.lr": (plan.optim.lr or 1e-3) / 10}, "safe"),
                Remedy("Shorten long gradients.", {"optim.clip": 1.0}, "safe"),
            )
            found.append(
                self.finding(
                    f"layer {layer}" if first.get("first") == "output" else layer or "the loss",
                    seen,
                    remedies=remedies,
                    places=(f"rows {', '.join(rows)} of its batch; no more than five are listed",) if rows else (),
                    weight=0.5,
                    step=ended.step,
                    trial=numbered(record, ended.trial),
                )
            )
        return found


def _stands(first: str, layer: str) -> str:
    """Where it stands, in words."""
    return {
        "input": "is in the batch itself",
        "target": "is in the targets of the batch",
        "weights": f"is in the weights {layer}, which the step before spoilt",
        "output": f"is what the layer {layer} gives",
    }.get(first, "is the loss itself: the outputs are finite")
