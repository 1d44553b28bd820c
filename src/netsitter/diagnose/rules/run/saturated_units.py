"""ACT002 saturated-units: units stand at the flat ends of their activation."""

from __future__ import annotations

from netsitter.diagnose.cases import table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.readings import gives_output, worst_layers
from netsitter.diagnose.remedies import relus
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.trace import Trace


class SaturatedUnits(Rule[Trace]):
    """Units stand at the flat ends of their activation.

    What it sees: the share of outputs of sigmoids and tanhs within 3 % of a flat end on the fixed training subset, at
    the end of epochs; the output itself is left out.

    Why it hurts: where the slope is nearly 0 no gradient passes.

    Threshold: SHARE = 0.6 of a layer's outputs. The gallery of programs holds it to that.

    Remedy: smaller weights at the start, inputs at mean 0 and spread 1, batch normalisation, ReLU.

    Fine when: the network has learned its task: certain units are then at their ends.

    Sources: Glorot & Bengio (2010), AISTATS; LeCun, Bottou, Orr & Müller (1998), section 4.4.
    """

    code = "ACT002"
    slug = "saturated-units"
    severity = "warning"
    needs = "run"

    SHARE = 0.6

    sick = (
        Case(
            "most are at an end",
            run(
                train=[0.5, 0.55],
                val=[0.5, 0.55],
                epoch_series={"act/saturated": [(0.5,), (0.9,)]},
                facts=start(data=table(), attempts=attempts(as_it_is=0.5)),
            ),
        ),
    )
    well = (
        Case("in the middle", run(train=[0.6, 0.7], epoch_series={"act/saturated": [(0.1,), (0.12,)]})),
        Case("nothing was watched", run(train=[0.6])),
    )

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        return [
            self.finding(
                reading.name,
                f"{reading.now:.0%} of its outputs stand at a flat end (limit {self.SHARE:.0%}; "
                f"{reading.first:.0%} after the first epoch)",
                remedies=(
                    Remedy("Bring the inputs to mean 0 and spread 1.", {"data.prepare": "standardise"}, "safe"),
                    *relus(plan.net.kind == "own"),
                ),
                weight=0.4,
                step=reading.step,
                trial=reading.trial,
            )
            for reading in worst_layers(record, "act/saturated")
            if reading.now > self.SHARE and not gives_output(record, reading.name)
        ]
