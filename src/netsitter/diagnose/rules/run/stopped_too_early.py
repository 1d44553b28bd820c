"""FIT003 stopped-too-early: training ended while the network was still learning fast."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases import table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.in_run import fits, healthy, numbered, trials
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.events import Outcome
from netsitter.record.findings import Finding, Remedy
from netsitter.record.trace import Trace


class StoppedTooEarly(Rule[Trace]):
    """Training ended while the network was still learning fast.

    What it sees: how much of the whole fall of the training loss the last fifth of the steps brought, at the end,
    where much is left to gain and validation still falls too.

    Why it hurts: more epochs would have brought more.

    Threshold: LATE = 0.08 of the whole fall in the last fifth of the steps. LEFT = 0.25 of what there is to gain.

    Remedy: three times as many epochs.

    Fine when: the time is up; or it is a trial of a search.

    Sources: Karpathy, Johnson & Li, CS231n (2017), lecture 6.
    """

    code = "FIT003"
    slug = "stopped-too-early"
    severity = "warning"
    needs = "run"

    LATE = 0.08
    LEFT = 0.25

    sick = (
        Case(
            "three epochs",
            run(
                train=[0.55, 0.6, 0.65],
                val=[0.55, 0.6, 0.65],
                train_loss=[2.0, 1.6, 1.2],
                val_loss=[2.0, 1.6, 1.2],
                epochs=3,
                facts=start(data=table(), attempts=attempts(as_it_is=0.1)),
            ),
        ),
    )
    well = (
        Case(
            "settled",
            run(
                train=[0.6, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7],
                val=[0.7] * 10,
                train_loss=[1.0, 0.6] + [0.55] * 8,
                val_loss=[0.6] * 10,
            ),
        ),
        Case("learned", run(train=[0.9, 0.99], val=[0.9, 0.98], train_loss=[1.0, 0.1], val_loss=[1.0, 0.2])),
    )

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        if record.ended is None or record.ended.outcome is not Outcome.FINISHED:
            return []
        found = []
        for trial in range(trials(record)):
            gained, losses = fits(record, trial), record.curve("epoch/train_loss")
            if not len(gained) or gained[-1] > 1 - self.LEFT or healthy(record, trial):
                continue
            loss, val = losses.values[:, trial], record.curve("epoch/val_loss").values[:, trial]
            first = self._first(record, trial)
            before = loss[max(0, len(loss) - 1 - max(1, len(loss) // 5))] if len(loss) > 1 else first
            fall, late = first - float(loss[-1]), float(before - loss[-1])
            if (
                not np.isfinite(fall)
                or fall <= 0
                or before > first
                or late < self.LATE * fall
                or (len(val) > 1 and val[-1] > val[:-1].min())
            ):
                continue
            seen = f"the last fifth of the steps brought {late / fall:.0%} of the whole fall of the loss (limit "
            seen += f"{self.LATE:.0%}): {before:.6g} -> "
            seen += f"{loss[-1]:.6g}; {gained[-1]:.0%} of what there is to gain is gained"
            epochs = 3 * (plan.loop.epochs or len(loss))
            remedy = Remedy(f"Train for {epochs} epochs.", {"loop.epochs": epochs}, "safe")
            found.append(
                self.finding(
                    "the number of epochs",
                    seen,
                    remedies=(remedy,),
                    weight=0.45,
                    trial=numbered(record, trial),
                )
            )
        return found

    def _first(self, record: Trace, trial: int) -> float:
        return float(record.curve("loss").values[0, trial])
