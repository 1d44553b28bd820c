"""SEA003 mostly-dead: most trials learned nothing."""

from __future__ import annotations

from netsitter.diagnose.cases_search import RATES, hill, searched
from netsitter.diagnose.in_search import LOST, border_of, dead, share_of, worst_share
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.plan.space import log
from netsitter.record.events import Searched
from netsitter.record.findings import Finding, Remedy, Severity
from netsitter.record.search_facts import SearchFacts


class MostlyDead(Rule[SearchFacts]):
    """Most trials learned nothing.

    What it sees: the share of the trials that did not diverge, of the search or of its last stage, that came no further
    above guessing than a little of what the best of their stage had learned after as many epochs, or than chance moves
    a guess; and the value of a hyper-parameter that parts them best from the others. An error where none learned
    anything.

    Why it hurts: they cost as much as the others and tell nothing of what is better among those.

    Threshold: SHARE = 0.5 of FEWEST = 8 trials or more, each with less than LEARNED = 0.1 of what the best had
    learned; APART = 0.5 is how cleanly a value must part them to be named.

    Remedy: shift the range away from there: higher rates, lower penalties, more epochs.

    Fine when: the epochs are so few on purpose. A wide first stage with more of them is not told, where the later ones
    leave that behind.

    Sources: Karpathy, Johnson & Li, CS231n (2017), lecture 6.
    """

    code = "SEA003"
    slug = "mostly-dead"
    severity = "error"
    needs = "search"

    SHARE = 0.5
    FEWEST = 8
    LEARNED = 0.1
    APART = 0.5

    sick = (
        Case("rates from 1e-12 on", searched(hill(), space={**RATES, "optim.lr": log(1e-12, 1e-2)})),
        Case("penalties up to 1e9", searched(hill(), space={**RATES, "optim.l2": log(1e-6, 1e9)})),
        Case("nothing learns at all", searched(lambda values: 0.1)),
    )
    well = (
        Case("most learn something", searched(hill())),
        Case("a fifth diverged, and of the others most learn", searched(hill(diverges=1.6e-2))),
    )

    def check(self, record: SearchFacts, plan: Plan) -> list[Finding]:
        none, alive = dead(record, self.LEARNED), [trial for trial in record.trials if trial.how not in LOST]

        def learned_nothing(trial: Searched) -> bool:
            return trial.number in none

        worst = worst_share(record, alive, learned_nothing, self.FEWEST)
        if worst is None or share_of(worst[1], learned_nothing) < self.SHARE:
            return []
        where, trials = worst
        border = border_of(alive, learned_nothing, record.stages[0])
        seen = (
            f"{share_of(trials, learned_nothing):.0%} of {len(trials)} trials that did not diverge learned less than "
        )
        seen += f"{self.LEARNED:.0%} of what the best did, or nothing (limit {self.SHARE:.0%})"
        remedy = Remedy("Shift the range of the learning rate up, and that of the penalty down.")
        if border is not None and border.apart >= self.APART:
            seen += f"; most of them lie {border}"
            remedy = Remedy(f"Search the other side: {border.rest}.")
        severity: Severity = "error" if len(none) == len(alive) else "warning"
        return [self.finding(where, seen, remedies=(remedy,), severity=severity, weight=0.9)]
