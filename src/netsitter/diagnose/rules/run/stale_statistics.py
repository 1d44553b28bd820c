"""NRM001 stale-statistics: the network answers differently in training and in evaluation mode."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases_run import run
from netsitter.diagnose.in_run import numbered, trials
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.events import EpochEnded
from netsitter.record.findings import Finding, Remedy
from netsitter.record.trace import Curve, Trace


class StaleStatistics(Rule[Trace]):
    """The network answers differently in training and in evaluation mode.

    What it sees: the loss of the training subset in evaluation mode against the loss of the last batches in training
    mode, over two epochs.

    Why it hurts: what is learned with the statistics of the batch does not hold with the running averages that are
    used later.

    Threshold: TIMES = 3 times the loss of the batches, by more than EXTRA = 0.3 of the loss of the first step.

    Remedy: larger batches, a higher momentum of the norm, fewer dropped units; look for modules that behave otherwise
    in evaluation.

    Fine when: dropout makes training worse than evaluation, never the other way round.

    Sources: Ioffe (2017), arXiv:1702.03275; Li, Chen, Hu & Yang (2019), CVPR.
    """

    code = "NRM001"
    slug = "stale-statistics"
    severity = "warning"
    needs = "run"

    TIMES = 3.0
    EXTRA = 0.3

    sick = (
        Case(
            "a norm over batches of two",
            run(train=[0.5, 0.5, 0.5], val=[0.5], train_loss=[2.5, 2.6, 2.7], batch_loss=[0.9, 0.4, 0.3]),
        ),
    )
    well = (Case("both alike", run(train=[0.6, 0.7], train_loss=[0.5, 0.4], batch_loss=[0.6, 0.45])),)

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        epochs, losses = record.of(EpochEnded), record.curve("loss")
        if len(epochs) < 3 or any("epoch/train_loss" not in epoch.values for epoch in epochs[-3:]):
            return []
        found = []
        for trial in range(trials(record)):
            pairs = [
                self._pair(losses, before.step, now, trial)
                for before, now in zip(epochs[-3:], epochs[-2:], strict=False)
            ]
            first = float(losses.values[0, trial])
            if not all(ev > self.TIMES * tr and ev - tr > self.EXTRA * first for ev, tr in pairs):
                continue
            evaluated, trained = pairs[-1]
            seen = f"loss {evaluated:.3g} in evaluation mode, {trained:.3g} in training mode, on training rows "
            seen += f"(limit {self.TIMES:g} times)"
            found.append(
                self.finding(
                    "training and evaluation mode",
                    seen,
                    remedies=(Remedy("Take larger batches.", {"loop.batch": 64}, "safe"),),
                    weight=0.5,
                    step=epochs[-1].step,
                    trial=numbered(record, trial),
                )
            )
        return found

    def _pair(self, losses: Curve, since: int, now: EpochEnded, trial: int) -> tuple[float, float]:
        """The loss in evaluation mode, and that of the latter half of the epoch's batches."""
        inside = losses.values[(losses.steps > (since + now.step) // 2) & (losses.steps <= now.step), trial]
        return float(now.values["epoch/train_loss"][trial]), float(np.mean(inside)) if len(inside) else float("inf")
