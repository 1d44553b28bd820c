"""SEA001 best-at-edge: the best trials crowd one end of a range that could reach further."""

from __future__ import annotations

from netsitter.diagnose.cases_search import RATES, hill, searched
from netsitter.diagnose.in_search import LOST, best_of, longest, ranked, written
from netsitter.diagnose.rule import Case, Rule
from netsitter.diagnose.slopes import chance, steepness
from netsitter.errors import PlanError
from netsitter.plan.plan import Plan, changed
from netsitter.plan.space import Pick, Range, log
from netsitter.record.events import Searched
from netsitter.record.findings import Finding, Remedy
from netsitter.record.search_facts import SearchFacts

LOW = {**RATES, "optim.lr": log(1e-6, 1e-3)}


class BestAtEdge(Rule[SearchFacts]):
    """The best trials of the longest stages crowd one end of a range that could reach further.

    What it sees: the best quarter of the trials that trained longest, each range by itself: how many lie on one side of
    it, how often chance alone would have it, and whether the ranks of all trials in that half of the range still rise
    towards the end, with the other hyper-parameters held fixed. Not told where the trials at that end, or those beyond
    it in other stages, diverged, nor where the plan takes no value beyond it. A note where shorter trials beyond did
    worse.

    Why it hurts: the best values lie where nobody looked.

    Threshold: QUARTER = 0.25 of TRIALS = 20 trials or more, of which so many lie within SIDE = 0.3 of one end that
    chance has it less often than CHANCE = 0.05, one of them within EDGE = 0.15, with a slope of STEEP = 2 standard
    errors or more; DIVERGED = 0.5 of the trials there, or beyond, are lost. On twelve complete tables it sees 4 in 10
    best levels at an end, and speaks of 1 in 100 that lie within.

    Remedy: search on, in a range that reaches beyond that end.

    Fine when: the range ends where you want it to, as a penalty near 0 does when none is needed.

    Sources: Karpathy, Johnson & Li, CS231n (2017), "careful with best values on border"; Godbole, Dahl, Gilmer, Shallue
    & Nado (2023), Deep Learning Tuning Playbook.
    """

    code = "SEA001"
    slug = "best-at-edge"
    severity = "warning"
    needs = "search"

    QUARTER = 0.25
    TRIALS = 20
    SIDE = 0.3
    EDGE = 0.15
    CHANCE = 0.05
    STEEP = 2.0
    DIVERGED = 0.5

    sick = (
        Case("rates that end below the best", searched(hill(lr=1e-1, fall=0.02), space=LOW)),
        Case("rates that begin above the best", searched(hill(lr=1e-5), space={**RATES, "optim.lr": log(1e-4, 1e0)})),
    )
    well = (
        Case("the best lie within", searched(hill())),
        Case("beyond the best all diverges", searched(hill(lr=1e-1, diverges=4e-4), space=LOW)),
        Case("too few trials to tell", searched(hill(lr=1e-1, fall=0.02), space=LOW, trials=12)),
    )

    def check(self, record: SearchFacts, plan: Plan) -> list[Finding]:
        found: list[Finding] = []
        space, trials = longest(record)
        best = best_of(record, trials, self.QUARTER)
        order = [trial.values for trial in ranked(record, trials)]
        if len(trials) < self.TRIALS:
            return found
        for name, axis in space.items():
            shares = [axis.share(t.values[name]) for t in best if name in t.values and isinstance(axis, Range)]
            if isinstance(axis, Pick) or not shares:
                continue
            for end, sign in ((1.0, 1), (0.0, -1)):
                crowd = sum(abs(end - share) <= self.SIDE for share in shares)
                crowded = chance(crowd, len(shares), self.SIDE) < self.CHANCE
                if not crowded or min(abs(end - share) for share in shares) > self.EDGE:
                    continue
                beyond = [
                    t for t in record.trials if name in t.values and sign * (axis.share(t.values[name]) - end) > 0
                ]
                there = [t for t in trials if name in t.values and abs(end - axis.share(t.values[name])) <= self.EDGE]
                further = axis.part(0.5, 1.5) if sign > 0 else axis.part(-0.5, 0.5)
                if self._lost(there) or self._lost(beyond) or not _taken(plan, name, further):
                    continue
                steep = steepness(order, name, space, end)
                if steep < self.STEEP:
                    continue
                side = "upper" if sign > 0 else "lower"
                seen = f"{crowd} of the best {len(shares)} of {len(trials)} trials lie within {self.SIDE:.0%} of the "
                seen += f"{side} end of {axis} (by chance: {chance(crowd, len(shares), self.SIDE):.1%}, limit "
                seen += f"{self.CHANCE:.0%}), and ranks still rise there by {steep:.1f} standard errors"
                onward = f"Search on beyond it: --space {name}={written(further, further.low, further.high)}."
                before = bool(beyond)
                seen += f"; {len(beyond)} shorter trials beyond it did worse" if before else ""
                found.append(
                    self.finding(
                        name, seen, remedies=(Remedy(onward),), severity="note" if before else None, weight=0.7
                    )
                )
        return found

    def _lost(self, trials: list[Searched]) -> bool:
        lost = sum(trial.how in LOST for trial in trials)
        return bool(trials) and lost >= self.DIVERGED * len(trials)


def _taken(plan: Plan, name: str, axis: Range) -> bool:
    """Whether the plan takes both ends. Of a number of the user's own function no bounds are known: it is."""
    try:
        if "." in name:
            for share in (0.0, 1.0):
                changed(plan, {name: axis.value(share)})
    except PlanError:
        return False
    return True
