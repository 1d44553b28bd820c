"""ACT001 dead-relu: units give 0 on every row, and more and more do."""

from __future__ import annotations

from netsitter.diagnose.cases import table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.readings import worst_layers
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy, Surgery
from netsitter.record.trace import Trace


class DeadRelu(Rule[Trace]):
    """Units give 0 on every row, and more and more do.

    What it sees: the share of a layer's units that are 0 on all rows of the fixed training subset, at the end of
    epochs, against the first epoch.

    Why it hurts: a ReLU that is off on every row gets no gradient and stays off: the layer is as much narrower.

    Threshold: SHARE = 0.6 of a layer's units. The gallery of programs holds it to that.

    Remedy: a lower rate, He initialisation, Leaky ReLU or ELU, batch normalisation.

    Fine when: the network does its task with the units that are left.

    Sources: Lu, Shin, Su & Karniadakis (2019), arXiv:1903.06733; Maas, Hannun & Ng (2013), ICML.
    """

    code = "ACT001"
    slug = "dead-relu"
    severity = "warning"
    needs = "run"

    SHARE = 0.6

    sick = (
        Case(
            "nearly all died",
            run(
                train=[0.5, 0.5],
                val=[0.5, 0.5],
                epoch_series={"act/dead": [(0.2,), (0.97,)]},
                facts=start(data=table(), attempts=attempts(as_it_is=0.5)),
            ),
        ),
    )
    well = (
        Case("a few are off", run(train=[0.6, 0.7], epoch_series={"act/dead": [(0.1,), (0.12,)]})),
        Case("nothing was watched", run(train=[0.6])),
    )

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        return [
            self.finding(
                reading.name,
                f"{reading.now:.0%} of its units give 0 on every row (limit {self.SHARE:.0%}; {reading.first:.0%} "
                "after the first epoch)",
                remedies=(
                    Remedy("Lower the learning rate.", {"optim.lr": (plan.optim.lr or 1e-3) / 10}, "safe"),
                    Remedy("Take Leaky ReLUs.", {}, "changes-model", (Surgery("swap", to="leaky_relu"),))
                    if plan.net.kind == "own"
                    else Remedy("Take Leaky ReLUs.", {"net.act": "leaky_relu"}, "changes-model"),
                ),
                severity="error" if reading.now > 0.99 else "warning",
                weight=0.4,
                step=reading.step,
                trial=reading.trial,
            )
            for reading in worst_layers(record, "act/dead")
            if reading.now > self.SHARE
        ]
