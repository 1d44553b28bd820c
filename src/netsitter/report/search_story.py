"""A search in plain words: what was searched, how good the best is, whether that is settled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import inf
from typing import Any

from netsitter.record.events import Searched
from netsitter.record.findings import Finding
from netsitter.record.search_facts import SearchFacts, search_of
from netsitter.record.standard_error import error_of_share
from netsitter.record.trace import Trace
from netsitter.report.score import Score
from netsitter.report.text import counted

Told = tuple[str, str, str, Any]
"""Question, answer, by which numbers, mood."""


def trials_of(trace: Trace) -> list[Searched]:
    """The trials of a search, by number, each once."""
    return [told for _, told in sorted({told.number: told for told in trace.of(Searched)}.items())]


def best_of(facts: SearchFacts) -> Searched | None:
    """The best of the trials that were trained longest and not cut short, by what the search goes by."""
    if facts.began.metric == "loss":
        return min(facts.full, key=lambda told: inf if told.loss is None else told.loss, default=None)
    return next(iter(facts.full), None)


def error_of(facts: SearchFacts, score: float) -> float:
    """The standard error of a share right on what trials are scored on; 0 where it is none, or its rows are unknown."""
    return 0.0 if facts.began.real else error_of_share(score, facts.scored_rows)


def search_glances(trace: Trace) -> list[Told]:
    """What a stranger asks of a search, with the answers."""
    facts = search_of(trace.events)
    best = best_of(facts) if facts is not None else None
    if facts is None or best is None or best.score is None:
        lost = len(facts.trials) if facts is not None else 0
        says = f"{counted(lost, 'trial')} over, none of them with a score." if lost else "No trial is over."
        return [("What was the best?", "None yet", says, "sick" if lost else "unclear")]
    error = error_of(facts, best.score)
    values = ", ".join(f"{name} = {_short(value)}" for name, value in best.values.items())
    return [
        ("What was the best?", _said(best.score, error), f"On validation, with {values}.", "well"),
        _settled(facts, best, error),
        _ranges(facts, trace.findings),
        _failed(facts.trials),
        _to_do(trace.findings),
    ]


def _ranges(facts: SearchFacts, findings: Sequence[Finding]) -> Told:
    """Whether the best lies within what was searched."""
    question = "Did the ranges fit?"
    edge = next((one for one in findings if one.slug == "best-at-edge"), None)
    if edge is not None:
        return (question, "No", f"The best may lie beyond: {edge.seen}", "unclear")
    moved = [line for stage in facts.stages for line in stage.says if "moved" in line]
    by = " ".join(moved) or "No range had to move beyond where it began."
    return (question, "They moved" if moved else "Yes", by, "well")


def _to_do(findings: Sequence[Finding]) -> Told:
    grave = next((one for one in findings if one.severity != "note" and one.remedies), None)
    if grave is not None:
        return ("What to do?", "Search again", f"Against {grave.slug}: {grave.remedies[0].says}", "sick")
    return ("What to do?", "Take the winner", "Nothing is wrong with the search, as far as can be seen.", "well")


def _failed(trials: Sequence[Searched]) -> Told:
    """How many trials brought nothing, and how many were ended early."""
    hows = {how: sum(told.how == how for told in trials) for how in ("diverged", "hopeless", "behind")}
    lost = hows["diverged"] + hows["hopeless"]
    by = f"Of {counted(len(trials), 'trial')}; {hows['behind']} were ended early, since others did better."
    answer = ", ".join(f"{hows[how]} {how}" for how in ("diverged", "hopeless") if hows[how])
    return ("Did trials fail?", answer or "None", by, "unclear" if 2 * lost > len(trials) else "well")


def _settled(facts: SearchFacts, best: Searched, error: float) -> Told:
    """Whether another trial may be as good as the best, as far as the validation part can tell."""
    question, reached = "Is it settled?", best.score or 0.0
    others = sorted((told.score or 0.0 for told in facts.full if told.number != best.number), reverse=True)
    if not others:
        return (question, "It stands alone", "No other trial was trained as long.", "unclear")
    if not error:
        return (question, f"The next has {others[0]:.3f}", "How far chance reaches is not known here.", "unclear")
    alike = sum(score >= reached - 2 * error for score in others)
    if alike:
        return (question, f"{counted(alike, 'other')} as good", "Within two standard errors of the best.", "unclear")
    return (question, "Yes", "No other trial comes within two standard errors.", "well")


def search_words(trace: Trace) -> list[str]:
    """What was searched, on what."""
    about, facts = trace.known.get("search", {}), search_of(trace.events)
    lines = []
    if about:
        rows = about["rows"]
        validated = f"{rows['val']:,} to validate" if "val" in rows else "each validated in its turn"
        lines.append(
            f"Hyper-parameters of {about['net']} on {about['data']}: {rows['train']:,} rows to train, {validated}."
        )
    if facts is None:
        return lines
    began = facts.began
    scored = f", each scored on {began.folds} folds" if began.folds else ""
    lines.append(
        f"{counted(began.trials, 'trial')} in {counted(began.stages, 'stage')}{scored}, drawn by the sampler "
        f"{began.sampler}: few epochs in wide ranges first, then longer where the best tenth lies."
    )
    for stage in facts.stages:
        where = [f"{name}: {text}" for name, text in stage.space.items()]
        lines.append(
            f"Stage {stage.stage}: {counted(stage.trials, 'trial')} of {counted(stage.epochs, 'epoch')} at most. "
            + "; ".join(stage.says or where)
            + "."
        )
    return lines + ways_line(facts.trials)


def ways_line(trials: Sequence[Searched]) -> list[str]:
    """How most trials ran, and why so; nothing where that is not known."""
    ways = Counter(told.way for told in trials if told.way)
    return [f"{count} of {len(trials)} trials ran like this: {way}." for way, count in ways.most_common(1)]


def search_scores(trace: Trace) -> list[Score]:
    """The scores of the winner."""
    facts = search_of(trace.events)
    if facts is None:
        return []
    share, guess, best, crowned = not facts.began.real, facts.began.guess or 0.0, best_of(facts), facts.crowned
    found = []
    if crowned is not None and "test" in crowned.scores:
        score = float(crowned.scores["test"]["score"])
        error = error_of_share(score, crowned.rows.get("test", 0)) if share else 0.0
        found.append(Score("the winner, trained in full, on the untouched test part", score, error, guess, share))
    if best is not None and best.score is not None:
        label = f"trial {best.number + 1}, on the validation part that picked it"
        found.append(Score(label, best.score, error_of(facts, best.score), guess, share))
    return found


def _said(score: float, error: float) -> str:
    return f"{score:.1%} ± {error:.1%}" if error else f"{score:.4f}"


def _short(value: Any) -> str:
    return (
        f"{value:.3g}"
        if isinstance(value, float)
        else ",".join(map(str, value))
        if isinstance(value, tuple)
        else str(value)
    )
