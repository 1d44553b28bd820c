"""UPD003 uneven-updates: one layer moves orders of magnitude more than another."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases import table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.in_run import healthy, numbered, trials
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy, Surgery
from netsitter.record.trace import Trace


class UnevenUpdates(Rule[Trace]):
    """One layer moves orders of magnitude more than another.

    What it sees: of each weight, the length of an update over the length of the weight itself, in the middle of the
    steps that were looked at; the largest against the smallest.

    Why it hurts: no one learning rate suits both: what lets the one learn tears the other apart, or leaves it standing.

    Threshold: TIMES = 1000 between the two, over FEWEST = 5 readings.

    Remedy: an initialisation that fits each layer, batch normalisation, Adam.

    Fine when: the network learns all the same; layers were given rates of their own.

    Sources: Karpathy, Johnson & Li, CS231n (2017), lecture 7; You, Gitman & Ginsburg (2017), arXiv:1708.03888.
    """

    code = "UPD003"
    slug = "uneven-updates"
    severity = "warning"
    needs = "run"

    TIMES = 1000.0
    FEWEST = 5

    sick = (
        Case(
            "a millionth, and a tenth",
            run(
                train=[0.55, 0.6, 0.65, 0.7, 0.75, 0.8],
                val=[0.7],
                train_loss=[0.69, 0.5, 0.42, 0.4, 0.38, 0.37, 0.36, 0.355, 0.35],
                epoch_series={"update/ratio": [(1e-6, 0.1)] * 6},
                facts=start(data=table(), attempts=attempts(as_it_is=0.1)),
            ),
        ),
    )
    well = (
        Case("within ten times", run(train=[0.6], epoch_series={"update/ratio": [(3e-4, 3e-3)] * 6})),
        Case("one is held on purpose", run(train=[0.6], epoch_series={"update/ratio": [(0.0, 3e-3)] * 6})),
    )

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        names, ratios = list(record.watched.get("weights", ())), record.curve("update/ratio")
        if len(ratios.steps) < self.FEWEST or ratios.values.ndim < 3 or len(names) < 2:
            return []
        found = []
        for trial in range(trials(record)):
            middle = np.median(ratios.values[:, trial], axis=0)
            moving = np.flatnonzero(middle > 0)
            if healthy(record, trial) or not np.isfinite(middle).all() or len(moving) < 2:
                continue
            least, most = moving[middle[moving].argmin()], moving[middle[moving].argmax()]
            times = float(middle[most] / middle[least])
            if times < self.TIMES:
                continue
            seen = f"a step moves {names[most]} by {middle[most]:.1e} of its length and {names[least]} by "
            seen += f"{middle[least]:.1e}: {times:.2g} times apart, in the middle of {len(ratios.steps)} readings "
            seen += f"(limit {self.TIMES:g})"
            remedies = (
                Remedy(
                    "Start each layer by the rule that fits its activation, or put batch normalisation before it.",
                    safety="changes-model" if plan.net.kind == "own" else "advice",
                    surgery=(Surgery("initialise"), Surgery("normalise")) if plan.net.kind == "own" else (),
                ),
                Remedy("Take Adam, which gives each weight a rate of its own.", {"optim.kind": "adam"}, "safe"),
            )
            found.append(
                self.finding(
                    names[least],
                    seen,
                    remedies=remedies,
                    weight=0.25,
                    trial=numbered(record, trial),
                )
            )
        return found
