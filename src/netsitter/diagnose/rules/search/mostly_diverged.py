"""SEA002 mostly-diverged: most trials were lost, because a range reaches too high."""

from __future__ import annotations

from netsitter.diagnose.cases_search import RATES, hill, searched
from netsitter.diagnose.in_search import LOST, border_of, share_of, worst_share
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.plan.space import log
from netsitter.record.events import Searched
from netsitter.record.findings import Finding, Remedy, Severity
from netsitter.record.search_facts import SearchFacts


class MostlyDiverged(Rule[SearchFacts]):
    """Most trials were lost: their loss ran away.

    What it sees: the share of the trials, of the search or of its last stage, that diverged or whose loss rose above 3
    times its first, and the value of a hyper-parameter that parts them best from the others. An error where no trial is
    left.

    Why it hurts: they cost their time and tell nothing of what is better among the others.

    Threshold: SHARE = 0.5 of FEWEST = 8 trials or more; APART = 0.5 is how cleanly a value must
    part them to be named.

    Remedy: shift the range away from there. If all rates above one diverge and the best lies right below it, a warm-up,
    clipping or batch normalisation makes higher ones possible.

    Fine when: what is wanted is to know where training breaks. A wide first stage that loses more is not told, where
    the later ones leave that behind.

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
        worst = worst_share(record, record.trials, _lost, self.FEWEST)
        if worst is None or share_of(worst[1], _lost) < self.SHARE:
            return []
        where, trials = worst
        border = border_of(record.trials, _lost, record.stages[0])
        seen = f"{share_of(trials, _lost):.0%} of {len(trials)} trials diverged (limit {self.SHARE:.0%})"
        remedy = Remedy("Shift the range of the learning rate down.")
        if border is not None and border.apart >= self.APART:
            seen += f"; most of them lie {border}"
            remedy = Remedy(f"Search the other side: {border.rest}.")
        severity: Severity = "error" if all(map(_lost, record.trials)) else "warning"
        return [self.finding(where, seen, remedies=(remedy,), severity=severity, weight=0.9)]


def _lost(trial: Searched) -> bool:
    return trial.how in LOST
