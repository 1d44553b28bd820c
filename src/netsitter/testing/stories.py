"""Made-up runs of every kind that a figure may meet, each with something to draw for every figure."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netsitter.record.cures import CureFacts, Effect, Round, Tried
from netsitter.record.events import (
    Concluded,
    Cured,
    EpochEnded,
    Event,
    Known,
    Measured,
    SearchBegan,
    Searched,
    StageBegan,
    Started,
)
from netsitter.record.findings import Finding, Remedy
from netsitter.record.picture import packed
from netsitter.record.trace import Trace

HOSTILE = "</script><img src=x onerror=alert(1)>"
"""A name that no page may take for anything but a name."""


def empty() -> Trace:
    return Trace()


def one_step() -> Trace:
    return Trace(story(steps=1, readings=1, trials=1))


def not_finite() -> Trace:
    """In its middle every series is NaN, then infinite; one trial diverged at once."""
    return Trace(story(steps=60, readings=30, trials=12, broken=True))


def long() -> Trace:
    """100,000 steps, with one spike of the loss at step 12,346."""
    return Trace(story(steps=100_000, readings=10_000, trials=3))


def many_trials() -> Trace:
    """1,000 trials of a search, and a cohort of 1,000 trials."""
    return Trace(story(steps=20, readings=4, trials=1_000, cohort=1_000))


def hostile() -> Trace:
    """Every name that comes from data or from a user's code is markup."""
    return Trace(story(steps=12, readings=4, trials=12, name=HOSTILE))


STORIES = {
    "empty": empty,
    "one step": one_step,
    "not finite": not_finite,
    "100,000 steps": long,
    "1,000 trials": many_trials,
    "hostile names": hostile,
}


