"""The loop: trains a cohort and tells what happens, event by event. Whoever wants to know, pulls.

    for event in Training(cohort, parts).events():
        ...

Nothing that reads the events can change the run; only `stop` answers, and it is asked once a step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from math import isnan
from typing import Any

import numpy as np
import torch
from torch import Tensor

from netsitter.data.batches import SCORE_ROWS, Feed, batch_bounds, epoch_order
from netsitter.errors import RunError
from netsitter.optim.schedules import Rates
from netsitter.plan.plan import Plan
from netsitter.record.events import Ended, EpochEnded, Event, Known, Measured, Outcome, Saved, TrialEnded
from netsitter.record.rhythm import is_look
from netsitter.train.checkpoint import Checkpoint, Checkpoints, Progress
from netsitter.train.cohorts.cohort import Batches, Cohort, Turn
from netsitter.train.scores import Measure, Scorer
from netsitter.train.stopping import better, out_of_patience
from netsitter.train.watching import ROWS, Looked, first_non_finite, looks_at, watched_of


@dataclass(frozen=True)
class Parts:
    """The parts of the data as the loop needs them.

    score_rows: the fixed rows of the training part that its figures are measured on.
    score_batch: rows at a time when scoring.
    scorers: by part; that of "train" is for `score_rows`.
    """

    feeds: Mapping[str, Feed]
    scorers: Mapping[str, Scorer]
    score_rows: np.ndarray
    measure: Measure
    score_batch: int = SCORE_ROWS


STRETCH_S, STRETCH_BYTES = 1.0, 64 * 2**20
"""Steps that a cohort takes on end: seconds, which a stop may have to wait, and bytes of inputs."""


class Training:
    """A cohort in training. Iterate over `events()` to make it go.

    plan: of the first trial; loop and data, which all trials share, are read from it.
    checkpoints: where to save; None keeps nothing on disk.
    start: the checkpoint to go on from.
    stop: asked once a step whether to save and leave. useless: asked once an epoch why going on is useless; "" if not.
    """

    def __init__(
        self,
        cohort: Cohort,
        parts: Parts,
        *,
        checkpoints: Checkpoints | None = None,
        start: Checkpoint | None = None,
        stop: Callable[[], bool] = lambda: False,
        useless: Callable[[], str] = lambda: "",
        machine: Mapping[str, Any] | None = None,
    ) -> None:
        self.cohort, self.parts, self.stop, self.useless = cohort, parts, stop, useless
        self.checkpoints, self.machine = checkpoints, machine or {}
        self.plan: Plan = cohort.plans[0]
        self.progress = Progress.at_start(cohort.trials)
        self.best: dict[str, Tensor] | None = None
        self._began = self._saved_at = time.monotonic()
        self._saved_step = -1
        self._looks: list[tuple[int, Looked]] = []
        self._rates = Rates([plan.optim for plan in cohort.plans])
        self._span = 1
        if start is not None:
            self._restore(start)

    def events(self) -> Iterator[Event]:
        """Trains to the end, telling each thing as it happens; the last event is `Ended`."""
        epochs = self.plan.loop.epochs or 1
        if self.plan.loop.watch_every:
            yield Known("watched", asdict(watched_of(self.cohort.net)))
        if self._saved_step < 0:
            yield from self._save()  # so that a kill before the first checkpoint loses steps and not the run
        while self.progress.epoch < epochs and None in self.progress.over:
            yield from self._steps()
            if self.stop():
                yield from self._save()
                kept = "; all work is saved" if self.checkpoints else ""
                yield self._ended(Outcome.INTERRUPTED, f"stopped on request{kept}")
                return
            if None in self.progress.over:
                yield from self._epoch_end(epochs)
        for trial, outcome in enumerate(self.progress.over):
            if outcome is None:
                yield from self._end_trial(trial, Outcome.FINISHED)
        yield from self._save()
        self.take_best()
        outcomes = [Outcome(outcome) for outcome in self.progress.over if outcome]
        diverged = all(outcome is Outcome.DIVERGED for outcome in outcomes)
        yield self._ended(Outcome.DIVERGED if diverged else outcomes[0])

    def _steps(self) -> Iterator[Event]:
        """The rest of the epoch that has begun."""
        loop, feed = self.plan.loop, self.parts.feeds["train"]
        bounds = batch_bounds(feed.rows, loop.batch or feed.rows)
        order = epoch_order(feed.rows, seed=self.plan.data.seed, epoch=self.progress.epoch)
        batches = feed.batches(order, bounds[self.progress.in_epoch :])
        told: list[tuple[int, Sequence[float]]] = []
        losses: list[Tensor] = []
        while stretch := self._stretch(batches, len(bounds), loop.measure_every - len(told)):
            step, began = stretch[-1].step, time.monotonic()
            look = looks_at(step, loop.watch_every)
            losses.append(self.cohort.stretch(stretch, look=look))
            told += [(turn.step, turn.lrs) for turn in stretch]
            self._pace(len(stretch), time.monotonic() - began)
            if look and self.cohort.stuck is None:
                self._looks.append((step, self.cohort.looked))
            self.progress = replace(self.progress, step=step, in_epoch=self.progress.in_epoch + len(stretch))
            del stretch  # and with it the batches, whose memory the next ones take
            if self.cohort.stuck is not None:
                where = first_non_finite(self.cohort.net, *self.cohort.stuck)
                yield Known("diverged", {"trial": 0, "step": step, **where})
            due, stop = self._save_due(), self.stop()
            if len(told) >= loop.measure_every or self.cohort.stuck is not None or due or stop:
                yield from self._measured(told, losses)
                told, losses = [], []
                if stop or None not in self.progress.over:
                    return
                if due:
                    yield from self._save()
        yield from self._measured(told, losses)

    def _stretch(self, batches: Iterator[tuple[Tensor, Tensor]], steps_per_epoch: int, most: int) -> list[Turn]:
        """The next steps that are taken on end: up to so many, to a look, to where a checkpoint is due."""
        loop, progress = self.plan.loop, self.progress
        steps = steps_per_epoch * (loop.epochs or 1)
        if loop.save_every_steps is not None:
            most = min(most, loop.save_every_steps - (progress.step - max(self._saved_step, 0)))
        turns: list[Turn] = []
        taken = 0
        for x_B, y_B in islice(batches, max(1, min(self._span, most))):
            step = progress.step + len(turns)
            lrs = self._rates.at(step, steps, steps_per_epoch)
            turns.append(Turn(x_B, y_B, step + 1, progress.epoch, lrs))
            taken += x_B.nbytes
            if looks_at(step + 1, loop.watch_every) or taken + x_B.nbytes > STRETCH_BYTES:
                break
        return turns

    def _pace(self, steps: int, seconds: float) -> None:
        """Sets how many steps are taken on end. One, for a single trial: nothing is gained by more."""
        if self.cohort.trials > 1:
            self._span = max(1, int(STRETCH_S * steps / max(seconds, 1e-6)))

    def _measured(self, told: Sequence[tuple[int, Sequence[float]]], losses: Sequence[Tensor]) -> Iterator[Event]:
        """What the last steps measured, brought from the device at once; trials that diverged are ended.

        told: the number and the rates of each step.
        """
        if not told:
            return
        loss_ST = torch.cat(list(losses)).cpu()
        values = {"loss": tuple(map(tuple, loss_ST.tolist())), "lr": tuple(tuple(lrs) for _, lrs in told)}
        steps = tuple(step for step, _ in told)
        yield Measured(self.progress.epoch + 1, steps, values)
        for step, seen in self._looks:
            series = {name: (_rows(tensor),) for name, tensor in seen.items()}
            yield Measured(self.progress.epoch + 1, (step,), series)
        self._looks = []
        finite_ST = torch.isfinite(loss_ST)
        for trial in torch.nonzero(~finite_ST.all(dim=0)).flatten().tolist():
            if self.progress.over[trial] is None:
                at = steps[int(torch.nonzero(~finite_ST[:, trial])[0])]
                yield from self._end_trial(
                    trial, Outcome.DIVERGED, f"the loss of step {at} is {loss_ST[steps.index(at), trial]:g}"
                )

    def _epoch_end(self, epochs: int) -> Iterator[Event]:
        """Scores the epoch, keeps the best weights, ends what is out of patience."""
        train_loss, train_score = self._scored("train", self._score_batches())
        val_loss, val_score = self._scored("val", part_batches(self.parts.feeds["val"], self.parts.score_batch))
        cost = [loss + extra for loss, extra in zip(train_loss, self.cohort.penalties().tolist(), strict=True)]
        epoch, before = self.progress.epoch + 1, self.progress
        # Without spread in the validation targets there is no R²; the loss says as much then.
        yardstick = [-loss if isnan(score) else score for loss, score in zip(val_loss, val_score, strict=True)]
        improved = tuple(
            over is None and better(score, best)
            for score, best, over in zip(yardstick, before.best, before.over, strict=True)
        )
        if self.plan.loop.keep == "best" and any(improved):
            self._keep(improved)
        lrs = self._rates.at(before.step - 1, before.in_epoch * epochs, before.in_epoch)
        self.progress = replace(
            before,
            epoch=epoch,
            in_epoch=0,
            best=tuple(s if up else b for s, b, up in zip(yardstick, before.best, improved, strict=True)),
            best_epoch=tuple(epoch if up else b for b, up in zip(before.best_epoch, improved, strict=True)),
        )
        values = {
            "cost": cost,
            "train_loss": train_loss,
            "val_loss": val_loss,
            "train": train_score,
            "val": val_score,
            "lr": lrs,
        }
        told = {f"epoch/{name}": tuple(numbers) for name, numbers in values.items()}
        if self.plan.loop.watch_every and is_look(epoch, epochs):
            yield Measured(epoch, (self.progress.step,), self._activations())
        yield EpochEnded(epoch, epochs, self.progress.step, told, improved, self._seconds())
        for trial, best_epoch in enumerate(self.progress.best_epoch):
            patience = self.cohort.plans[trial].loop.patience
            if self.progress.over[trial] is None and out_of_patience(epoch, best_epoch, patience):
                yield from self._end_trial(
                    trial, Outcome.STOPPED_EARLY, f"no better validation score for {patience} epochs"
                )
        why = self.useless() if self.progress.epoch < epochs else ""
        for trial in range(self.cohort.trials) if why else ():
            if self.progress.over[trial] is None:
                yield from self._end_trial(trial, Outcome.USELESS, why)
        if self._save_due():
            yield from self._save()

    def scores(self, part: str) -> dict[str, tuple[float, ...]]:
        """Loss and score of each trial on a part, as its weights are now."""
        loss, score = self._scored(part, part_batches(self.parts.feeds[part], self.parts.score_batch))
        return {"loss": loss, "score": score}

    def _scored(self, part: str, batches: Batches) -> tuple[tuple[float, ...], tuple[float, ...]]:
        scorer = self.parts.scorers[part]
        loss_T, rows_T = self.cohort.sums(batches, measure=self.parts.measure)
        loss = tuple((loss_T.cpu() / scorer.rows).tolist())
        return loss, tuple(scorer.score(rows) for rows in rows_T.cpu())

    def _score_batches(self) -> Batches:
        rows = self.parts.score_rows
        return self.parts.feeds["train"].batches(rows, batch_bounds(len(rows), self.parts.score_batch))

    def _activations(self) -> dict[str, tuple[Any, ...]]:
        """What the layers do to some rows of the fixed subset."""
        rows = self.parts.score_rows[:ROWS]
        x_B, _ = next(iter(self.parts.feeds["train"].batches(rows, [(0, len(rows))])))
        return {name: (_rows(tensor),) for name, tensor in self.cohort.activations(x_B).items()}

    def _end_trial(self, trial: int, outcome: Outcome, says: str = "") -> Iterator[Event]:
        over = self.progress.over
        self.progress = replace(self.progress, over=(*over[:trial], outcome.value, *over[trial + 1 :]))
        if self.plan.loop.keep == "last" and self.cohort.trials > 1 and outcome is not Outcome.DIVERGED:
            self._keep(tuple(other == trial for other in range(self.cohort.trials)))  # the others move on
        yield TrialEnded(trial, self.progress.epoch, self.progress.step, outcome, says)

    def _ended(self, outcome: Outcome, says: str = "") -> Ended:
        return Ended(outcome, self.progress.epoch, self.progress.step, self._seconds(), says)

    def _keep(self, improved: Sequence[bool]) -> None:
        """Copies the weights of these trials, to be taken at the end."""
        weights = self.cohort.weights()
        if self.best is None or all(improved):
            self.best = {name: tensor.clone() for name, tensor in weights.items()}
            return
        rows = torch.tensor([i for i, up in enumerate(improved) if up])
        for name, tensor in weights.items():
            at = rows.to(tensor.device)
            self.best[name].index_copy_(0, at, tensor.index_select(0, at))

    def take_best(self) -> None:
        """Puts the weights with the best validation score into the cohort; each trial its own."""
        if self.best is not None:
            self.cohort.load({**self.cohort.state(), **self.best})

    def _save_due(self) -> bool:
        loop, late = self.plan.loop, time.monotonic() - self._saved_at
        if loop.save_every_steps is not None:
            return self.progress.step - max(self._saved_step, 0) >= loop.save_every_steps
        return late >= loop.save_every_s

    def _save(self) -> Iterator[Event]:
        if self.checkpoints is None:
            return
        tensors = {f"now/{name}": tensor for name, tensor in self.cohort.state().items()}
        tensors |= {f"best/{name}": tensor for name, tensor in (self.best or {}).items()}
        progress = replace(self.progress, seconds=self._seconds())
        file = self.checkpoints.save(Checkpoint(progress, tensors, self.machine))
        self._saved_at, self._saved_step = time.monotonic(), progress.step
        yield Saved(progress.epoch, progress.step, file)

    def _restore(self, start: Checkpoint) -> None:
        self.progress, self._saved_step = start.progress, start.progress.step
        self._began -= start.progress.seconds
        now = {name.removeprefix("now/"): t for name, t in start.tensors.items() if name.startswith("now/")}
        best = {name.removeprefix("best/"): t for name, t in start.tensors.items() if name.startswith("best/")}
        fits = self.cohort.takes(now) and (not best or _alike(best, self.cohort.weights()))
        if start.progress.trials != self.cohort.trials or not fits:
            raise RunError(
                "the checkpoint is of another network",
                code="S33",
                fix="netsitter fit starts anew",
                state="nothing was lost.",
            )
        self.cohort.load(now)
        weights = self.cohort.weights()
        self.best = {name: t.to(weights[name].device) for name, t in best.items()} or None

    def _seconds(self) -> float:
        return time.monotonic() - self._began


def _rows(tensor: Tensor) -> Any:
    """A reading as nested tuples, the trials first."""
    if tensor.ndim == 1:
        return tuple(tensor.tolist())
    return tuple(map(_rows, tensor.cpu().unbind()))


def _alike(tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> bool:
    """Whether both hold the same names, each with the same shape and type."""
    return {name: (t.shape, t.dtype) for name, t in tensors.items()} == {
        name: (t.shape, t.dtype) for name, t in wanted.items()
    }


def part_batches(feed: Feed, rows: int) -> Batches:
    """A whole part in its own order, so many rows at a time."""
    return feed.batches(np.arange(feed.rows), batch_bounds(feed.rows, rows))
