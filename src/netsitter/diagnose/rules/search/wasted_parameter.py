"""SEA007 wasted-parameter: a hyper-parameter that was searched has no effect on the score."""

from __future__ import annotations

import numpy as np

from netsitter.diagnose.cases_search import FLAT, RATES, hill, searched
from netsitter.diagnose.in_search import axes, ranked, spread_apart
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.plan.space import Axis, Pick, pick
from netsitter.record.findings import Finding, Remedy
from netsitter.record.search_facts import SearchFacts


class WastedParameter(Rule[SearchFacts]):
    """A hyper-parameter that was searched has no effect on the score.

    What it sees: whether the best quarter of each stage's trials lies on the axis as the others do, by Kolmogorov's
    distance, against what chance gives when the same trials are called best at random. Told only where another
    hyper-parameter does have an effect: else it is the score that says nothing.

    Why it hurts: trials are spent on telling apart what is alike; with it fixed, those that are left look closer at
    what matters.

    Threshold: CHANCE = 0.3 of random choices are as far apart, and at most CLEAR = 0.01 of them for another
    hyper-parameter, on TRIALS = 40 trials or more, QUARTER = 0.25 of each stage the best; DRAWS = 400 random choices.

    Remedy: fix it at the winner's value.

    Fine when: it is searched to show that it does not matter; or it matters in company with another only.

    Sources: Bergstra & Bengio (2012), JMLR 13:281-305; Watanabe, Bansal & Hutter (2023), arXiv:2304.10255.
    """

    code = "SEA007"
    slug = "wasted-parameter"
    severity = "note"
    needs = "search"

    TRIALS = 40
    QUARTER = 0.25
    CHANCE = 0.3
    CLEAR = 0.01
    DRAWS = 400

    sick = (
        Case("a dropout that changes nothing", searched(hill(), space={**RATES, "net.dropout": FLAT}, trials=100)),
        Case("activations alike", searched(hill(), space={**RATES, "net.act": pick("relu", "elu")}, trials=100)),
    )
    well = (
        Case("both matter", searched(hill())),
        Case("nothing matters, as the score says nothing", searched(lambda values: 0.1)),
        Case("too few trials to tell", searched(hill(), space={**RATES, "net.dropout": FLAT}, trials=30)),
    )

    def check(self, record: SearchFacts, plan: Plan) -> list[Finding]:
        if len(record.trials) < self.TRIALS or not record.full:
            return []
        by_chance = {name: self._chance(record, name) for name in axes(record.stages[0])}
        known = {name: found for name, found in by_chance.items() if found is not None}
        if not known or min(known.values()) > self.CLEAR:
            return []
        found = []
        for name, often in known.items():
            if often < self.CHANCE:
                continue
            value = record.full[0].values.get(name)
            kept = f"{value:.3g}" if isinstance(value, float) else value
            seen = (
                f"the best quarters of {len(record.trials)} trials lie on it as the others do: {often:.0%} of random "
            )
            seen += f"choices are as far apart (limit {self.CHANCE:.0%})"
            remedy = Remedy(f"Fix it, at {kept} as the winner has it.") if value is not None else Remedy("Fix it.")
            found.append(self.finding(name, seen, remedies=(remedy,), weight=0.2))
        return found

    def _chance(self, record: SearchFacts, name: str) -> float | None:
        """How often a random choice lies as far apart on this axis as the best do; None where too few have it."""
        places: list[float] = []
        marks: list[bool] = []
        stages: list[slice] = []
        for stage in record.stages:
            axis = axes(stage).get(name)
            trials = [trial for trial in ranked(record.of(stage)) if axis is not None and name in trial.values]
            if axis is None or _fixed(axis):
                continue
            best = round(self.QUARTER * len(trials))
            stages.append(slice(len(places), len(places) + len(trials)))
            places += [_place(axis, trial.values[name], record, name) for trial in trials]
            marks += [place < best for place in range(len(trials))]
        if len(places) < self.TRIALS or not any(marks):
            return None
        first = axes(record.stages[0])[name]
        whole: Axis = Pick(tuple(float(i) for i in range(len(first.values)))) if isinstance(first, Pick) else first
        apart, stream = spread_apart(places, marks, whole), np.random.default_rng(0)
        as_far = 0
        for _ in range(self.DRAWS):
            drawn = np.concatenate([stream.permutation(marks[part]) for part in stages])
            as_far += spread_apart(places, list(drawn), whole) >= apart - 1e-12
        return as_far / self.DRAWS


def _fixed(axis: Axis) -> bool:
    return isinstance(axis, Pick) and len(axis.values) < 2


def _place(axis: Axis, value: object, record: SearchFacts, name: str) -> float:
    """Where a value lies in its stage's range; of names, which one it is."""
    if isinstance(axis, Pick):
        first = axes(record.stages[0])[name]
        return float(first.values.index(value)) if isinstance(first, Pick) else 0.0
    return axis.share(value)  # type: ignore[arg-type]
