"""GRD002 exploding-gradient: gradients grow from step to step."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases import table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.in_run import healthy, numbered, trials
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.trace import Trace


class ExplodingGradient(Rule[Trace]):
    """Gradients grow from step to step.

    What it sees: the length of the whole gradient in the latest readings against the middle of all those before, while
    the loss is no lower than it was.

    Why it hurts: each step is longer than the last and lands further off; it ends in numbers that are none.

    Threshold: TIMES = 100 the middle, over LATEST = 3 readings, with FEWEST = 8 in all.

    Remedy: clip the gradient, lower the rate, look at the initialisation; in recurrent networks clip always.

    Fine when: the loss falls all the same: a ravine has steep walls.

    Sources: Bengio, Simard & Frasconi (1994), IEEE TNN 5(2); Pascanu, Mikolov & Bengio (2013), arXiv:1211.5063.
    """

    code = "GRD002"
    slug = "exploding-gradient"
    severity = "warning"
    needs = "run"

    TIMES = 100.0
    LATEST = 3
    FEWEST = 8

    sick = (
        Case(
            "a thousand times what it was",
            run(
                train=[0.55, 0.6, 0.65, 0.7],
                train_loss=[1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2],
                val=[0.7],
                batch_loss=[1.0, 0.9, 0.8, 0.8, 0.7, 0.7, 0.9, 1.0, 1.1],
                epoch_series={"grad/norm": [(0.1, 0.1)] * 6 + [(90.0, 100.0)] * 3},
                facts=start(data=table(), attempts=attempts(as_it_is=0.1)),
            ),
        ),
    )
    well = (
        Case("steady", run(train=[0.6], epoch_series={"grad/norm": [(0.1, 0.1)] * 9})),
        Case(
            "steep, and the loss falls",
            run(
                train=[0.6],
                batch_loss=[1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2],
                epoch_series={"grad/norm": [(0.1, 0.1)] * 6 + [(90.0, 100.0)] * 3},
            ),
        ),
    )

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        names, norms, losses = record.watched.get("weights", ()), record.curve("grad/norm"), record.curve("loss")
        if len(norms.steps) < self.FEWEST or norms.values.ndim < 3 or not len(losses.steps):
            return []
        found = []
        for trial in range(trials(record)):
            each = norms.values[:, trial]
            if healthy(record, trial) or not np.isfinite(each).all():
                continue
            whole = np.sqrt((each**2).sum(axis=1))
            late, before = float(np.median(whole[-self.LATEST :])), float(np.median(whole[: -self.LATEST]))
            column = losses.values[:, trial]
            few = max(1, len(column) // 10)
            if not before or late < self.TIMES * before or column[-few:].mean() < column[:few].mean():
                continue
            worst = int(np.argmax(each[-1] / np.maximum(np.median(each, axis=0), 1e-30)))
            seen = f"the gradient has a length of {late:.3g}, {late / before:.3g} times that of the readings before "
            seen += f"(limit {self.TIMES:g} times); it grew most here"
            remedies = (
                Remedy("Clip the gradient at a norm of 1.", {"optim.clip": 1.0}, "safe"),
                Remedy("Lower the learning rate.", {"optim.lr": (plan.optim.lr or 1e-3) / 10}, "safe"),
            )
            found.append(
                self.finding(
                    str(names[worst]) if worst < len(names) else "the weights",
                    seen,
                    remedies=remedies,
                    weight=0.35,
                    step=int(norms.steps[-self.LATEST]),
                    trial=numbered(record, trial),
                )
            )
        return found
