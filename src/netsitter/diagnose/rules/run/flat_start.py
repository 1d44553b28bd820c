"""LOS002 flat-start: the loss stands still at first, and falls later."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases import table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.in_run import numbered, trials
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy, Surgery
from netsitter.record.trace import Trace


class FlatStart(Rule[Trace]):
    """The loss stands still at first, and falls later.

    What it sees: the loss of the batches in equal stretches of the run so far: how many of the first of them lie
    where the first did, while the last have fallen far.

    Why it hurts: those steps were spent on getting away from a bad start: the same network, started otherwise, learns
    from the first step on.

    Threshold: STILL = 0.25 of the PARTS = 20 stretches, and STEPS = 100 steps, within FLAT = 0.05 of the fall, which
    is over CLEAR = 8 times what the loss of a stretch moves by chance.

    Remedy: the initialisation that fits the activation; normalise within the network.

    Fine when: the rate was warmed up over those steps.

    Sources: Karpathy, Johnson & Li, CS231n (2017), lecture 6; Saxe, McClelland & Ganguli (2014), arXiv:1312.6120.
    """

    code = "LOS002"
    slug = "flat-start"
    severity = "warning"
    needs = "run"

    PARTS = 20
    STILL = 0.25
    STEPS = 100
    FLAT = 0.05
    CLEAR = 8.0

    sick = (
        Case(
            "flat for four epochs of ten",
            run(
                train=[0.5] * 4 + [0.6, 0.7],
                val=[0.6],
                train_loss=[0.693, 0.693, 0.692, 0.692, 0.6, 0.5, 0.45, 0.42, 0.418, 0.416],
                batch_loss=[0.693, 0.693, 0.692, 0.692, 0.6, 0.5, 0.45, 0.42, 0.4, 0.4],
                facts=start(data=table(), attempts=attempts(as_it_is=0.0, fresh=0.9)),
            ),
        ),
    )
    well = (
        Case("falls from the first step on", run(train=[0.6, 0.7], batch_loss=[0.65, 0.55, 0.5, 0.47, 0.45, 0.44])),
        Case("does not fall at all", run(train=[0.5], batch_loss=[0.693, 0.694, 0.693, 0.692, 0.693])),
    )

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        losses, found = record.curve("loss"), []
        if len(losses.steps) < 5 * self.PARTS:
            return []
        for trial in range(trials(record)):
            column = losses.values[:, trial]
            if not np.isfinite(column).all():
                continue
            stretches = np.array_split(column, self.PARTS)
            middle = np.array([part.mean() for part in stretches])
            chance = float(np.median([part.std() / np.sqrt(len(part)) for part in stretches]))
            fall = float(middle[0] - middle[-3:].min())
            if fall <= self.CLEAR * chance or fall <= 0.02 * abs(middle[0]):
                continue
            still = int(np.argmax(middle < middle[0] - self.FLAT * fall))
            if still < self.STILL * self.PARTS:
                continue
            until = int(losses.steps[sum(map(len, stretches[:still])) - 1])
            if until < self.STEPS:
                continue
            seen = f"the loss stood at {middle[0]:.4g} for {until:,} of {int(losses.steps[-1]):,} steps, and fell to "
            seen += f"{middle[-3:].min():.4g} after them (limit {self.STILL:.0%} of the steps)"
            remedy = (
                Remedy(
                    "Start the weights by the rule that fits their activation.", {}, "safe", (Surgery("initialise"),)
                )
                if plan.net.kind == "own"
                else Remedy(
                    "Start as fits the activation.",
                    {"net.init": "he" if plan.net.act == "relu" else "xavier"},
                    "changes-model",
                )
            )
            found.append(
                self.finding(
                    "the loss",
                    seen,
                    remedies=(remedy,),
                    weight=0.3,
                    step=until,
                    trial=numbered(record, trial),
                )
            )
        return found
