"""SEA004 linear-scale: a range over decades is sampled evenly, so that nearly all trials lie in its last decade."""

from __future__ import annotations

from math import inf, log10

from netsitter.diagnose.cases_search import FLAT, RATES, hill, searched
from netsitter.diagnose.in_search import axes, written
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.plan.space import Range, integer, linear
from netsitter.record.findings import Finding, Remedy
from netsitter.record.search_facts import SearchFacts

BY_SIZE = ("lr", "learning_rate", "l2", "decay", "weight_decay", "eps")
"""Names, without what stands before their last point, of what counts by factors: also where a range begins at 0."""


class LinearScale(Rule[SearchFacts]):
    """A range over decades is sampled evenly, so that nearly all trials lie in its last decade.

    What it sees: the first space of the search: ranges that are not in log space and whose ends lie decades apart; of
    rates, penalties and the like also those that begin at 0.

    Why it hurts: nine tenths of the trials lie between a tenth of the upper end and the upper end, however many decades
    lie below; a best that lies there is found by luck.

    Threshold: DECADES = 2 between the ends; FLOOR = 0.0001 of the upper end is where a range from 0 should begin.

    Remedy: sample it in log space.

    Fine when: the steps matter, and not the factors, as in a share or a count of epochs.

    Sources: Bergstra & Bengio (2012), JMLR 13:281-305; Karpathy, Johnson & Li, CS231n (2017).
    """

    code = "SEA004"
    slug = "linear-scale"
    severity = "warning"
    needs = "search"

    DECADES = 2.0
    FLOOR = 1e-4

    sick = (
        Case("rates from 1e-5 to 1e-1, evenly", searched(hill(5e-2), space={**RATES, "optim.lr": linear(1e-5, 0.1)})),
        Case("penalties from 0 on", searched(hill(l2=1e-2), space={**RATES, "optim.l2": linear(0.0, 0.05)})),
    )
    well = (
        Case("in log space", searched(hill())),
        Case("a share that is dropped", searched(hill(), space={**RATES, "net.dropout": FLAT})),
        Case("within a decade", searched(hill(), space={"optim.lr": linear(1e-3, 5e-3)})),
        Case("whole numbers in log space", searched(hill(), space={**RATES, "loop.batch": integer(1, 1024, log=True)})),
    )

    def check(self, record: SearchFacts, plan: Plan) -> list[Finding]:
        found: list[Finding] = []
        for name, axis in axes(record.stages[0]).items() if record.stages else ():
            if not isinstance(axis, Range) or axis.log or (axis.low <= 0 and name.rpartition(".")[2] not in BY_SIZE):
                continue
            decades = log10(axis.high / axis.low) if axis.low > 0 else inf
            if decades < self.DECADES:
                continue
            tenth = axis.high / 10
            trials = [trial for trial in record.of(record.stages[0]) if name in trial.values]
            below = sum(trial.values[name] < tenth for trial in trials)
            spans = f"spans {decades:.1f} decades" if axis.low > 0 else "begins at 0"
            seen = (
                f"{axis} {spans} (limit {self.DECADES:g}) and is sampled evenly: {below} of {len(trials)} trials lie "
            )
            seen += f"below {tenth:.3g}"
            low = axis.low if axis.low > 0 else self.FLOOR * axis.high
            spread = Range(low, axis.high, log=True, whole=axis.whole)
            remedy = Remedy(f"Sample it in log space: --space {name}={written(spread, low, axis.high)}.")
            found.append(self.finding(name, seen, remedies=(remedy,), weight=0.8))
        return found
