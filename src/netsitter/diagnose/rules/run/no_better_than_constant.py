"""FIT004 no-better-than-constant: the network does no better than always giving one answer."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases_run import run
from netsitter.diagnose.evidence import AS_IT_IS, HALF, reached
from netsitter.diagnose.in_run import fits, guess_score, noise_of_fit, numbered, share_done, trials
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.trace import Trace


class NoBetterThanConstant(Rule[Trace]):
    """The network does no better than always giving one answer.

    What it sees: the training and validation scores against those of the commonest class, or of the mean, with the
    noise of so many rows; from a fifth of the training on, unless a short training of it as it is learned, in more
    steps than it has had.

    Why it hurts: nothing of the input has been learned. It says that something is wrong, and not what: the other
    findings do.

    Threshold: GAINED = 0.03 of what there is to gain, or two standard errors where that is more.

    Remedy: look at the other findings; try the tiny subset; look at rows and labels by eye.

    Fine when: there is nothing to learn in the inputs.

    Sources: Karpathy (2019), A Recipe for Training Neural Networks; Zinkevich, Rules of Machine Learning.
    """

    code = "FIT004"
    slug = "no-better-than-constant"
    severity = "warning"
    needs = "run"

    GAINED = 0.03

    sick = (Case("chance", run(train=[0.5, 0.5, 0.5], val=[0.5, 0.5, 0.5], train_loss=[0.69, 0.69, 0.69])),)
    well = (
        Case("better than chance", run(train=[0.7, 0.8], val=[0.7, 0.8])),
        Case("too early to say", run(train=[0.5], val=[0.5], over=False)),
    )

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        # Where classes are weighed, rows of the largest are given up for those of others, and this score with them.
        if "loss-weights" in plan.net.surgery:
            return []
        if record.ended is None and (share_done(record) < 0.19 or self._will_learn(record)):
            return []
        found = []
        for trial in range(trials(record)):
            train, val = fits(record, trial), fits(record, trial, "val")
            if not len(train) or not len(val):
                continue
            best = max(np.nanmax(train, initial=-np.inf), np.nanmax(val, initial=-np.inf))
            limit = max(self.GAINED, noise_of_fit(record, "train"))
            if best > limit:
                continue
            score, guess = record.curve("epoch/val").values[-1, trial], guess_score(record)
            seen = f"validation score {score:.3g} after {record.curve('epoch/val').steps[-1]:,} steps; one answer "
            seen += f"to all scores {guess:.3g}: "
            seen += f"{best:.1%} of what there is to gain at best (limit {limit:.1%})"
            found.append(
                self.finding(
                    "the whole network",
                    seen,
                    remedies=(Remedy("Look at the other findings; if there are none, at rows and labels by eye."),),
                    weight=0.1,
                    trial=numbered(record, trial),
                )
            )
        return found

    def _will_learn(self, record: Trace) -> bool:
        """Whether the short training of it as it is learned, in more steps than it has had by now."""
        base = record.start.attempts.get(AS_IT_IS) if record.start is not None else None
        steps = record.curve("loss").steps
        return base is not None and reached(base) >= HALF and len(steps) > 0 and int(steps[-1]) < base.steps
