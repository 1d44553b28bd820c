"""DAT012 unscaled-target: a real target far from mean 0 and spread 1."""

from __future__ import annotations

from math import sqrt

from netsitter.diagnose.cases import regression, table
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.facts import DataFacts
from netsitter.record.findings import Finding, Remedy

_AS_IT_IS = {"data.target": "none", "data.given": True}


class UnscaledTarget(Rule[DataFacts]):
    """A real target lies far from mean 0 and spread 1.

    What it sees: mean and spread of each output in the training part. A note where training uses the target
    standardised and predictions have it undone; a warning where it is learned as it is, in a program of your own.

    Why it hurts: where nobody standardises it, the first loss is the target's square, its gradient explodes or the rate
    must be tiny, and the last bias takes most of the training to reach the mean.

    Threshold: OFFSET = 10 for the mean and FACTOR = 10 for the spread, up or down: an initial loss some 100 times what
    the initial weights were made for, or a hundredth.

    Remedy: standardise the target and undo it in predictions; nothing is left to do where the plan does so.

    Fine when: it is only told, so that a loss in squared spreads is not taken for one in the target's unit.

    Sources: LeCun, Bottou, Orr & Müller (1998), Efficient BackProp, section 4.5.
    """

    code = "DAT012"
    slug = "unscaled-target"
    severity = "warning"
    needs = "data"

    OFFSET = 10.0
    FACTOR = 10.0

    sick = (
        Case("prices that are learned as they are", regression(target_mean=180_000.0, target_std=79_000.0), _AS_IT_IS),
        Case("prices", regression(target_mean=180_000.0, target_std=79_000.0)),
        Case("a tiny quantity", regression(target_mean=0.0, target_std=1e-6)),
    )
    well = (
        Case("a target of about unit size", regression(target_mean=0.3, target_std=1.2)),
        Case("a constant of unit size", regression(target_mean=1.0, target_std=0.0)),
        Case("classes", table()),
    )

    def check(self, record: DataFacts, plan: Plan) -> list[Finding]:
        train = record.parts["train"]
        outputs = list(enumerate(zip(train.target_mean, train.target_std, strict=True)))
        odd = [(o, mean, std) for o, (mean, std) in outputs if self._odd(mean, std)]
        if not odd or (plan.data.given and plan.data.target == "standardise"):
            return []
        if plan.data.target == "none":
            # One loss sums the errors of all outputs: what counts is their size together.
            mean, std = (
                sqrt(sum(n * n for n in numbers) / len(outputs)) for numbers in (train.target_mean, train.target_std)
            )
            return [self._as_it_is(mean, std)] if self._odd(mean, std) else []
        _, mean, std = odd[0]
        return [
            self.finding(
                "the target of the training part",
                f"mean {mean:.3g} and spread {std:.3g} (limits {self.OFFSET:g} and a factor {self.FACTOR:g} from 1): "
                "it is standardised for training, and undone in predictions",
                remedies=(Remedy("In a loop of your own, standardise the target and undo it in predictions."),),
                severity="note",
                places=tuple(f"output {o}: mean {mean:.3g}, spread {std:.3g}" for o, mean, std in odd[:5]),
            )
        ]

    def _as_it_is(self, mean: float, std: float) -> Finding:
        remedy = Remedy("Standardise the target, and undo it in predictions.", {"data.target": "standardise"}, "safe")
        return self.finding(
            "the target of the training part",
            f"mean {mean:.3g} and spread {std:.3g} (limits {self.OFFSET:g} and a factor {self.FACTOR:g} from 1), "
            "learned as it is",
            remedies=(remedy,),
        )

    def _odd(self, mean: float, std: float) -> bool:
        return abs(mean) > self.OFFSET or std > self.FACTOR or 0 < std < 1 / self.FACTOR
