"""Short trainings with one thing changed, all from the same start and on the same batches: evidence, where curves only
make one guess. None of them touches the network itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from netsitter.data.batches import batch_bounds, epoch_order
from netsitter.plan.choose import LEARNING_RATES
from netsitter.plan.plan import changed
from netsitter.record.gain import gained
from netsitter.record.start_facts import Attempt
from netsitter.train.cohorts.single import Single
from netsitter.train.noise import dropouts_of
from netsitter.train.own_optimiser import decay_of, undecayed
from netsitter.train.prepare import Ready
from netsitter.train.scores import Measure, row_sums, scorer_of
from netsitter.train.start.untouched import own_chance

DIVERGED = 10.0
"""An attempt ends when its loss is above this many times its first."""

PROBE_ROWS = 500
"""Training rows that the attempts are compared on."""

SCALE_ROWS = 2_000
"""Training rows that the scales of inputs and targets are measured on."""

WORK = 3e11
"""Multiply-adds that all attempts together may take: about ten seconds of two cores."""

FEWEST_STEPS, MOST_STEPS, ALL_STEPS = 12, 500, 6_000
"""Steps of one attempt, at least and at most, and of all of them."""

FEWEST_ROWS, CUT_PROBE_ROWS = 32, 200
"""Rows of a step, at least, and rows that an attempt is measured on, of networks too heavy for whole batches."""

SHARE = 0.2
"""Of the training's steps: attempts are no longer than that ..."""

SHORT_RUN = 300
"""... but for trainings of so few steps."""

LARGE_BATCH, SMALL_BATCH = 128, 32
"""Rows of a step from which a smaller batch is tried, and how many that has."""

SHOWN_LOSSES = 20

AS_IT_IS = "as it is"
RATES = (0.1, 10.0, 0.01, 100.0, 0.001, 1000.0)
FAR = (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e4, 1e5, 1e6, 1e7)
"""Factors on the rate; the far ones are tried only where the nearer ones point there."""

REFERENCE = "everything usual"
"""Fresh weights, inputs (and real targets) at mean 0 and spread 1, Adam: what this network can do in these steps."""


@dataclass(frozen=True)
class _Try:
    """One thing changed.

    prepare: of inputs; scale: (mean, spread) of a real target. bare: the user's optimiser without its weight decay.
    batch: rows of a step, over as many rows in all.
    """

    name: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    net: nn.Module | None = None
    adam: float | None = None
    bare: bool = False
    batch: int | None = None
    prepare: Callable[[Tensor], Tensor] | None = None
    scale: tuple[Tensor, Tensor] | None = None


def attempts_of(net: nn.Module, fresh: nn.Module | None, ready: Ready, *, work: float) -> dict[str, Attempt]:
    """The attempts by name, from `AS_IT_IS` on.

    fresh: the network freshly initialised, None where that cannot be. work: multiply-adds of one step.
    """
    laboratory = _Laboratory(net, ready, steps_for(ready, work), rows_for(ready, work))
    found = {AS_IT_IS: laboratory.attempt(_Try(AS_IT_IS))}
    for tried in _tries(net, fresh, laboratory):
        found[tried.name] = laboratory.attempt(tried)
    lr = ready.plan.optim.lr or 0.0
    for direction in (1, -1):
        factors = sorted((f for f in (*RATES, *FAR) if (f > 1) == (direction > 0)), key=lambda f: abs(math.log(f)))
        for factor in factors:
            name = f"lr x{factor:g}"
            if name not in found and not _points_on(found, factor, direction):
                break
            if name not in found and 0 < lr * factor <= 1e12:
                found[name] = laboratory.attempt(_rate(lr, factor))
    return found


def steps_for(ready: Ready, work: float) -> int:
    """Steps of each attempt, from the work of one step and the length of the whole training."""
    loop = ready.plan.loop
    whole = (loop.epochs or 1) * len(batch_bounds(ready.parts.feeds["train"].rows, loop.batch or 1))
    each = min(ALL_STEPS, WORK / max(work, 1.0)) / 12
    return int(max(FEWEST_STEPS, min(each, MOST_STEPS, max(SHARE * whole, min(whole, SHORT_RUN)))))


def _points_on(found: Mapping[str, Attempt], factor: float, direction: int) -> bool:
    """Whether the nearer factors say that it may be better still further out: the last one was the best so far."""
    last = found.get(f"lr x{factor / 10 if direction > 0 else factor * 10:g}")
    if last is None or (last.diverged and direction > 0):
        return False
    best = max(a.fit_end for name, a in found.items() if name.startswith("lr x") or name == AS_IT_IS)
    return found[AS_IT_IS].diverged or last.fit_end >= best - 0.02


