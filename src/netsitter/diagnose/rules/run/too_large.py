"""NET009 too-large: many more weights than rows, and the rows are learned by heart."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases_run import run
from netsitter.diagnose.in_run import fits, numbered, rows_of, trials
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.trace import Trace


class TooLarge(Rule[Trace]):
    """Many more weights than rows, and the rows are learned by heart.

    What it sees: the network's parameters against the training rows, where the training score is nearly perfect and
    validation is far below it.

    Why it hurts: a smaller network, or one that is held back, may do as well on new rows at a part of the cost. Large
    networks often do well all the same: so it is a note.

    Threshold: WEIGHTS = 10 a row; LEARNED = 0.95 of what there is to gain on training rows; GAP = 0.2 below it on
    validation.

    Remedy: a narrower network; or L2, dropout, more rows.

    Fine when: validation is as good as that of smaller ones.

    Sources: Zhang, Bengio, Hardt, Recht & Vinyals (2017), arXiv:1611.03530; Belkin, Hsu, Ma & Mandal (2019), PNAS
    116(32).
    """

    code = "NET009"
    slug = "too-large"
    severity = "note"
    needs = "run"

    WEIGHTS = 10.0
    LEARNED = 0.95
    GAP = 0.2

    sick = (Case("by heart", run(train=[0.99, 1.0], val=[0.7, 0.7], parameters=50_000)),)
    well = (
        Case("it holds on validation too", run(train=[0.99, 1.0], val=[0.97], parameters=50_000)),
        Case("fewer weights than rows", run(train=[0.99, 1.0], val=[0.7], parameters=500)),
    )

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        started, rows = record.started, rows_of(record, "train")
        parameters = int(started.net.get("parameters", 0)) if started is not None else 0
        if not rows or parameters < self.WEIGHTS * rows:
            return []
        found = []
        for trial in range(trials(record)):
            ours, theirs = fits(record, trial), fits(record, trial, "val")
            if not len(ours) or not len(theirs) or not np.isfinite([ours[-1], theirs[-1]]).all():
                continue
            if ours[-1] < self.LEARNED or ours[-1] - theirs[-1] < self.GAP:
                continue
            seen = f"{parameters:,} parameters for {rows:,} training rows (limit {self.WEIGHTS:g} a row); "
            seen += f"{ours[-1]:.0%} of what there is to gain is gained there, and {max(0.0, theirs[-1]):.0%} on "
            seen += "validation"
            remedies: tuple[Remedy, ...] = (Remedy("Hold it back by L2.", {"optim.l2": 1e-3}, "changes-model"),)
            if plan.net.sizes:
                halved = tuple(max(1, size // 2) for size in plan.net.sizes)
                remedies += (Remedy("Halve its width.", {"net.sizes": halved}, "changes-model"),)
            found.append(
                self.finding(
                    "the network",
                    seen,
                    remedies=remedies,
                    weight=0.15,
                    trial=numbered(record, trial),
                )
            )
        return found
