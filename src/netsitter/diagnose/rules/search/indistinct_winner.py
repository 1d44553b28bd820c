"""SEA005 indistinct-winner: the winner cannot be told from others by the rows it was measured on."""

from __future__ import annotations

from netsitter.diagnose.cases_search import hill, searched
from netsitter.diagnose.in_search import error_of
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.plan import Plan
from netsitter.record.findings import Finding, Remedy
from netsitter.record.search_facts import SearchFacts


class IndistinctWinner(Rule[SearchFacts]):
    """The winner cannot be told from others by the rows it was measured on.

    What it sees: of the trials that were trained in full, those whose score lies within some standard errors of the
    winner's: √(p (1 - p) / rows) of a share p, and (1 - R²) √(8 / rows) of R², for errors with heavy tails.

    Why it hurts: another hold-out part would have named another winner; its lead is luck, and so is any story told of
    its values.

    Threshold: ERRORS = 2 standard errors of the winner's score; KEPT = 0.2 of the rows are enough for validation.

    Remedy: take the cheapest of them, or tell them apart by more seeds, more rows or folds.

    Fine when: any of them is good enough; so it is a note. Not told of a search by loss, whose errors are not known.

    Sources: Bergstra & Bengio (2012), JMLR 13:281-305, equations 5 and 6.
    """

    code = "SEA005"
    slug = "indistinct-winner"
    severity = "note"
    needs = "search"

    ERRORS = 2.0
    KEPT = 0.2

    sick = (
        Case("200 rows", searched(hill(), rows=200)),
        Case("R² on 500 rows", searched(hill(), rows=500, real=True)),
    )
    well = (
        Case("more rows than anybody has", searched(hill())),
        Case("all diverged", searched(lambda values: None)),
    )

    def check(self, record: SearchFacts, plan: Plan) -> list[Finding]:
        if len(record.full) < 2 or record.by_loss:
            return []
        winner, *others = record.full
        score = float(winner.score or 0.0)
        error = error_of(score, record)
        tied = [trial for trial in others if float(trial.score or 0.0) >= score - self.ERRORS * error]
        if not tied:
            return []
        names = ", ".join(str(trial.number + 1) for trial in tied[:5]) + (", ..." if len(tied) > 5 else "")
        seen = (
            f"{len(tied)} of the {len(others)} other trials trained in full lie within {self.ERRORS:g} standard errors "
        )
        seen += f"({error:.2g} each, on {record.began.rows:,} rows) of its {score:.4f}: {names}"
        remedies = [Remedy("Take the cheapest of them, or train each with more seeds before one is preferred.")]
        if plan.data.validation < self.KEPT:
            remedies.append(Remedy("Keep more rows for validation.", {"data.validation": self.KEPT}, "safe"))
        return [self.finding(f"trial {winner.number + 1}", seen, remedies=tuple(remedies), weight=0.3)]
