"""FIT002 underfit: training and validation are alike, and both are poor."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases_run import run
from netsitter.diagnose.in_run import fits, healthy, noise_of_fit, numbered, share_done, trials
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.trace import Trace


class Underfit(Rule[Trace]):
    """Training and validation are alike, and both are poor.

    What it sees: how much of what there is to gain was gained on the training rows, late in the run, and how far
    validation lies below.

    Why it hurts: there is more to be learned from these rows than this network, or this many steps, took from them; or
    they hold no more, which cannot be told from the curves: so it is a note.

    Threshold: LEFT = 0.3 of what there is to gain, GAP = 0.05 of it between the parts, LATE = 0.6 of the steps done.

    Remedy: a wider or deeper network, more epochs, a weaker penalty.

    Fine when: the labels are noisy, or the features do not tell more.

    Sources: Goodfellow, Bengio & Courville (2016), section 5.2; Ng (2018), Machine Learning Yearning, chapter 20.
    """

    code = "FIT002"
    slug = "underfit"
    severity = "note"
    needs = "run"

    LEFT = 0.3
    GAP = 0.05
    LATE = 0.6

    sick = (Case("six in ten on both", run(train=[0.55, 0.6], val=[0.55, 0.6], epochs=2)),)
    well = (
        Case("nearly all", run(train=[0.9, 0.97], val=[0.9, 0.95], epochs=2)),
        Case("a gap, which is another matter", run(train=[0.8], val=[0.6], epochs=1)),
        Case("it has only begun", run(train=[0.6], val=[0.6], epochs=10)),
    )

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        found = []
        for trial in range(trials(record)):
            ours, theirs = fits(record, trial), fits(record, trial, "val")
            if not len(ours) or not len(theirs) or share_done(record) < self.LATE or healthy(record, trial):
                continue
            gap, noise = float(ours[-1] - theirs[-1]), noise_of_fit(record, "val")
            if not np.isfinite(gap) or 1 - ours[-1] < self.LEFT or gap > max(self.GAP, noise):
                continue
            seen = f"{max(0.0, ours[-1]):.0%} of what there is to gain is gained on training rows and "
            seen += f"{max(0.0, theirs[-1]):.0%} on validation (limit {1 - self.LEFT:.0%}, and a gap of "
            seen += f"{self.GAP:.0%})"
            remedies: tuple[Remedy, ...] = (Remedy("Take a wider or deeper network, or train for longer."),)
            if plan.optim.l2:
                remedies += (Remedy("Weaken the penalty.", {"optim.l2": plan.optim.l2 / 10}, "safe"),)
            found.append(
                self.finding(
                    "training and validation",
                    seen,
                    remedies=remedies,
                    weight=0.2,
                    trial=numbered(record, trial),
                )
            )
        return found