def story(
    *, steps: int, readings: int, trials: int, cohort: int = 1, broken: bool = False, name: str = ""
) -> Iterator[Event]:
    """The events of a run, a search and a cure in one.

    readings: of gradients and layers. trials: of the search; cohort: those that are trained together.
    broken: whether there are values that are no numbers. name: in place of all names.
    """
    rng = np.random.default_rng(0)
    yield _started(name)
    layers = [name or f"layer{i}" for i in range(6)]
    yield Known("watched", {"layers": layers, "kinds": ["Linear"] * 6, "weights": layers})
    loss_ST = np.exp(-np.linspace(0, 2, steps))[:, None] + 0.1 * rng.random((steps, cohort))
    if steps > 12_346:
        loss_ST[12_345] = 40.0
    lr_ST = np.full((steps, cohort), 1e-3)
    yield _measured(range(1, steps + 1), {"loss": _broken(loss_ST, broken), "lr": lr_ST})
    looks = np.unique(np.linspace(1, steps, readings).astype(int)).tolist()
    by_layer = {
        series: _broken(rng.random((len(looks), cohort, 6)), broken)
        for series in ("grad/norm", "update/ratio", "act/mean", "act/std", "act/dead", "act/saturated")
    }
    shares = rng.random((len(looks), cohort, 6, 20))
    by_layer["act/histogram"] = _broken(shares / shares.sum(axis=-1, keepdims=True), broken)
    yield _measured(looks, by_layer)
    epochs = min(steps, 1_000)
    for epoch in range(1, epochs + 1):
        score = nan if broken and epoch == epochs // 2 else 1 - 0.9**epoch
        names = ("cost", "train_loss", "val_loss", "train", "val", "lr")
        values = {f"epoch/{series}": (score,) * cohort for series in names}
        yield EpochEnded(epoch, epochs, epoch * steps // epochs, values, (True,) * cohort, float(epoch))
    remedies = (Remedy("Do it.", {"optim.lr": 0.1}, "safe"),)
    finding = Finding("UPD001", "learning-rate-too-low", "error", layers[0], f"3 of 4 {name}", remedies, step=1)
    yield Concluded((finding,))
    yield from _hindsight(name)
    yield from _search(rng, trials, broken, name)
    yield Cured(_cure(finding).as_json())


def _started(name: str) -> Started:
    counts = {part: {"class_counts": (50, 40, 10)} for part in ("train", "val", "test")}
    data = {
        "name": name or "pets", "image": True, "example": (1, 8, 8), "classes": _classes(name), "notes": (name,),
        "rows": {"train": 100, "val": 100, "test": 100}, "facts": counts, "fingerprint": "0",
    }  # fmt: skip
    plan = {
        "optim": {"kind": "adam", "lr": 0.1, "l2": 0.0, "own": ""}, "net": {"kind": "mlp", "own": name},
        "loop": {"epochs": 2, "batch": 10, "loss": "cross_entropy"},
    }  # fmt: skip
    return Started(name or "run", (plan,), data, {"kind": "mlp", "parameters": 10}, {"device": "cpu"}, 0.0)


def _classes(name: str) -> tuple[str, ...]:
    return tuple(f"{name}{kind}" for kind in ("cat", "dog", "hen"))


def _measured(steps: Any, values: dict[str, NDArray[np.float64]]) -> Measured:
    return Measured(1, tuple(steps), {series: tuple(_tuples(rows.tolist())) for series, rows in values.items()})


def _tuples(rows: list[Any]) -> Iterator[Any]:
    return (tuple(_tuples(row)) if isinstance(row, list) else row for row in rows)


def _broken(values: NDArray[np.float64], broken: bool) -> NDArray[np.float64]:
    """The values, where that is wanted with NaN in the middle, then an infinity, then a 0."""
    if broken:
        middle = len(values) // 2
        values[middle], values[middle + 1], values[middle + 2] = nan, inf, 0.0
    return values


def _hindsight(name: str) -> Iterator[Event]:
    classes, picture = _classes(name), packed(np.arange(64, dtype=np.uint8).reshape(8, 8, 1))
    yield Known("confusion", {"part": "val", "rows": 4, "classes": classes, "pairs": ((0, 0, 3), (1, 0, 1))})
    row = {"where": name, "truth": 1, "said": 0, "sure": 0.9, "picture": picture}
    yield Known("worst", {"part": "val", "classes": classes, "wrong": 1, "rows": (row,)})
    yield Known("first weights", {"weight": name, "units": 2, "pictures": (picture, picture)})


def _search(rng: np.random.Generator, trials: int, broken: bool, name: str) -> Iterator[Event]:
    rates, kind = "optim.lr", f"net.act{name}"
    space = {rates: {"low": 1e-6, "high": 1.0, "log": True}, kind: {"values": ["relu", name or "elu"]}}
    yield SearchBegan(trials, 2, "random", space, rows=100, guess=0.5)
    for number in range(trials):
        if number in (0, trials // 2):
            yield StageBegan("12"[number > 0], 3, number, trials // 2, {rates: "1e-6 .. 1"}, (f"{name} moved",))
        lost = broken and number == 0
        score = float(rng.random())
        values = {rates: float(10 ** rng.uniform(-6, 0)), "optim.l2": score, kind: ("relu", name or "elu")[number % 2]}
        curve = () if lost else (score / 3, score / 2, score)
        how = "diverged" if lost else "finished"
        stage = "12"[number >= trials // 2]
        yield Searched(number, stage, values, None if lost else score, None if lost else 1.0, 2.3, curve, how, 1.0)


def _cure(finding: Finding) -> CureFacts:
    effect = Effect((0.1, None, 0.2), (0.8, 0.9, 0.7), 0.65, 0.1, 0.05, 0.01, 2.3, 0.4)
    remedy = Remedy(f"Raise it{finding.where}.", {"optim.lr": 0.1}, "safe")
    tried = Tried((finding.code, finding.slug), remedy, ("lr 0 -> 1",), "helps", effect, 0.3)
    failed = Tried((finding.code, finding.slug), remedy, (), "cannot be tried", why="no")
    return CureFacts(
        "share right", (Round((finding,), (failed, tried), 1),), (), ("lr 0 -> 1",), "", {"optim.lr": 1.0}, 1.0, 1.5, 3
    )
