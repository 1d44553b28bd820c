"""LOS003 oscillating-loss: the loss swings and the swings do not shrink."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases import table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.in_run import numbered, trials
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.trace import Trace


class OscillatingLoss(Rule[Trace]):
    """The loss swings and the swings do not shrink.

    What it sees: how often, and how far, the loss on the fixed training subset rises from one epoch to the next in the
    latter half of the epochs so far.

    Why it hurts: steps jump over the valley: the rate is too high, or the batches are too small for it.

    Threshold: RISES = 0.3 of the epochs rise, and two at least, by SWING = 0.1 of the fall so far each; over FEWEST = 6
    epochs.

    Remedy: a lower rate, a schedule that lowers it, larger batches.

    Fine when: the network has arrived, and what is left is the noise of single batches.

    Sources: Bottou, Curtis & Nocedal (2018), SIAM Review 60(2).
    """

    code = "LOS003"
    slug = "oscillating-loss"
    severity = "warning"
    needs = "run"

    RISES = 0.3
    SWING = 0.1
    FEWEST = 6

    sick = (
        Case(
            "up and down",
            run(
                train=[0.5, 0.55] * 5,
                val=[0.5],
                train_loss=[2.3, 1.0, 1.9, 1.1, 2.0, 0.9, 1.8, 1.2, 2.1, 1.0],
                facts=start(data=table(), attempts=attempts(as_it_is=0.2)),
            ),
        ),
    )
    well = (Case("down", run(train=[0.6, 0.7, 0.7, 0.8, 0.8, 0.8], train_loss=[2.0, 1.5, 1.2, 1.0, 0.9, 0.85])),)

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        losses = record.curve("epoch/train_loss")
        if len(losses.steps) < self.FEWEST:
            return []
        found = []
        for trial in range(trials(record)):
            column = losses.values[:, trial]
            late = column[len(column) // 2 :]
            fall = float(np.nanmax(column) - np.nanmin(column))
            steps = np.diff(late)
            rises = steps[steps > self.SWING * fall]
            share = len(rises) / max(1, len(steps))
            if not fall or share < self.RISES or len(rises) < 2 or not np.isfinite(column).all():
                continue
            seen = f"{len(rises)} of the last {len(steps)} epochs raised the loss, by "
            seen += f"{float(np.median(rises)):.3g} in the middle; the whole fall so far is {fall:.3g} (limit "
            seen += f"{self.SWING:.0%} of it)"
            remedy = Remedy("Lower the learning rate.", {"optim.lr": (plan.optim.lr or 1e-3) / 10}, "safe")
            found.append(self.finding("the loss", seen, remedies=(remedy,), weight=0.3, trial=numbered(record, trial)))
        return found
