"""How good a network is on one part, with its error, beside what no learning at all scores."""

from __future__ import annotations

from dataclasses import dataclass

from netsitter.record.events import Ended, Started
from netsitter.record.standard_error import error_of_share
from netsitter.record.trace import Trace


@dataclass(frozen=True)
class Score:
    """How good it is on one part. error: its standard error. guess: what no learning at all scores.

    share: whether score, error and guess are shares right; else they are R².
    """

    label: str
    score: float
    error: float
    guess: float
    share: bool = True

    @property
    def says(self) -> str:
        if not self.share:
            return f"R² {self.score:.3f}"
        return f"{self.score:.1%} ± {self.error:.1%}"

    def place(self, value: float) -> float:
        """Where a value stands on a bar from 0 to 100."""
        return round(100 * min(max(value, 0.0), 1.0), 2)


def scores_of(trace: Trace) -> list[Score]:
    """The scores of the kept weights, and of the cured network trained in full, where there is one."""
    started, ended = trace.started, trace.ended
    if started is None:
        return []
    found = []
    if ended is not None and ended.scores:
        parts = {"test": "the untouched test part", "val": "the validation part"}
        told = {part: label for part, label in parts.items() if part in ended.scores}
        found = [_score(started, label, part, _first(ended, part)) for part, label in told.items()]
    cured = trace.known.get("cured run", {}).get("scores", {})
    for part in ("test", "val"):
        if part in cured:
            before = [Score(f"{one.label}, as it was", one.score, one.error, one.guess, one.share) for one in found[:1]]
            of = "the untouched test part" if part == "test" else "the validation part"
            return [*before, _score(started, f"{of}, cured", part, float(cured[part]["score"]))]
    return found


def _first(ended: Ended, part: str) -> float:
    return float(ended.scores[part]["score"][0])


def _score(started: Started, label: str, part: str, score: float) -> Score:
    rows = int(started.data["rows"][part])
    label = f"{label} ({rows:,} rows)"
    if not started.data["classes"]:
        return Score(label, score, 0.0, 0.0, share=False)
    counts = started.data["facts"][part]["class_counts"]
    guess = max(counts, default=0) / max(rows, 1)
    return Score(label, score, error_of_share(score, rows), guess)
