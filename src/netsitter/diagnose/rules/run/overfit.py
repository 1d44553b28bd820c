"""FIT001 overfit: the network goes on learning its training rows while it gets worse on others."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases_run import run
from netsitter.diagnose.in_run import numbered, rows_of, trials
from netsitter.diagnose.noise import score_noise
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy, Severity
from netsitter.record.trace import Trace


class Overfit(Rule[Trace]):
    """The network goes on learning its training rows while it gets worse on others.

    What it sees: a validation loss that has turned and risen, with a validation score below its best by more than
    noise, while the training score is far above.

    Why it hurts: what is learned after the turn is the noise of the training rows.

    Threshold: RISE = 1.3 times the least validation loss, FALL = 3 standard errors of the score below its best, GAP =
    0.1 between the scores.

    Remedy: stop at the best epoch (which is kept), L2, dropout, more data, a smaller network.

    Fine when: the best epoch is kept, which the plan does by itself: then it is a note.

    Sources: Prechelt (1998), Early stopping, but when?; Goodfellow, Bengio & Courville (2016), section 7.8.
    """

    code = "FIT001"
    slug = "overfit"
    severity = "warning"
    needs = "run"

    RISE = 1.3
    FALL = 3.0
    GAP = 0.1

    sick = (
        Case(
            "a validation loss that turned",
            run(
                train=[0.7, 0.8, 0.95, 1.0, 1.0],
                val=[0.7, 0.8, 0.65, 0.6, 0.55],
                val_loss=[0.6, 0.5, 0.8, 1.2, 1.6],
                train_loss=[0.5, 0.3, 0.1, 0.05, 0.01],
            ),
        ),
    )
    well = (
        Case("both go down", run(train=[0.7, 0.8], val=[0.7, 0.78], val_loss=[0.6, 0.5])),
        Case("a gap, and a validation score that holds", run(train=[0.8, 1.0], val=[0.8, 0.8], val_loss=[0.5, 0.7])),
    )

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        found = []
        for trial in range(trials(record)):
            losses, scores = record.curve("epoch/val_loss"), record.curve("epoch/val")
            train = record.curve("epoch/train")
            if len(losses.steps) < 4:
                continue
            loss, score = losses.values[:, trial], scores.values[:, trial]
            if not np.isfinite([loss.min(), score.max(), train.values[-1, trial]]).all():
                continue
            late, best = float(np.median(loss[-3:])), float(score.max())
            fall, noise = best - float(np.median(score[-3:])), score_noise(rows_of(record, "val"))
            gap = float(train.values[-1, trial] - np.median(score[-3:]))
            if late < self.RISE * max(float(loss.min()), 1e-3) or fall < self.FALL * noise or gap < self.GAP:
                continue
            at = int(loss.argmin()) + 1
            seen = f"validation loss {loss.min():.3g} at epoch {at}, {late:.3g} now; its score fell from "
            seen += f"{best:.3g} to {best - fall:.3g} "
            seen += f"(noise {noise:.2g}), the training score is {train.values[-1, trial]:.3g}"
            remedies = (
                Remedy("Stop when validation no longer gains.", {"loop.patience": 5}, "safe"),
                Remedy("Penalise large weights.", {"optim.l2": 1e-3}, "changes-model"),
            )
            severity: Severity = "note" if plan.loop.keep == "best" and fall < 0.1 else "warning"
            found.append(
                self.finding(
                    "training and validation",
                    seen,
                    remedies=remedies,
                    severity=severity,
                    weight=0.3,
                    trial=numbered(record, trial),
                )
            )
        return found
