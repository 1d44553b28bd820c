"""SEA003 mostly-dead: most trials of a search learned nothing."""

from __future__ import annotations

from netsitter.diagnose.cases_search import RATES, hill, searched
from netsitter.diagnose.in_search import LOST, border_of, dead
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.plan.space import log
from netsitter.record.findings import Finding, Remedy, Severity
from netsitter.record.search_facts import SearchFacts


class MostlyDead(Rule[SearchFacts]):
    """Most trials of a search learned nothing.

    What it sees: the share of trials that came no further above guessing than a little of what the best of their stage
    had learned after as many epochs, or than chance moves a guess; and the value of a hyper-parameter that parts them
    best from the others. A note where the last stage had fewer of them: the search has left them behind by itself.

    Why it hurts: they cost as much as the others and tell nothing of what is better among those.

    Threshold: SHARE = 0.5 of FEWEST = 8 trials or more that did not diverge, each with less than LEARNED = 0.1 of what
    the best had learned; APART = 0.5 is how cleanly a value must part them to be named.

    Remedy: shift the range away from there: higher rates, lower penalties, more epochs.

    Fine when: the first stage is meant to be that wide, and later ones are not.

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
        alive = [trial for trial in record.trials if trial.how not in LOST]
        none = dead(record, self.LEARNED)
        if len(alive) < self.FEWEST or len(none) < self.SHARE * len(alive):
            return []
        last = [trial for trial in record.of(record.stages[-1]) if trial.how not in LOST]
        still = sum(trial.number in none for trial in last)
        border = border_of(alive, lambda trial: trial.number in none, record.stages[0])
        seen = f"{len(none)} of {len(alive)} trials learned less than {self.LEARNED:.0%} of what the best did (limit "
        seen += f"{self.SHARE:.0%}), {still} of {len(last)} in the last stage"
        remedy = Remedy("Shift the range of the learning rate up, and that of the penalty down.")
        if border is not None and border.apart >= self.APART:
            seen += f"; most of them lie {border}"
            remedy = Remedy(f"Search the other side: {border.rest}.")
        whole = len(none) == len(alive)
        severity: Severity = "error" if whole else "warning" if still >= self.SHARE * len(last) else "note"
        return [self.finding("the search", seen, remedies=(remedy,), severity=severity, weight=0.9)]
