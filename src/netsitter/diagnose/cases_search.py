"""Searches on made landscapes, for the sick and well cases of rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import log10
from typing import Any

import numpy as np

from netsitter.plan.space import Axis, as_plain, linear, log
from netsitter.record.events import Crowned, SearchBegan, Searched, StageBegan
from netsitter.record.search_facts import SearchFacts

RATES: Mapping[str, Axis] = {"optim.lr": log(1e-5, 1e-1), "optim.l2": log(1e-6, 1e0)}

EPOCHS = 3

Score = Callable[[Mapping[str, Any]], float | None]
"""The score of these values; None where they diverge."""


def hill(
    lr: float = 1e-3, l2: float = 1e-3, *, fall: float = 0.05, guess: float = 0.1, diverges: float = float("inf")
) -> Score:
    """A landscape with its top at this rate and penalty, lower by `fall` a decade off; above `diverges` all is lost."""

    def score(values: Mapping[str, Any]) -> float | None:
        if values["optim.lr"] > diverges:
            return None
        off = log10(values["optim.lr"] / lr) ** 2 + log10(values.get("optim.l2", l2) / l2) ** 2
        return max(guess, 0.9 - fall * off)

    return score


def searched(
    score: Score,
    *,
    space: Mapping[str, Axis] = RATES,
    trials: int = 60,
    rows: int = 100_000_000,
    real: bool = False,
    guess: float = 0.1,
    test: float | None = None,
) -> SearchFacts:
    """One stage of trials at random on this landscape, none of them ended early.

    rows: of the hold-out part, and of the test part, where the winner has `test`.
    """
    stream, told = np.random.default_rng(0), []
    for number in range(trials):
        shares = map(float, stream.random(len(space)))
        values = {name: axis.value(share) for (name, axis), share in zip(space.items(), shares, strict=True)}
        found = score(values)
        curve = () if found is None else tuple(guess + (found - guess) * (e + 1) / EPOCHS for e in range(EPOCHS))
        loss, how = (None, "diverged") if found is None else (1.0 - found, "finished")
        told.append(Searched(number, "1", values, found, loss, 1.0, curve, how, 0.0))
    began = SearchBegan(trials, 1, "random", as_plain(space), rows, real, guess)
    words = {name: str(axis) for name, axis in space.items()}
    stage = StageBegan("1", EPOCHS, 0, trials, words, (), as_plain(space))
    facts = SearchFacts(began, (stage,), tuple(told))
    if test is None:
        return facts
    scores = {"val": {"score": float(facts.full[0].score or 0.0)}, "test": {"score": test}}
    return SearchFacts(began, (stage,), tuple(told), Crowned(facts.full[0].number, scores, {"val": rows, "test": rows}))


FLAT = linear(0.0, 0.7)
"""The range of a share that is dropped."""
