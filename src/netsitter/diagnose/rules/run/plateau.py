"""LOS004 plateau: the loss has stopped falling above what was shown to be within reach."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases import table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.in_run import best_reached, fits, healthy, numbered, share_done, trials
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.trace import Trace


class Plateau(Rule[Trace]):
    """The loss has stopped falling above what was shown to be within reach.

    What it sees: how much of the whole fall of the training loss the latter half of the epochs brought, where a short
    training with another setting came further than the whole run did.

    Why it hurts: more of the same steps bring nothing.

    Threshold: STILL = 0.02 of the fall in the latter half of FEWEST = 6 epochs or more; REACH = 0.1 of what there is to
    gain between the run and the best short training.

    Remedy: lower the rate from there on, as a schedule does; then look for what the better short training changed.

    Fine when: the network has learned what the features tell.

    Sources: Karpathy, Johnson & Li, CS231n (2017), lecture 6; Loshchilov & Hutter (2017), arXiv:1608.03983.
    """

    code = "LOS004"
    slug = "plateau"
    severity = "warning"
    needs = "run"

    STILL = 0.02
    FEWEST = 6
    REACH = 0.1

    sick = (
        Case(
            "stuck at six in ten, and nine in ten can be had",
            run(
                train=[0.55, 0.58] + [0.6] * 8,
                val=[0.6],
                train_loss=[1.0, 0.7] + [0.65] * 8,
                facts=start(data=table(), attempts=attempts(as_it_is=0.2, adam=0.9)),
            ),
        ),
    )
    well = (
        Case("still falling", run(train=[0.6, 0.65, 0.7], train_loss=[1.0, 0.9, 0.8, 0.7, 0.6, 0.5])),
        Case(
            "nobody came further",
            run(
                train=[0.55] + [0.6] * 9,
                train_loss=[1.0] + [0.65] * 9,
                facts=start(data=table(), attempts=attempts(as_it_is=0.2, adam=0.2, best=0.2)),
            ),
        ),
    )

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        losses, best, found = record.curve("epoch/train_loss"), best_reached(record.start), []
        if best is None or len(losses.steps) < self.FEWEST or share_done(record) < 0.5:
            return []
        for trial in range(trials(record)):
            loss, gained = losses.values[:, trial], fits(record, trial)
            if not len(gained) or not np.isfinite(loss).all() or healthy(record, trial):
                continue
            fall, late = float(loss[0] - loss.min()), float(loss[len(loss) // 2 - 1] - loss[len(loss) // 2 :].min())
            if best - gained[-1] < self.REACH or late > self.STILL * max(fall, 1e-9):
                continue
            seen = f"the latter half of {len(loss)} epochs lowered the loss by {max(0.0, late):.3g} of {fall:.3g} in "
            seen += f"all (limit {self.STILL:.0%}); {gained[-1]:.0%} of what there is to gain is gained, and a short "
            seen += f"training gained {best:.0%}"
            remedies = (Remedy("Lower the rate towards the end.", {"optim.schedule": "cosine"}, "safe"),)
            found.append(self.finding("the loss", seen, remedies=remedies, weight=0.25, trial=numbered(record, trial)))
        return found