def _rate(lr: float, factor: float) -> _Try:
    return _Try(f"lr x{factor:g}", {"optim.lr": lr * factor, "optim.warmup": 0.0})


def _tries(net: nn.Module, fresh: nn.Module | None, laboratory: _Laboratory) -> Iterator[_Try]:
    plan, prepare, scale = laboratory.ready.plan, laboratory.standardised(), laboratory.target_scale()
    for factor in RATES[:4]:
        yield _rate(plan.optim.lr or 0.0, factor)
    if fresh is not None:
        yield _Try("fresh", net=fresh)
    if prepare is not None:
        yield _Try("standardised input", {"data.prepare": "standardise"}, prepare=prepare)
    if scale is not None:
        yield _Try("standardised target", {"data.target": "standardise"}, scale=scale)
    if laboratory.decays():
        yield _Try("no penalty", {"optim.l2": 0.0, "optim.decay": 0.0}, bare=True)
    if (plan.loop.batch or 1) >= LARGE_BATCH:
        yield _Try(f"batch {SMALL_BATCH}", {"loop.batch": SMALL_BATCH}, batch=SMALL_BATCH)
    if (still := without_dropout(net)) is not None:
        yield _Try("no dropout", {} if plan.net.kind == "own" else {"net.dropout": 0.0}, net=still)
    usual = LEARNING_RATES["adam"]
    for rate in (usual, 10 * usual):
        changes = {"optim.kind": "adam", "optim.lr": rate}
        yield _Try(f"adam {rate:g}", changes, adam=rate)
        yield _Try(
            REFERENCE if rate == usual else f"{REFERENCE} {rate:g}",
            changes,
            net=fresh,
            adam=rate,
            prepare=prepare,
            scale=scale,
        )


def rows_for(ready: Ready, work: float) -> int:
    """Rows of each step: the batch, or less of it where the fewest steps would be too much work."""
    batch = min(ready.plan.loop.batch or 1, ready.parts.feeds["train"].rows)
    return min(batch, max(FEWEST_ROWS, int(batch * WORK / max(work, 1.0) / 12 / FEWEST_STEPS)))


