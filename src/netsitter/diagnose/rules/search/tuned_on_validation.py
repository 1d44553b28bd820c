"""SEA006 tuned-on-validation: the winner's validation score is better than its score on rows that chose nothing."""

from __future__ import annotations

from math import log, sqrt

from netsitter.diagnose.cases_search import hill, searched
from netsitter.diagnose.in_search import TAILS, error_of
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.search_facts import SearchFacts


class TunedOnValidation(Rule[SearchFacts]):
    """The winner's validation score is better than its score on rows that chose nothing.

    What it sees: the best validation score, by which the winner was picked, against the winner's score on the test
    part, in standard errors of their difference; of real targets the logarithms of what is left unexplained.

    Why it hurts: the best of many scores is picked for its luck as well. Whoever quotes it promises too much.

    Threshold: ERRORS = 2 standard errors of the difference.

    Remedy: quote the test score. Keep more rows for validation, so that luck counts for less.

    Fine when: the test rows are of another kind on purpose, as later years are. Not told of a search by loss, in which
    the score chose nothing.

    Sources: Cawley & Talbot (2010), JMLR 11:2079-2107.
    """

    code = "SEA006"
    slug = "tuned-on-validation"
    severity = "warning"
    needs = "search"

    ERRORS = 2.0

    sick = (
        Case("0.90 on validation, 0.88 on test", searched(hill(), rows=20_000, test=0.875)),
        Case("R² of 0.90 and 0.80", searched(hill(), rows=20_000, real=True, test=0.8)),
    )
    well = (
        Case("as good on both", searched(hill(), test=0.8995)),
        Case("worse by less than chance moves it", searched(hill(), rows=200, test=0.87)),
        Case("no test part", searched(hill())),
    )

    def check(self, record: SearchFacts, plan: Plan) -> list[Finding]:
        crowned = record.crowned
        picked = next((trial for trial in record.trials if crowned and trial.number == crowned.number), None)
        if crowned is None or "test" not in crowned.scores or picked is None or picked.score is None or record.by_loss:
            return []
        test, rows = crowned.scores["test"]["score"], crowned.rows.get("test", 1)
        if record.began.real:
            left, ours = max(1e-12, 1 - test), max(1e-12, 1 - picked.score)
            off = log(left / ours) / sqrt(
                TAILS * (1 / max(1, rows) + 1 / max(1, record.began.rows * (record.began.folds or 1)))
            )
        else:
            errors = sqrt(error_of(picked.score, record) ** 2 + error_of(test, record, rows) ** 2)
            off = (picked.score - test) / max(errors, 1e-12)
        if off <= self.ERRORS:
            return []
        seen = f"{picked.score:.4f} on validation, the best of {len(record.trials)} trials, and {test:.4f} on {rows:,} "
        seen += f"test rows that chose nothing: {off:.1f} standard errors apart (limit {self.ERRORS:g})"
        remedies = (Remedy(f"Quote the test score, {test:.4f}."),)
        return [self.finding(f"trial {picked.number + 1}", seen, remedies=remedies, weight=0.6)]
