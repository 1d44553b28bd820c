"""What the figures of the rules on a search show."""

from __future__ import annotations

from math import log10
from typing import Any

from pages.marks import Drawn, Reader, bars, one
from pages.picture import Line, Marks

from netsitter.diagnose.in_search import LOST, axes, dead, error_of
from netsitter.diagnose.rule import Case, Rule
from netsitter.plan.space import Pick
from netsitter.record.search_facts import SearchFacts

TENTHS = 10


def _by_place(*names: str) -> Reader:
    """The best score in each tenth of a range, a line for each of these."""

    def read(rule: Rule[Any], case: Case) -> Marks:
        space = axes(case.record.stages[0])
        found = []
        for name in names:
            axis, best = space[name], dict[int, float]()
            assert not isinstance(axis, Pick)
            for trial in case.record.trials:
                tenth = min(int(axis.share(trial.values[name]) * TENTHS), TENTHS - 1)
                if trial.score is not None:
                    best[tenth] = max(best.get(tenth, -1.0), trial.score)
            found.append(Line(name, tuple((tenth + 1.0, score) for tenth, score in sorted(best.items()))))
        return tuple(found)

    return read


def _wasted(rule: Rule[Any], case: Case) -> Marks:
    """The last range of the case beside that of the rate."""
    return _by_place("optim.lr", list(axes(case.record.stages[0]))[-1])(rule, case)


def _lost(search: SearchFacts) -> float:
    return sum(trial.how in LOST for trial in search.trials) / len(search.trials)


def _dead(search: SearchFacts) -> float:
    alive = [trial for trial in search.trials if trial.how not in LOST]
    return len(dead(search, 0.1)) / len(alive)


def _decades(search: SearchFacts) -> float | None:
    """What an evenly sampled range of the rate spans; none of it where it is in log space."""
    axis = axes(search.stages[0])["optim.lr"]
    return None if isinstance(axis, Pick) or axis.log else log10(axis.high / axis.low)


def _lead(search: SearchFacts) -> float:
    """By how many standard errors the winner is ahead of the next."""
    first, second = (float(trial.score or 0.0) for trial in search.full[:2])
    return (first - second) / error_of(first, search)


def _both_parts(search: SearchFacts) -> dict[str, float | None]:
    test = search.crowned.scores["test"]["score"] if search.crowned else None
    return {"validation": search.full[0].score, "test": test}


DRAWN = {
    "best-at-edge": Drawn(
        "Best score in each tenth of the range of the learning rate", _by_place("optim.lr"),
        across="tenth of the range",
    ),
    "mostly-diverged": Drawn("Share of the trials that diverged", one("diverged", _lost), "SHARE", "share"),
    "mostly-dead": Drawn("Share of the trials that learned nothing", one("dead", _dead), "SHARE", "share"),
    "linear-scale": Drawn(
        "Decades that an evenly sampled range spans", one("learning rate", _decades), "DECADES", "decades", well=2,
    ),
    "indistinct-winner": Drawn(
        "Standard errors by which the winner is ahead", one("ahead of the next", _lead), "ERRORS", "standard errors",
        log=True,
    ),
    "tuned-on-validation": Drawn("Score of the winner", bars(_both_parts), across="score"),
    "wasted-parameter": Drawn(
        "Best score in each tenth of the range", _wasted, across="tenth of the range",
    ),
}  # fmt: skip
"""By slug."""
