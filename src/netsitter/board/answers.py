"""What a stranger wants to know of a run within a minute: is it learning, is it overfitting, what is sick, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from math import isfinite, sqrt
from pathlib import Path
from shlex import quote
from typing import Any, Literal

from netsitter.board.digest import State
from netsitter.record.cures import Tried, cure_of
from netsitter.record.events import Cured
from netsitter.record.findings import SEVERITIES, Finding
from netsitter.record.trace import Trace
from netsitter.report.text import remedy_text

Mood = Literal["good", "watch", "bad", "unknown"]

GAP = 0.1
"""Between training and validation score: more is worth a look, even where no rule calls it overfitting."""

NEARLY_ALL = 0.9
"""Share of what there is to gain, from which a run is well whatever else is noted of it."""


@dataclass(frozen=True)
class Answer:
    """One question, its answer in a few words, and what that rests on. command: what to type, if anything."""

    question: str
    answer: str
    detail: str = ""
    mood: Mood = "unknown"
    command: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def answers(trace: Trace, state: State, folder: Path) -> list[Answer]:
    """The four questions, answered from the record as far as it goes."""
    return [_learning(trace, state), _overfitting(trace), _sick(trace), _to_do(trace, state, folder)]


def guess_of(trace: Trace) -> float:
    """The validation score of always answering the same: the largest class, or the mean."""
    data = trace.started.data if trace.started else {}
    facts = (data.get("facts") or {}).get("val") or {}
    counts = facts.get("class_counts") or ()
    return max(counts) / max(1, sum(counts)) if data.get("classes") and counts else 0.0


def _learning(trace: Trace, state: State) -> Answer:
    question = "Is it learning?"
    loss, scores = trace.curve("loss"), trace.curve("epoch/val")
    lost = [int(step) for step, row in zip(loss.steps, loss.values, strict=True) if not isfinite(row[0])]
    if state is State.DIVERGED or (lost and lost[-1] == int(loss.steps[-1])):
        where = f"It has been no number from step {_first_of_the_last(lost):,} on." if lost else ""
        return Answer(question, "No: the loss is no longer a number", where, "bad")
    if not len(scores.steps):
        if not len(loss.steps):
            return Answer(question, "It has not begun yet", "Data and network are being looked at.")
        told = f"Loss {loss.values[0, 0]:.3g} at first, {loss.values[-1, 0]:.3g} at step {int(loss.steps[-1]):,}."
        return Answer(question, "Too early to say", told + " The first epoch is still going on.")
    guess, best = guess_of(trace), float(max(row[0] for row in scores.values))
    noise = _noise(trace, max(guess, best))
    told = f"Validation score {best:.4g} at best; guessing scores {guess:.4g}."
    gain = (best - guess) / max(1 - guess, 1e-9)
    if best <= guess + 2 * noise:
        return Answer(question, "No: no better than guessing", told, "bad" if len(scores.steps) > 1 else "watch")
    if gain < NEARLY_ALL and (sick := _gravest(trace)) is not None:
        return Answer(question, "Yes, but something holds it back", f"{told} See {sick.code} {sick.slug}.", "watch")
    return Answer(question, "Yes", told, "good")


def _overfitting(trace: Trace) -> Answer:
    question = "Is it overfitting?"
    for finding in _all(trace.findings):
        if finding.slug == "overfit":
            return Answer(question, "Yes", finding.seen, "watch" if finding.severity == "note" else "bad")
    train, val = trace.curve("epoch/train").values, trace.curve("epoch/val").values
    if not len(train) or not len(val):
        return Answer(question, "Too early to say", "It shows after an epoch or two.")
    gap = float(train[-1, 0] - val[-1, 0])
    if not isfinite(gap):
        return Answer(question, "It cannot be said", "The scores are no numbers.")
    told = f"Training score {train[-1, 0]:.4g}, validation score {val[-1, 0]:.4g}."
    if gap > GAP:
        return Answer(question, "Training is well ahead of validation", told, "watch")
    return Answer(question, "No sign of it", told, "good")


def _sick(trace: Trace) -> Answer:
    question = "Which layer is sick?"
    names = [*trace.watched.get("layers", ()), *trace.watched.get("weights", ())]
    for finding in _all(trace.findings):
        if finding.severity == "note":
            continue
        named = [name for name in names if re.search(rf"(?<![\w.]){re.escape(str(name))}(?![\w.])", finding.where)]
        if named or _is_of_layers(finding):
            return Answer(question, finding.where, f"{finding.code} {finding.slug}: {finding.seen}", "bad")
    if not trace.watched:
        return Answer(question, "Not looked at yet", "Layers are looked at once training goes on.")
    return Answer(question, "None, as far as can be seen", f"{len(names)} layers and weights are watched.", "good")


def _is_of_layers(finding: Finding) -> bool:
    """Whether it is of units or signals in the network, by its family, wherever it is."""
    return finding.code[:3] in ("ACT", "GRD", "INI") and "whole network" not in finding.where


def _to_do(trace: Trace, state: State, folder: Path) -> Answer:
    question = "What to do?"
    resume = f"netsitter resume {quote(str(folder))}"
    kept = _kept(trace)
    if kept is not None:
        effect = kept.effect
        told = "" if effect is None else f"Tried: {effect.mean:+.3g} ± {effect.spread:.2g} on validation."
        return Answer(question, kept.remedy.says, told, "watch", f"netsitter cure {quote(str(folder))}")
    finding = _gravest(trace)
    if finding is not None and finding.remedies:
        told = f"Against {finding.code} {finding.slug}. netsitter tries it, and measures what it brings:"
        cure = "" if state is State.RUNNING else f"netsitter cure {quote(str(folder))}"
        return Answer(question, remedy_text(finding.remedies[0]), told if cure else told.partition(".")[0] + ".",
                      "bad" if finding.severity == "error" else "watch", cure)  # fmt: skip
    match state:
        case State.RUNNING:
            return Answer(question, "Let it run", "Nothing is wrong, as far as can be seen.", "good")
        case State.CRASHED:
            return Answer(question, "Go on from its last checkpoint", "Its process ended without a word.", "watch", resume)
        case State.STOPPED if trace.ended is not None and trace.ended.outcome == "interrupted":
            return Answer(question, "Go on where it was stopped", "All work is saved.", "watch", resume)
        case State.DIVERGED:
            return Answer(question, "Lower the learning rate", "--lr sets another.", "bad")
        case _:
            use = f"netsitter predict {quote(str(folder))} DATA"
            return Answer(question, "Use it", "Nothing is wrong, as far as can be seen.", "good", use)


def _kept(trace: Trace) -> Tried | None:
    """The first remedy that a cure has kept."""
    cured = trace.last(Cured)
    return next(iter(cure_of(cured.facts).kept), None) if cured is not None else None


def _gravest(trace: Trace) -> Finding | None:
    """The gravest finding above a note; of several the first, since the doctor puts roots first."""
    grave = [finding for finding in trace.findings if finding.severity != "note"]
    return max(grave, key=lambda finding: SEVERITIES.index(finding.severity), default=None)


def _all(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Findings with their echoes."""
    for finding in findings:
        yield finding
        yield from _all(finding.echoes)


def _first_of_the_last(lost: Sequence[int]) -> int:
    """Where the last stretch of neighbouring measured steps begins; measured steps may lie apart, then it is the last."""
    at = len(lost) - 1
    while at > 0 and lost[at - 1] == lost[at] - 1:
        at -= 1
    return lost[at]


def _noise(trace: Trace, score: float) -> float:
    """The standard error of a share right, for the rows of the validation part; 0 for real targets."""
    data = trace.started.data if trace.started else {}
    rows = (data.get("rows") or {}).get("val") or 0
    return sqrt(max(score * (1 - score), 0.0) / rows) if data.get("classes") and rows else 0.0
