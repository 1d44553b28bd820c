"""LOS005 loss-spike: the loss of a batch jumps far above those before it."""

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


class LossSpike(Rule[Trace]):
    """The loss of a batch jumps far above those before it.

    What it sees: the loss of each batch against the middle of the WINDOW before it, once the first batches are over;
    and whether the batches after it are back where they were.

    Why it hurts: one step threw away what many had gained. Where it comes back, little is lost: then it is a note.

    Threshold: TIMES = 5 the middle, and above the first loss of all; over WINDOW = 50 batches; it is not back when the
    middle of the next WINDOW is above TWICE = 2 times that before.

    Remedy: clip the gradient, warm up, a lower rate; look at the rows of that batch.

    Fine when: the loss is so small that a single wrong row is a jump.

    Sources: Pascanu, Mikolov & Bengio (2013), arXiv:1211.5063; Chowdhery et al. (2022), arXiv:2204.02311, section 5.1.
    """

    code = "LOS005"
    slug = "loss-spike"
    severity = "warning"
    needs = "run"

    TIMES = 5.0
    TWICE = 2.0
    WINDOW = 50

    sick = (
        Case(
            "up to nine, and it stays above one",
            run(
                train=[0.6, 0.7, 0.6, 0.6],
                val=[0.6],
                batch_loss=[0.8, 0.5, 9.0, 1.4],
                facts=start(data=table(), attempts=attempts(as_it_is=0.2)),
            ),
        ),
    )
    well = (
        Case("it goes down", run(train=[0.6, 0.7], batch_loss=[1.0, 0.7, 0.6, 0.5])),
        Case("high only at first", run(train=[0.6, 0.7], batch_loss=[9.0, 0.7, 0.6, 0.5])),
    )

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        losses, found = record.curve("loss"), []
        if len(losses.steps) < 3 * self.WINDOW:
            return []
        for trial in range(trials(record)):
            column = losses.values[:, trial]
            spike = self._spike(column)
            if spike is None:
                continue
            at, before, after = spike
            back = after <= self.TWICE * before
            seen = f"the loss of step {int(losses.steps[at])} is {column[at]:.4g}, and {before:.4g} in the middle of "
            seen += f"the {self.WINDOW} before it (limit {self.TIMES:g} times); "
            seen += f"it {'came back' if back else 'stayed up'}: {after:.4g} after it"
            remedies = (
                Remedy("Clip the gradient at a norm of 1.", {"optim.clip": 1.0}, "safe"),
                Remedy("Lower the learning rate.", {"optim.lr": (plan.optim.lr or 1e-3) / 3}, "safe"),
            )
            found.append(
                self.finding(
                    "the loss",
                    seen,
                    remedies=remedies,
                    severity="note" if back else "warning",
                    weight=0.3,
                    step=int(losses.steps[at]),
                    trial=numbered(record, trial),
                )
            )
        return found

    def _spike(self, column: np.ndarray) -> tuple[int, float, float] | None:
        """(index, middle before, middle after) of the highest spike."""
        window = self.WINDOW
        before = np.median(np.lib.stride_tricks.sliding_window_view(column, window), axis=1)
        places = np.arange(window, len(column) - window)
        high = places[
            (column[places] > self.TIMES * before[places - window]) & (column[places] > np.median(column[:window]))
        ]
        if not len(high) or not np.isfinite(column).all():
            return None
        at = int(high[np.argmax(column[high])])
        first = int(high[high > at - window][0])
        return at, float(before[first - window]), float(np.median(column[at + 1 : at + 1 + window]))
