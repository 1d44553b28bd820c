"""SEA007 wasted-parameter: a hyper-parameter that was searched has no effect on the score."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases_search import FLAT, RATES, hill, searched
from netsitter.diagnose.in_search import axes, ranked
from netsitter.diagnose.rule import Case, Rule
from netsitter.diagnose.slopes import Column, columns_of, f_ratios
from netsitter.plan.plan import Plan
from netsitter.plan.space import Range, pick
from netsitter.record.findings import Finding, Remedy
from netsitter.record.search_facts import SearchFacts


class WastedParameter(Rule[SearchFacts]):
    """A hyper-parameter that was searched has no effect on the score.

    What it sees: how much of the ranks of the trials within their stages each hyper-parameter explains beside all
    others, by its place in the range and the square of it: the F-ratio, which is about 1 for a column drawn by chance.
    Told only where another one has a clear effect: else it is the score that says nothing.

    Why it hurts: trials are spent on telling apart what is alike; with it fixed, those that are left look closer at
    what matters.

    Threshold: told below SHARE = 0.01 of the highest F-ratio, which must be above CLEAR = 6, and its own below that; on
    TRIALS = 40 trials or more. On twelve complete tables with 60 trials it names 2 in 10 of those that cost less than
    0.05 of what there is to gain at their worst level, and 1 in 100 of those that cost more than 0.4.

    Remedy: fix it at the winner's value.

    Fine when: it is searched to show that it does not matter; or it matters in company with another only.

    Sources: Bergstra & Bengio (2012), JMLR 13:281-305; Fisher (1925), Statistical Methods for Research Workers.
    """

    code = "SEA007"
    slug = "wasted-parameter"
    severity = "note"
    needs = "search"

    TRIALS = 40
    SHARE = 0.01
    CLEAR = 6.0

    sick = (
        Case("a dropout that changes nothing", searched(hill(), space={**RATES, "net.dropout": FLAT})),
        Case("activations alike", searched(hill(), space={**RATES, "net.act": pick("relu", "elu")})),
    )
    well = (
        Case("both matter", searched(hill())),
        Case("nothing matters, as the score says nothing", searched(lambda values: 0.1)),
        Case("too few trials to tell", searched(hill(), space={**RATES, "net.dropout": FLAT}, trials=30)),
    )

    def check(self, record: SearchFacts, plan: Plan) -> list[Finding]:
        weights = self._weights(record) if record.stages and record.full else {}
        most = max(weights.values(), default=0.0)
        if most < self.CLEAR:
            return []
        found = []
        for name, weight in weights.items():
            if weight >= min(self.CLEAR, self.SHARE * most):
                continue
            value = record.full[0].values.get(name)
            kept = f"{value:.3g}" if isinstance(value, float) else value
            seen = f"it explains {weight:.2g} times what a column drawn by chance would of the ranks of "
            seen += f"{len(record.trials)} trials, and the one that matters most {most:.3g} times (limits "
            seen += f"{self.CLEAR:g}, and {self.SHARE:.0%} of that)"
            found.append(
                self.finding(name, seen, remedies=(Remedy(f"Fix it, at {kept} as the winner has it."),), weight=0.2)
            )
        return found

    def _weights(self, record: SearchFacts) -> dict[str, float]:
        """The F-ratio of each axis; empty where there are too few trials for so many."""
        space = axes(record.stages[0])
        ranks: list[float] = []
        columns: dict[str, list[Column]] = {name: [] for name in space}
        for stage in record.stages:
            here = {**space, **{name: axis for name, axis in axes(stage).items() if isinstance(axis, Range)}}
            trials = [trial for trial in ranked(record, record.of(stage)) if set(space) <= set(trial.values)]
            ranks += [1 - place / len(trials) for place in range(len(trials))]
            for name, found in columns_of([trial.values for trial in trials], here).items():
                before = columns[name]
                columns[name] = [np.concatenate(both) for both in zip(before, found, strict=True)] if before else found
        return f_ratios(columns, np.array(ranks)) if len(ranks) >= self.TRIALS else {}
