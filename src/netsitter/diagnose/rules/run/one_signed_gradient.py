"""ACT003 one-signed-gradient: the gradients of all weights into a unit have one sign."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases import table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import attempts
from netsitter.diagnose.cases_start import start as start_facts
from netsitter.diagnose.in_run import healthy, numbered, trials
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy, Surgery
from netsitter.record.trace import Trace


class OneSignedGradient(Rule[Trace]):
    """The gradients of all weights into a unit have one sign.

    What it sees: of each weight, the share of units whose gradients of all incoming weights are all positive or all
    negative, in the middle of the steps that were looked at.

    Why it hurts: such a unit can only raise all its weights or lower them all; it goes to where it should be in zigzag.
    It comes of inputs that are all positive: raw pixels, or a layer of sigmoids before it.

    Threshold: UNITS = 0.65 of the units, over FEWEST = 3 readings (at 0.5, 6 more of 393 well runs of the gallery's
    tuned half had a warning, and no sick one was named better); of batches of BATCH = 8 rows or more, since one row
    alone has it always.

    Remedy: subtract the mean of the input; tanh or ReLU in place of the sigmoid; batch normalisation.

    Fine when: standardised inputs brought no more in a short training: then it is a note.

    Sources: LeCun, Bottou, Orr & Müller (1998), Efficient BackProp, section 4.3; Karpathy, Johnson & Li, CS231n (2017),
    lecture 6.
    """

    code = "ACT003"
    slug = "one-signed-gradient"
    severity = "warning"
    needs = "run"

    UNITS = 0.65
    FEWEST = 3
    BATCH = 8

    sick = (
        Case(
            "pixels from 0 to 1 into the first layer",
            run(
                train=[0.55],
                epoch_series={"grad/sign": [(0.9, 0.02)] * 5},
                facts=start_facts(data=table(), attempts=attempts(as_it_is=0.2, standardised_input=0.9)),
            ),
        ),
    )
    well = (
        Case("both signs", run(train=[0.55], epoch_series={"grad/sign": [(0.05, 0.02)] * 5})),
        Case("nothing was watched", run(train=[0.55])),
        Case("one row at a time", run(train=[0.55], epoch_series={"grad/sign": [(1.0, 1.0)] * 5}), {"loop.batch": 1}),
    )

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        names, curve = list(record.watched.get("weights", ())), record.curve("grad/sign")
        small = plan.loop.batch is not None and plan.loop.batch < self.BATCH
        if small or len(curve.steps) < self.FEWEST or curve.values.ndim < 3 or not names:
            return []
        start, found = record.start, []
        for trial in range(trials(record)):
            shares = curve.values[:, trial]
            if healthy(record, trial) or np.isnan(shares).all(axis=0).any():
                continue
            middle = np.nanmedian(shares, axis=0)
            worst = int(middle.argmax())
            if middle[worst] < self.UNITS:
                continue
            first = worst == 0 and start is not None and "standardised input" in start.attempts
            seen = f"in {middle[worst]:.0%} of its units the gradients of all incoming weights have one sign, in the "
            seen += f"middle of {len(curve.steps)} readings (limit {self.UNITS:.0%})"
            remedy = (
                Remedy("Subtract the mean of the input.", {"data.prepare": "standardise"}, "safe")
                if first
                else Remedy(
                    "Take tanh or ReLU in the layer before it, or normalise its outputs.", {}, "changes-model", _RELU
                )
            )
            found.append(
                self.finding(
                    names[worst],
                    seen,
                    remedies=(remedy,),
                    severity="warning" if first else "note",
                    weight=0.2,
                    trial=numbered(record, trial),
                )
            )
        return found


_RELU = (Surgery("swap", to="relu"),)
