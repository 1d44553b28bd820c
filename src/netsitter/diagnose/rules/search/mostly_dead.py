"""SEA003 mostly-dead: most trials of a stage learned nothing."""

from __future__ import annotations

from netsitter.diagnose.cases_search import RATES, hill, searched
from netsitter.diagnose.in_search import LOST, border_of, dead, worst_stage
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.plan.space import log
from netsitter.record.findings import Finding, Remedy, Severity
from netsitter.record.search_facts import SearchFacts


class MostlyDead(Rule[SearchFacts]):
    """Most trials of a stage learned nothing.

    What it sees: the share of a stage's trials that came no further above guessing than a little of what the best of
    them had learned after as many epochs, or than chance moves a guess; and the value of a hyper-parameter that parts
    them best from the others. A note where the last stage had fewer of them: the search has left them behind by itself.
    An error where nothing else is left.

    Why it hurts: they cost as much as the others and tell nothing of what is better among those.

    Threshold: SHARE = 0.5 of FEWEST = 8 trials or more of one stage, each with less than LEARNED = 0.1 of what the best
    had learned; APART = 0.5 is how cleanly a value must part them to be named.

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
        none = dead(record, self.LEARNED)
        worst = worst_stage(record, lambda trial: trial.number in none, self.FEWEST)
        if worst is None or worst[1] < self.SHARE:
            return []
        stage, share = worst
        trials, last = record.of(stage), record.of(record.stages[-1])
        border = border_of([t for t in trials if t.how not in LOST], lambda trial: trial.number in none, stage)
        seen = f"{share:.0%} of the {len(trials)} trials of stage {stage.stage} learned nothing, or less than "
        seen += f"{self.LEARNED:.0%} of what the best did (limit {self.SHARE:.0%})"
        remedy = Remedy("Shift the range of the learning rate up, and that of the penalty down.")
        if border is not None and border.apart >= self.APART:
            seen += f"; most of them lie {border}"
            remedy = Remedy(f"Search the other side: {border.rest}.")
        still = sum(trial.number in none for trial in last) >= self.SHARE * len(last)
        severity: Severity = "error" if len(none) == len(record.trials) else "warning" if still else "note"
        return [self.finding("the search", seen, remedies=(remedy,), severity=severity, weight=0.9)]
