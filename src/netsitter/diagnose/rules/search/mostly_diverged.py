"""SEA002 mostly-diverged: most trials of a stage were lost, because a range reaches too high."""

from __future__ import annotations

from netsitter.diagnose.cases_search import RATES, hill, searched
from netsitter.diagnose.in_search import LOST, border_of, worst_stage
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.plan.space import log
from netsitter.record.events import Searched
from netsitter.record.findings import Finding, Remedy, Severity
from netsitter.record.search_facts import SearchFacts


class MostlyDiverged(Rule[SearchFacts]):
    """Most trials of a stage were lost: their loss ran away.

    What it sees: the share of a stage's trials that diverged or whose loss rose above 3 times its first, and the value
    of a hyper-parameter that parts them best from the others. A note where the last stage had fewer of them: the search
    has left them behind by itself. An error where nothing else is left.

    Why it hurts: they cost their time and tell nothing of what is better among the others.

    Threshold: SHARE = 0.5 of FEWEST = 8 trials or more of one stage; APART = 0.5 is how cleanly a value must
    part them to be named.

    Remedy: shift the range away from there. If all rates above one diverge and the best lies right below it, a warm-up,
    clipping or batch normalisation makes higher ones possible.

    Fine when: what is wanted is to know where training breaks.

    Sources: Karpathy, Johnson & Li, CS231n (2017), lecture 6; Godbole, Dahl, Gilmer, Shallue & Nado (2023), Deep
    Learning Tuning Playbook.
    """

    code = "SEA002"
    slug = "mostly-diverged"
    severity = "error"
    needs = "search"

    SHARE = 0.5
    FEWEST = 8
    APART = 0.5

    sick = (
        Case("rates up to 1e5", searched(hill(diverges=1e-1), space={**RATES, "optim.lr": log(1e-5, 1e5)})),
        Case("rates of which every one diverges", searched(lambda values: None)),
    )
    well = (
        Case("a fifth is lost", searched(hill(diverges=1.6e-2))),
        Case("nothing is lost", searched(hill())),
    )

    def check(self, record: SearchFacts, plan: Plan) -> list[Finding]:
        worst = worst_stage(record, _lost, self.FEWEST)
        if worst is None or worst[1] < self.SHARE:
            return []
        stage, share = worst
        trials, last = record.of(stage), record.of(record.stages[-1])
        border = border_of(trials, _lost, stage)
        seen = f"{share:.0%} of the {len(trials)} trials of stage {stage.stage} diverged (limit {self.SHARE:.0%})"
        remedy = Remedy("Shift the range of the learning rate down.")
        if border is not None and border.apart >= self.APART:
            seen += f"; most of them lie {border}"
            remedy = Remedy(f"Search the other side: {border.rest}.")
        still = sum(map(_lost, last)) >= self.SHARE * len(last)
        severity: Severity = "error" if all(map(_lost, record.trials)) else "warning" if still else "note"
        return [self.finding("the search", seen, remedies=(remedy,), severity=severity, weight=0.9)]


def _lost(trial: Searched) -> bool:
    return trial.how in LOST
