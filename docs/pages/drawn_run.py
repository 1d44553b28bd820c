"""What the figures of the rules on a run show."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, cast

import numpy as np
from pages.marks import Drawn, bars, curves, lines_of, one
from pages.picture import Line, Marks

from netsitter.diagnose.evidence import best_of
from netsitter.diagnose.in_run import fits, guess_score, rows_of
from netsitter.diagnose.rule import Case, Rule
from netsitter.record.events import Known, Outcome, TrialEnded
from netsitter.record.trace import Trace

GAINED = "Share of what there is to gain that was gained"
SCORES = curves(training="epoch/train", validation="epoch/val")


def _gained(rule: Rule[Any], case: Case) -> Marks:
    both = [("training", fits(case.record, 0)), ("validation", fits(case.record, 0, "val"))]
    return tuple(Line(name, tuple((n + 1.0, float(y)) for n, y in enumerate(column))) for name, column in both)


def _broken(rule: Rule[Any], case: Case) -> Marks:
    """The loss by step, up to the step from which it is no number."""
    line = Line("loss", tuple(lines_of(case.record, "loss", "loss")[0].points))
    ended = next((e for e in case.record.of(TrialEnded) if e.outcome is Outcome.DIVERGED), None)
    if ended is None:
        return (line,)
    said = re.search(r"step (\d+)", ended.says)
    last = int(said.group(1)) if said else ended.step
    level = line.points[0][1]
    return (replace(line, points=tuple((float(x), level) for x in range(1, last + 1)), breaks="not a number"),)


def _whole(rule: Rule[Any], case: Case) -> Marks:
    """The length of the whole gradient at each reading."""
    norms = np.sqrt((case.record.curve("grad/norm").values[:, 0] ** 2).sum(axis=1))
    return (Line("gradient", tuple((n + 1.0, float(y)) for n, y in enumerate(norms))),)


def _long(rule: Any, trace: Trace) -> float:
    latest, times = rule.LATEST, rule.TIMES
    norms = np.sqrt((trace.curve("grad/norm").values[:, 0] ** 2).sum(axis=1))
    return float(times * np.median(norms[:-latest]))


def _against_last(trace: Trace) -> dict[str, float | None]:
    """The gradient of a weight, over the root of its size, as a share of that of the last one."""
    names = trace.watched["weights"]
    sizes = {w.name: float(np.prod(w.shape)) ** 0.5 for w in trace.start.weights} if trace.start else {}
    middle = np.median(trace.curve("grad/norm").values[:, 0], axis=0) / [sizes.get(name, 1.0) for name in names]
    return {name: float(value / middle[-1]) for name, value in zip(names, middle, strict=True)}


def _against_least(trace: Trace) -> dict[str, float | None]:
    middle = np.median(trace.curve("update/ratio").values[:, 0], axis=0)
    return {name: float(value / middle.min()) for name, value in zip(trace.watched["weights"], middle, strict=True)}


def _both_modes(rule: Rule[Any], case: Case) -> Marks:
    """The loss in evaluation mode, and the mean of the batches of each epoch."""
    evaluated = lines_of(case.record, "epoch/train_loss", "evaluation mode")[0]
    batches = np.array_split(case.record.curve("loss").values[:, 0], len(evaluated.points))
    trained = tuple((n + 1.0, round(float(part.mean()), 9)) for n, part in enumerate(batches))
    return evaluated, Line("training mode", trained)


def _a_row(trace: Trace) -> float:
    return cast(int, trace.started.net["parameters"]) / rows_of(trace, "train") if trace.started else 0.0


def _spike(rule: Any, trace: Trace) -> float:
    window, times = rule.WINDOW, rule.TIMES
    losses = trace.curve("loss").values[:, 0]
    at = max(window, int(losses.argmax()))
    return float(times * np.median(losses[at - window : at]))


def _moving_losses(rule: Rule[Any], case: Case) -> Marks:
    """The loss of both parts, without one that the case leaves out: it never moves."""
    parts = ("val_loss", "validation"), ("train_loss", "training")
    lines = [lines_of(case.record, f"epoch/{part}", name)[0] for part, name in parts]
    return tuple(line for line in lines if len({y for _, y in line.points}) > 1)


def _turned(rule: Any, trace: Trace) -> float:
    return float(rule.RISE * trace.curve("epoch/val_loss").values[:, 0].min())


def _settled(rule: Any, trace: Trace) -> float:
    """The loss that the last fifth of the epochs must not go below, if the run is to have settled."""
    losses = trace.curve("epoch/train_loss").values[:, 0]
    before = losses[max(0, len(losses) - 1 - max(1, len(losses) // 5))]
    return float(before - rule.LATE * (trace.curve("loss").values[0, 0] - losses[-1]))


def _still(rule: Any, trace: Trace) -> float:
    """The loss that the latter half must go below, if it is no plateau."""
    losses = trace.curve("epoch/train_loss").values[:, 0]
    return float(losses[len(losses) // 2 - 1] - rule.STILL * (losses[0] - losses.min()))


def _flat(rule: Any, trace: Trace) -> float:
    """The loss above which the start is flat."""
    losses = trace.curve("loss").values[:, 0]
    return float(losses[0] - rule.FLAT * (losses[0] - losses.min()))


def _times_trained(rule: Any, trace: Trace) -> float:
    return float(rule.TIMES * trace.curve("loss").values[-1, 0])


def _of_loop(trace: Trace, some: str, of: str) -> float:
    """The share of one number that the loop told in another."""
    facts = next(event.facts for event in trace.of(Known) if event.about == "loop")
    return float(facts[some] / facts[of])


def _better_rate(rule: Rule[Any], trace: Trace) -> float | None:
    best = best_of(trace.start, lambda name: name.startswith("lr x")) if trace.start else None
    return best.end if best else None


def _guess(rule: Rule[Any], trace: Trace) -> float | None:
    return guess_score(trace)


DRAWN = {
    "dead-relu": Drawn(
        "Share of the layer's units that give 0 on every row", curves(dead="act/dead"), "SHARE", "epoch",
    ),
    "saturated-units": Drawn(
        "Share of the layer's outputs at a flat end", curves(saturated="act/saturated"), "SHARE", "epoch",
    ),
    "one-signed-gradient": Drawn(
        "Share of the units whose incoming weights have gradients of one sign",
        curves(sign="grad/sign"), "UNITS", "reading",
    ),
    "shuffled-labels": Drawn("Score", SCORES, _guess, "epoch", limit_says="guessing"),
    "overfit": Drawn("Loss", _moving_losses, _turned, "epoch"),
    "underfit": Drawn(GAINED, _gained, lambda rule, trace: 1 - rule.LEFT, "epoch"),
    "stopped-too-early": Drawn(
        "Loss on training rows", curves(training="epoch/train_loss"), _settled, "epoch",
        limit_says="settled above",
    ),
    "no-better-than-constant": Drawn("Score", SCORES, _guess, "epoch", limit_says="guessing"),
    "vanishing-gradient": Drawn(
        "Gradient of a weight, over the root of its size, against that of the last one",
        bars(_against_last), "RATIO", "share of the last one's", log=True,
    ),
    "exploding-gradient": Drawn("Length of the whole gradient", _whole, _long, "reading", log=True),
    "non-finite-loss": Drawn("Loss of the batches", _broken, across="step"),
    "flat-start": Drawn("Loss of the batches", curves(loss="loss"), _flat, "step", limit_says="flat above"),
    "oscillating-loss": Drawn("Loss on training rows", curves(loss="epoch/train_loss"), across="epoch"),
    "plateau": Drawn(
        "Loss on training rows", curves(loss="epoch/train_loss"), _still, "epoch",
        limit_says="latter half must go below",
    ),
    "loss-spike": Drawn("Loss of the batches", curves(loss="loss"), _spike, "step"),
    "too-large": Drawn(
        "Parameters for each training row", one("parameters", _a_row), "WEIGHTS", "a row", log=True, well=1,
    ),
    "stale-statistics": Drawn("Loss on training rows", _both_modes, _times_trained, "epoch"),
    "learning-rate-too-low": Drawn(
        "Loss on training rows", curves(loss="epoch/train_loss"), _better_rate, "epoch",
        limit_says="a better rate comes to",
    ),
    "learning-rate-too-high": Drawn(
        "Loss of the batches", curves(loss="loss"),
        lambda rule, trace: rule.TIMES * trace.curve("loss").values[0, 0], "step", log=True,
    ),
    "kept-gradient": Drawn(
        "Share of the steps whose gradient was added to that of the step before",
        one("kept", lambda trace: _of_loop(trace, "kept", "probed")), "SHARE", "share of the pairs of steps",
    ),
    "evaluated-in-train-mode": Drawn(
        "Share of the scores that were taken in training mode",
        one("in training mode", lambda trace: _of_loop(trace, "noisy", "scored")), "SHARE", "share of the scores",
    ),
    "uneven-updates": Drawn(
        "Length of an update over that of its weight, as a multiple of the least",
        bars(_against_least), "TIMES", "times the least", log=True,
    ),
}  # fmt: skip
"""By slug."""
