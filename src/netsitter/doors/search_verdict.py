"""How a search is told: what it begins with, and what the doctor says when it is over."""

from __future__ import annotations

from netsitter.diagnose.doctor import examine_search
from netsitter.doors.run import Run
from netsitter.plan.space import as_plain
from netsitter.record.events import Concluded, Crowned, Event, SearchBegan
from netsitter.record.search_facts import search_of
from netsitter.record.trace import Trace
from netsitter.searching.study import Study
from netsitter.train.start.attempts import guess_of


def began(study: Study) -> SearchBegan:
    """What was asked for, and what trials are scored on."""
    feed, measure = study.ready.parts.feeds["val"], study.ready.parts.measure
    guess = guess_of(feed.y_N, measure) or 0.0
    return SearchBegan(
        study.trials, study.stages, study.sampler, as_plain(study.space), feed.rows, measure.real, guess,
        study.folds, study.metric, study.budget_s,
    )  # fmt: skip


def ending(study: Study, trace: Trace, run: Run | None) -> list[Event]:
    """The last events of a search: its winner trained in full, if it was, and what is wrong."""
    best, crowned = study.best, []
    if run is not None and run.ready is not None and best is not None:
        rows = {part: feed.rows for part, feed in run.ready.parts.feeds.items()}
        crowned = [Crowned(best.number, run.scores, rows, str(run.path or ""))]
    facts = search_of([*trace.events, *crowned])
    findings = examine_search(facts, study.ready.plan) if facts is not None else []
    return [*crowned, Concluded(tuple(findings))]
