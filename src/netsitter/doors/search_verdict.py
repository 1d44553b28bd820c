"""What the doctor says of a search that is over: its record, and what the rules find in it."""

from __future__ import annotations

from collections.abc import Sequence

from netsitter.diagnose.doctor import examine_search
from netsitter.doors.run import Run
from netsitter.plan.space import as_plain
from netsitter.record.events import Concluded, Crowned, Event, SearchBegan, StageBegan
from netsitter.record.search_facts import SearchFacts
from netsitter.searching.study import Study
from netsitter.train.start.attempts import guess_of


def began(study: Study) -> SearchBegan:
    """What was asked for, and what trials are scored on."""
    feed, measure = study.ready.parts.feeds["val"], study.ready.parts.measure
    guess, rows = guess_of(feed.y_N, measure) or 0.0, feed.rows * (study.folds or 1)
    return SearchBegan(
        study.trials, study.stages, study.sampler, as_plain(study.space), rows, measure.real, guess,
        study.folds, study.metric, study.budget_s,
    )  # fmt: skip


def facts_of(study: Study, stages: Sequence[StageBegan], crowned: Crowned | None) -> SearchFacts:
    """The search as the rules read it. crowned: its winner, if that was trained in full."""
    told = sorted(study.results.values(), key=lambda trial: trial.number)
    return SearchFacts(began(study), tuple(stages), tuple(told), crowned)


def ending(study: Study, stages: Sequence[StageBegan], run: Run | None) -> list[Event]:
    """The last events of a search: its winner trained in full, if it was, and what is wrong."""
    best, crowned = study.best, None
    if run is not None and run.ready is not None and best is not None:
        rows = {part: feed.rows for part, feed in run.ready.parts.feeds.items()}
        crowned = Crowned(best.number, run.scores, rows, str(run.path or ""))
    findings = examine_search(facts_of(study, stages, crowned), study.ready.plan)
    return [*([crowned] if crowned else []), Concluded(tuple(findings))]
