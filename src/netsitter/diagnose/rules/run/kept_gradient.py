"""GRD003 kept-gradient: the gradient of the last step is never cleared, and each new one is added to it."""

from __future__ import annotations

from netsitter.diagnose.cases import table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import attempts, start
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.loop_facts import ABOUT, LoopFacts, loop_of
from netsitter.record.trace import Trace


def _loop(probed: int, kept: int) -> Trace:
    return run(
        train=[0.5, 0.5],
        val=[0.5, 0.5],
        known={ABOUT: LoopFacts(400, 1_000, probed=probed, kept=kept).as_json()},
        facts=start(data=table(), attempts=attempts(as_it_is=0.5)),
    )


class KeptGradient(Rule[Trace]):
    """The gradient of the last step is never cleared, and each new one is added to it.

    What it sees: in a loop that is watched, whether the gradient that a step went along still stands when the next
    ones are added, and is not cleared before the next step. Several backward passes for one step are no such thing.

    Why it hurts: each step goes along the sum of all gradients so far, most of them of weights that are long gone: it
    swings, and overshoots the more the longer it trains.

    Threshold: SHARE = 0.5 of the pairs of steps that were looked at, over FEWEST = 3 of them.

    Remedy: call zero_grad once for each step.

    Fine when: never; for a longer memory there is momentum.

    Sources: PyTorch documentation, torch.optim.Optimizer.zero_grad.
    """

    code = "GRD003"
    slug = "kept-gradient"
    severity = "error"
    needs = "run"

    SHARE = 0.5
    FEWEST = 3

    sick = (Case("a loop without zero_grad", _loop(30, 30)),)
    well = (
        Case("cleared before each step", _loop(30, 0)),
        Case("kept once", _loop(30, 1)),
        Case("too early to say", _loop(2, 2)),
        Case("a loop of our own", run(train=[0.6, 0.7])),
    )

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        loop = loop_of(record)
        if loop is None or loop.probed < self.FEWEST or loop.kept < self.SHARE * loop.probed:
            return []
        seen = f"in {loop.kept} of {loop.probed} pairs of steps the old gradient still stood when the new one was "
        seen += f"added (limit {self.SHARE:.0%})"
        remedy = Remedy("Call optimizer.zero_grad() before the first backward pass of each step.")
        return [self.finding("the gradients", seen, remedies=(remedy,), weight=1.0)]
