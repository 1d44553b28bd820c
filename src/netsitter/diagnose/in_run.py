"""What several rules of a run ask of its trace: how far it came, how far it could come, and how much of it is over."""

from __future__ import annotations

from math import isfinite, prod, sqrt

import numpy as np
from numpy.typing import NDArray

from netsitter.diagnose.evidence import AS_IT_IS, HALF, reached
from netsitter.diagnose.noise import score_noise
from netsitter.record.events import EpochEnded, Outcome, TrialEnded
from netsitter.record.gain import gained
from netsitter.record.start_facts import StartFacts
from netsitter.record.trace import Trace

WELL = 0.9
"""Share of what there is to gain, or of what the best short training gained, from which a run has reached its aim."""


def trials(trace: Trace) -> int:
    """How many trials the run has."""
    started = trace.started
    return len(started.plans) if started is not None else max(1, trace.curve("loss").values.shape[-1])


def numbered(trace: Trace, trial: int) -> int | None:
    """The trial as a finding names it: None where there is but one."""
    return trial if trials(trace) > 1 else None


def steps_in_all(trace: Trace) -> int:
    """Steps that the whole run is to have; 0 where that is not known."""
    start = trace.start
    if start is not None and start.program.get("steps"):
        return int(start.program["steps"])
    last = trace.last(EpochEnded)
    return last.step * last.epochs // last.epoch if last is not None else 0


def share_done(trace: Trace) -> float:
    """The share of the run's steps that are done."""
    steps, last = steps_in_all(trace), trace.curve("loss").steps
    return float(last[-1]) / steps if steps and len(last) else 0.0


def guess_score(trace: Trace, part: str = "val") -> float | None:
    """The score of always giving the commonest answer; 0 for real targets; None where it is not known."""
    start = trace.start
    if start is None or start.data is None:
        return None
    facts = start.data.parts.get(part, start.data.parts["train"])
    if not facts.class_counts or not sum(facts.class_counts):
        # Classes of pixels and words, and several labels a row, are counted with the program.
        return float(start.program.get("guess") or 0.0)
    return max(facts.class_counts) / sum(facts.class_counts)


def rows_of(trace: Trace, part: str) -> int:
    """Rows of a part of the data."""
    started = trace.started
    rows = started.data.get("rows", {}) if started is not None else {}
    return int(rows.get(part, 0))


def fits(trace: Trace, trial: int, part: str = "train") -> NDArray[np.float64]:
    """By epoch, how much of what there is to gain was gained: 0 is guessing, 1 all right (or R² of 1)."""
    scores, guess = trace.curve(f"epoch/{part}"), guess_score(trace, part)
    if guess is None or not len(scores.steps):
        return np.empty(0)
    column: NDArray[np.float64] = scores.values[:, trial]
    return gained(column, guess)


def noise_of_fit(trace: Trace, part: str) -> float:
    """Two standard errors of such a fit, for so many rows, or answers where a row has several."""
    guess, start = guess_score(trace, part) or 0.0, trace.start
    target = start.target if start is not None else None
    several = prod(target.shape) if target is not None and target.form in ("classes", "several") else 1
    # A share near 1 cannot move as far as one in the middle.
    narrowed = 2 * sqrt(guess * (1 - guess)) if guess > 0.5 else 1.0
    return 2 * narrowed * score_noise(rows_of(trace, part) * max(several, 1)) / max(1 - guess, 1e-9)


def healthy(trace: Trace, trial: int = 0) -> bool:
    """Whether the run has reached its aim: nearly all there is to gain, or what the best short training gained."""
    if any(e.outcome is Outcome.DIVERGED for e in trace.of(TrialEnded) if e.trial == trial):
        return False
    gained = fits(trace, trial)
    if not len(gained) and trace.start is None:
        return _came_down(trace, trial)
    if not len(gained) or not isfinite(gained[-1]):
        return False
    best = best_reached(trace.start)
    return bool(gained[-1] >= WELL or (best is not None and gained[-1] >= WELL * best and gained[-1] > HALF))


def _came_down(trace: Trace, trial: int) -> bool:
    """Whether the loss of the batches, where nothing else is known, is next to nothing of what it was at first."""
    losses = trace.curve("loss")
    if not len(losses.steps):
        return False
    column = losses.values[:, trial]
    few = max(1, len(column) // 20)
    # A loss that leaps up in the first steps has not come down when it is where it was.
    first, late = float(min(column[0], np.median(column[:few]))), float(np.median(column[-few:]))
    return first > 0 and -first < late <= (1 - WELL) * first


def best_reached(start: StartFacts | None) -> float | None:
    """How far the best of all short trainings came; None where there were none."""
    if start is None or not start.attempts:
        return None
    return max(map(reached, start.attempts.values()))


def progress(trace: Trace, trial: int) -> float | None:
    """How far the loss has come down, from the first, as a share of the way to the best short training's end."""
    start, losses = trace.start, trace.curve("epoch/train_loss")
    if start is None or AS_IT_IS not in start.attempts or not len(losses.steps):
        return None
    base = start.attempts[AS_IT_IS]
    ends = [a.end for name, a in start.attempts.items() if not a.diverged and "target" not in name and isfinite(a.end)]
    ends = [end for end, name in zip(ends, start.attempts, strict=False) if "usual" not in name] or ends
    way = base.start - min(ends, default=base.start)
    now = float(losses.values[-1, trial])
    return (base.start - now) / way if way > 1e-9 and isfinite(now) else None
