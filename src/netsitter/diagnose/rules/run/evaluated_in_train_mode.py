"""LOP001 evaluated-in-train-mode: dropout or batch statistics are at work while the network is scored."""

from __future__ import annotations

from netsitter.diagnose.cases_run import run
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.loop_facts import ABOUT, LoopFacts, loop_of
from netsitter.record.trace import Trace


def _loop(scored: int, noisy: int) -> Trace:
    return run(
        train=[0.9, 0.95],
        val=[0.9, 0.95],
        known={ABOUT: LoopFacts(400, 1_000, scored=scored, noisy=noisy).as_json()},
    )


class EvaluatedInTrainMode(Rule[Trace]):
    """Dropout or batch statistics are at work while the network is scored.

    What it sees: in a loop that is watched, scores that are noted right behind forward passes without gradient, all of
    them in training mode, of a network with dropout or batch normalisation.

    Why it hurts: dropout makes the score worse than the network is, and batch normalisation lets validation rows into
    the statistics that it keeps.

    Threshold: FEWEST = 2 such scores, and SHARE = 0.9 of all.

    Remedy: call model.eval() before scoring, and model.train() after it.

    Fine when: the spread of answers under dropout is what is measured.

    Sources: PyTorch documentation, torch.nn.Module.eval.
    """

    code = "LOP001"
    slug = "evaluated-in-train-mode"
    severity = "warning"
    needs = "run"

    FEWEST = 2
    SHARE = 0.9

    sick = (Case("scored as it trains", _loop(5, 5)),)
    well = (
        Case("scored in evaluation mode", _loop(5, 0)),
        Case("a single score", _loop(1, 1)),
        Case("a loop of our own", run(train=[0.6, 0.7])),
    )

    def check(self, record: Trace, plan: Plan) -> list[Finding]:
        loop = loop_of(record)
        if loop is None or loop.noisy < max(self.FEWEST, self.SHARE * loop.scored):
            return []
        seen = f"{loop.noisy} of {loop.scored} scores were taken in training mode (limit {self.SHARE:.0%})"
        remedy = Remedy("Call model.eval() before scoring, and model.train() after it.")
        return [self.finding("the scores", seen, remedies=(remedy,), weight=0.4)]