class _Laboratory:
    """The batches, the rows to compare on, and how one attempt is made."""

    def __init__(self, net: nn.Module, ready: Ready, steps: int, rows: int) -> None:
        self.net, self.ready, self.steps, self.cut = net, ready, steps, rows
        feed = ready.parts.feeds["train"]
        whole = rows == min(ready.plan.loop.batch or 1, feed.rows)
        picked = ready.parts.score_rows[: PROBE_ROWS if whole else CUT_PROBE_ROWS]
        self.probe = next(iter(feed.batches(picked, [(0, len(picked))])))
        self.sample = self._sample()
        self.scorer = scorer_of(self.probe[1], ready.parts.measure)

    def _sample(self) -> tuple[Tensor, Tensor]:
        """Rows that scales are measured on."""
        rows = self.ready.parts.score_rows[:SCALE_ROWS]
        return next(iter(self.ready.parts.feeds["train"].batches(rows, [(0, len(rows))])))

    @own_chance()
    def attempt(self, tried: _Try) -> Attempt:
        """Trains a copy for the steps, or until it is beyond hope."""
        ready = self.ready
        plan = changed(
            ready.plan, {**tried.changes, "data.prepare": ready.plan.data.prepare, "optim.schedule": "constant"}
        )
        optimizer = None if tried.adam else undecayed(ready.optimizer) if tried.bare else ready.optimizer
        single = Single(deepcopy(tried.net or self.net), plan, ready.loss, optimizer)
        prepare = tried.prepare or _same
        start, fit_start = self._measured(single.net, prepare, tried.scale)
        losses: list[float] = []
        diverged = not math.isfinite(start)
        for step, (x_B, y_B) in enumerate(self._batches(tried.batch), start=1):
            if diverged:
                break
            y = y_B if tried.scale is None else (y_B - tried.scale[0]) / tried.scale[1]
            loss = single.step(prepare(x_B), y, step=step, epoch=0, lrs=(plan.optim.lr or 0.0,))
            losses.append(float(loss))
            diverged = not math.isfinite(losses[-1])
        done = len(losses)
        end, fit_end = self._measured(single.net, prepare, tried.scale)
        diverged = diverged or not math.isfinite(end) or end > DIVERGED * max(abs(start), 1e-8)
        keep = max(1, len(losses) // SHOWN_LOSSES)
        return Attempt(
            tried.name, done, start, end, fit_start, fit_end, diverged, dict(tried.changes), tuple(losses[::keep])
        )

    def _batches(self, batch: int | None) -> Iterator[tuple[Tensor, Tensor]]:
        """The first batches; with another size, as many as hold as many rows."""
        if batch is None:
            batches = _first_batches(self.ready, self.steps, self.ready.plan.loop.batch)
            return ((x_B[: self.cut], y_B[: self.cut]) for x_B, y_B in batches)
        rows = self.steps * min(self.ready.plan.loop.batch or 1, self.ready.parts.feeds["train"].rows)
        return _first_batches(self.ready, min(MOST_STEPS, rows // batch), batch)

    def decays(self) -> bool:
        """Whether a penalty or a weight decay is at work."""
        optim, own = self.ready.plan.optim, self.ready.optimizer
        return bool(optim.l2 or optim.decay) if own is None else decay_of(own) > 0

    def _measured(
        self, net: nn.Module, prepare: Callable[[Tensor], Tensor], scale: tuple[Tensor, Tensor] | None
    ) -> tuple[float, float]:
        """Loss and fit on the probe rows, with the statistics of these rows themselves."""
        x_B, y_B = self.probe
        buffers = {name: buffer.clone() for name, buffer in net.named_buffers()}
        with torch.no_grad():
            outputs = net(prepare(x_B))
            y = y_B if scale is None else (y_B - scale[0]) / scale[1]
            loss = float(self.ready.loss(outputs, y))
            if scale is not None:
                outputs = outputs * scale[1] + scale[0]
            sums = row_sums(outputs, y_B, self.ready.parts.measure)
            for name, buffer in net.named_buffers():
                buffer.copy_(buffers[name])
        return loss, self._fit(self.scorer.score(sums.cpu()))

    def _fit(self, score: float) -> float:
        """The score above always giving the commonest answer, as a share of what there is to gain; R² as it is."""
        if not math.isfinite(score):
            return -1.0
        guess = guess_of(self.probe[1], self.ready.parts.measure)
        return max(score, -1.0) if guess is None else gained(score, guess)

    def standardised(self) -> Callable[[Tensor], Tensor] | None:
        """Inputs at mean 0 and spread 1 by feature (by channel in images); None for whole numbers."""
        x_N = self.sample[0]
        if not x_N.is_floating_point():
            return None
        sides = (0, *range(2, x_N.ndim)) if x_N.ndim > 2 else (0,)
        mean, spread = x_N.mean(dim=sides, keepdim=True), x_N.std(dim=sides, keepdim=True)
        spread = torch.where(spread > 0, spread, 1.0)
        return lambda x_B: (x_B - mean) / spread

    def target_scale(self) -> tuple[Tensor, Tensor] | None:
        """Mean and spread of a real target; None where it has no other form or is near that already."""
        y_N = self.sample[1]
        scaled = self.ready.plan.data.target != "none"
        if scaled or not self.ready.parts.measure.real or not y_N.is_floating_point():
            return None
        mean, spread = y_N.mean(dim=0), y_N.std(dim=0)
        return (mean, spread) if bool((spread > 0).all()) else None


def guess_of(y_N: Tensor, measure: Measure) -> float | None:
    """The score of always giving the commonest answer; None for real targets."""
    if measure.real:
        return None
    if measure.form == "several":
        yes = (y_N > 0.5).float().mean(dim=0)
        return float(torch.maximum(yes, 1 - yes).mean())
    kinds = y_N.argmax(dim=1) if measure.form == "one-hot" else y_N.flatten()
    return float(torch.unique(kinds, return_counts=True)[1].max()) / kinds.numel()


def without_dropout(net: nn.Module) -> nn.Module | None:
    """A copy that drops nothing; None where nothing was dropped."""
    still = deepcopy(net)
    found = [p for p in still.modules() if isinstance(p, nn.modules.dropout._DropoutNd) and p.p]
    keyed = [p for p in dropouts_of(still).values() if float(p.rate) > 0]
    for dropout in found:
        dropout.p = 0.0
    for own in keyed:
        own.rate.zero_()
    return still if found or keyed else None


def _first_batches(ready: Ready, steps: int, batch: int | None) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches of the first steps, epoch after epoch, as the training itself will see them."""
    feed, plan = ready.parts.feeds["train"], ready.plan
    bounds = batch_bounds(feed.rows, batch or feed.rows)
    epoch = 0
    while steps > 0:
        order = epoch_order(feed.rows, seed=plan.data.seed, epoch=epoch)
        yield from feed.batches(order, bounds[:steps])
        steps, epoch = steps - len(bounds), epoch + 1


def _same(x_B: Tensor) -> Tensor:
    return x_B
