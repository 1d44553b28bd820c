"""What a stranger wants to know at a glance: is it learning, is it overfitting, which layer is sick, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from netsitter.record.cures import cure_of
from netsitter.record.events import Concluded, Cured, EpochEnded, Outcome, SearchBegan, Verdict
from netsitter.record.findings import Finding
from netsitter.record.standard_error import error_of_share
from netsitter.record.trace import Trace
from netsitter.report.search_story import search_glances

Mood = Literal["well", "sick", "unclear"]

LONGEST = 30
"""Characters of an answer in large letters."""

WIDE_GAP = 0.1
"""Between the scores of both parts, from which it is told even where the doctor does not call it harmful."""


@dataclass(frozen=True)
class Answer:
    """A question, its answer in a word or two, and by which numbers."""

    question: str
    answer: str
    by: str
    mood: Mood


def glances(trace: Trace) -> list[Answer]:
    """The answers that can be given by now."""
    if trace.last(SearchBegan) is not None:
        return [Answer(*told) for told in search_glances(trace)]
    if only_checked(trace):
        return [can_learn(trace), sick_layer(trace), to_do(trace)]
    return [learning(trace), overfitting(trace), sick_layer(trace), to_do(trace)]


def only_checked(trace: Trace) -> bool:
    """Whether nothing was to be trained."""
    return trace.last(Concluded) is not None and trace.ended is None and not trace.names()


def can_learn(trace: Trace) -> Answer:
    bad = [check for check in trace.checks if check.verdict in (Verdict.WARNED, Verdict.FAILED)]
    by = "; ".join(f"{check.check}: {check.says}" for check in bad) or f"{len(trace.checks)} checks passed."
    return Answer("Can it learn?", "Look at the checks" if bad else "Yes", by, "sick" if bad else "well")


def learning(trace: Trace) -> Answer:
    question = "Is it learning?"
    ended, score = trace.ended, _best_score(trace)
    if ended is not None and ended.outcome is Outcome.DIVERGED:
        return Answer(
            question, "No, it diverged", f"The loss is no number any more after {ended.step:,} steps.", "sick"
        )
    if score is None:
        return Answer(question, "Not known yet", "No epoch is over.", "unclear")
    by, guess, noise = _against_guessing(trace, score)
    held_back = any(one.severity == "error" for one in trace.findings)
    if score - guess <= 2 * noise:
        return Answer(question, "No", by, "sick")
    return Answer(question, "Yes, but held back" if held_back else "Yes", by, "unclear" if held_back else "well")


def overfitting(trace: Trace) -> Answer:
    question, epochs = "Is it overfitting?", trace.of(EpochEnded)
    told = next((one for one in _all(trace.findings) if one.slug == "overfit"), None)
    if not epochs or not _finite(epochs[-1].values.get("epoch/train"), epochs[-1].values.get("epoch/val")):
        return Answer(question, "Not known yet", "No epoch is over.", "unclear")
    train, val = epochs[-1].values["epoch/train"][0], epochs[-1].values["epoch/val"][0]
    by = f"{_said(trace, train)} on training rows, {_said(trace, val)} on validation rows."
    if told is not None and told.severity != "note":
        return Answer(question, "Yes", by, "sick")
    wide = train - val > WIDE_GAP
    return Answer(question, "A little" if wide else "No", by, "unclear" if wide else "well")


def sick_layer(trace: Trace) -> Answer:
    question = "Which layer is sick?"
    names = [*map(str, trace.watched.get("layers", ())), *map(str, trace.watched.get("weights", ()))]
    # The deepest name first, so that "block.dense1" is not told as "dense1".
    names = sorted(filter(None, names), key=len, reverse=True)
    for finding in (one for one in _all(trace.findings) if one.severity != "note"):
        found = next((name for name in names if re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", finding.where)), "")
        if found:
            where = finding.where if len(finding.where) <= LONGEST else found
            return Answer(question, where, f"{finding.slug}: {finding.seen}", "sick")
    if only_checked(trace):
        return Answer(question, "None", "Of what can be seen before training.", "well")
    if not names:
        return Answer(question, "Not known", "No layer has been looked at.", "unclear")
    return Answer(question, "None", f"{len(trace.watched.get('layers', ()))} layers were watched.", "well")


def to_do(trace: Trace) -> Answer:
    question, cured = "What to do?", trace.last(Cured)
    grave = [one for one in trace.findings if one.severity != "note"]
    if cured is not None and (kept := cure_of(cured.facts).kept):
        return Answer(question, "Take what helped", " ".join(one.remedy.says for one in kept), "well")
    if grave and grave[0].remedies:
        return Answer(question, grave[0].remedies[0].says.rstrip("."), f"Against {grave[0].slug}.", "sick")
    if trace.ended is None or only_checked(trace):
        return Answer(question, "Let it train", "Nothing above a note so far.", "unclear")
    return Answer(question, "Nothing has to be mended", "A search may find better hyper-parameters.", "well")


def _best_score(trace: Trace) -> float | None:
    """On validation: of the kept weights, or the best so far."""
    ended = trace.ended
    if ended is not None and "val" in ended.scores:
        score = float(ended.scores["val"]["score"][0])
        return score if isfinite(score) else None
    scores = [event.values["epoch/val"][0] for event in trace.of(EpochEnded) if "epoch/val" in event.values]
    return max((score for score in scores if isfinite(score)), default=None)


def _against_guessing(trace: Trace, score: float) -> tuple[str, float, float]:
    """The score beside that of guessing, in words; the latter; and the standard error of the score under guessing."""
    data = trace.started.data if trace.started else {}
    if not data.get("classes"):
        return f"R² {score:.3f} on validation; always answering the mean scores 0.", 0.0, 0.0
    rows, counts = max(int(data["rows"]["val"]), 1), data["facts"]["val"]["class_counts"]
    guess = max(counts, default=0) / rows
    error = error_of_share(score, rows)
    by = f"{score:.1%} ± {error:.1%} right on validation; guessing scores {guess:.1%}."
    return by, guess, error_of_share(guess, rows)


def _said(trace: Trace, score: float) -> str:
    classes = bool(trace.started and trace.started.data.get("classes"))
    return f"{score:.1%} right" if classes else f"R² {score:.3f}"


def _finite(*values: object) -> bool:
    return all(isinstance(value, tuple) and value and isfinite(value[0]) for value in values)


def _all(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Roots first, then their echoes."""
    roots = list(findings)
    yield from roots
    for root in roots:
        yield from _all(root.echoes)
