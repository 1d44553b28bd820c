"""A search in plain words: what was searched, how good the best is, whether that is settled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netsitter.record.events import Crowned, SearchBegan, Searched, StageBegan
from netsitter.record.trace import Trace
from netsitter.report.score import Score, error_of_share
from netsitter.report.text import counted

Told = tuple[str, str, str, Any]
"""Question, answer, by which numbers, mood."""


def best_of(trace: Trace) -> Searched | None:
    """The best of the trials that were trained longest, and not cut short."""
    full = [told for told in trials_of(trace) if told.how == "finished" and told.score is not None]
    longest = max((len(told.curve) for told in full), default=0)
    return max(
        (told for told in full if len(told.curve) == longest),
        key=lambda told: (told.score or 0.0, -told.number),
        default=None,
    )


def trials_of(trace: Trace) -> list[Searched]:
    """The trials of a search, by number, each once."""
    return [told for _, told in sorted({told.number: told for told in trace.of(Searched)}.items())]


def error_of(trace: Trace, score: float) -> float:
    """The standard error of a share right on the validation part; 0 for real targets, or where its rows are unknown."""
    began = trace.last(SearchBegan)
    return error_of_share(score, began.rows) if began and began.rows and not began.real else 0.0


def search_glances(trace: Trace) -> list[Told]:
    """The same four questions as of a run, as they are asked of a search."""
    trials, best = trials_of(trace), best_of(trace)
    lost = sum(told.score is None for told in trials)
    if best is None or best.score is None:
        says = f"{lost} of {len(trials)} trials diverged." if trials else "No trial is over."
        return [("What was the best?", "None yet", says, "sick" if lost else "unclear")]
    error = error_of(trace, best.score)
    values = ", ".join(f"{name} = {_short(value)}" for name, value in best.values.items())
    moved = [line for stage in trace.of(StageBegan) for line in stage.says if "mov" in line]
    return [
        ("What was the best?", _said(trace, best.score, error), f"On validation, with {values}.", "well"),
        _settled(trials, best, error),
        (
            "Did the ranges fit?",
            "They moved" if moved else "Yes",
            " ".join(moved) or "No range had to move beyond where it began.",
            "well",
        ),
        _failed(trials),
    ]  # fmt: skip


def _failed(trials: Sequence[Searched]) -> Told:
    """How many trials brought nothing, and how many were ended early."""
    hows = {how: sum(told.how == how for told in trials) for how in ("diverged", "hopeless", "behind")}
    lost = hows["diverged"] + hows["hopeless"]
    by = f"Of {counted(len(trials), 'trial')}; {hows['behind']} were ended early, since others did better."
    answer = ", ".join(f"{hows[how]} {how}" for how in ("diverged", "hopeless") if hows[how])
    return ("Did trials fail?", answer or "None", by, "unclear" if 2 * lost > len(trials) else "well")


def _settled(trials: Sequence[Searched], best: Searched, error: float) -> Told:
    """Whether another trial may be as good as the best, as far as the validation part can tell."""
    question, reached = "Is it settled?", best.score or 0.0
    whole = [told for told in trials if told.score is not None and len(told.curve) == len(best.curve)]
    others = sorted((told.score or 0.0 for told in whole if told.number != best.number), reverse=True)
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
    facts, began, stages = trace.known.get("search", {}), trace.last(SearchBegan), trace.of(StageBegan)
    lines = []
    if facts:
        rows = facts["rows"]
        lines.append(
            f"Hyper-parameters of {facts['net']} on {facts['data']}: {rows['train']:,} rows to train, "
            f"{rows['val']:,} to validate."
        )
    if began is not None:
        lines.append(
            f"{counted(began.trials, 'trial')} in {counted(began.stages, 'stage')}, drawn by the sampler "
            f"{began.sampler}: few epochs in wide ranges first, then longer where the best tenth lies."
        )
    for stage in stages:
        where = [f"{name}: {text}" for name, text in stage.space.items()]
        lines.append(
            f"Stage {stage.stage}: {counted(stage.trials, 'trial')} of {counted(stage.epochs, 'epoch')} at most. "
            + "; ".join(stage.says or where)
            + "."
        )
    return lines


def search_scores(trace: Trace) -> list[Score]:
    """The scores of the winner."""
    began, crowned, best = trace.last(SearchBegan), trace.last(Crowned), best_of(trace)
    share, guess = began is not None and not began.real, (began.guess if began else None) or 0.0
    found = []
    if crowned is not None and "test" in crowned.scores:
        score = float(crowned.scores["test"]["score"])
        error = error_of_share(score, crowned.rows["test"]) if share else 0.0
        found.append(Score("the winner, trained in full, on the untouched test part", score, error, guess, share))
    if best is not None and best.score is not None:
        label = f"trial {best.number + 1}, on the validation part that picked it"
        found.append(Score(label, best.score, error_of(trace, best.score), guess, share))
    return found


def _said(trace: Trace, score: float, error: float) -> str:
    return f"{score:.1%} ± {error:.1%}" if error else f"{score:.4f}"


def _short(value: Any) -> str:
    return (
        f"{value:.3g}"
        if isinstance(value, float)
        else ",".join(map(str, value))
        if isinstance(value, tuple)
        else str(value)
    )
