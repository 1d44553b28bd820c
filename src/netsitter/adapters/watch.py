"""`watch`: any loop watched in one line. It listens to network and optimiser, tells our events, and asks the doctor."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict
from math import isfinite
from types import TracebackType
from typing import Any

from torch import Tensor, nn
from torch.optim.optimizer import Optimizer

from netsitter.adapters.layers import Layers
from netsitter.adapters.steps import Steps
from netsitter.diagnose.doctor import Doctor
from netsitter.errors import PlanError, shown
from netsitter.plan.plan import Plan, changed, plan_of
from netsitter.record.events import Concluded, Ended, EpochEnded, Found, Known, Measured, Outcome, Started, TrialEnded
from netsitter.record.findings import Finding
from netsitter.record.loop_facts import ABOUT, LoopFacts
from netsitter.record.rhythm import is_look
from netsitter.record.trace import Trace
from netsitter.report.text import found_line, verdict_lines
from netsitter.train.watching import Looked, watched_of

LOST = 3
"""Losses in a row that are not finite, after which it is lost: scaled half precision skips a step or two."""

AT_ONCE = 64
"""Noted losses that are told together."""

FIRST_LOOK = 64
"""Steps after which a loop that notes no epochs is looked at first; then whenever they have doubled."""


def watch(model: nn.Module, optimizer: Optimizer, *, show: bool = True, every: int = 50) -> Sitter:
    """Watches a training loop of your own, and says what is wrong with it. It changes nothing of the loop.

        with ns.watch(model, optimizer) as sitter:
            for epoch in range(epochs):
                for x, y in batches:
                    optimizer.zero_grad()
                    loss = criterion(model(x), y)
                    loss.backward()
                    optimizer.step()
                    sitter.note(loss=loss.item(), epoch=epoch)
        sitter.findings

    show: whether findings are printed as they are made, and the verdict at the end.
    every: steps between two measurements of gradients and updates, after the first ones; 0 measures these alone.
    Raises PlanError for what is no network or no optimiser.
    """
    if not isinstance(model, nn.Module):
        raise PlanError(f"model must be a torch.nn.Module; got {shown(model)}", code="P70")
    if not isinstance(optimizer, Optimizer):
        raise PlanError(f"optimizer must be a torch.optim.Optimizer; got {shown(optimizer)}", code="P71")
    if every < 0:
        raise PlanError(f"every must be 0 or more steps; got {every}", code="P72")
    return Sitter(model, optimizer, show=show, every=every)


class Sitter:
    """Listens while its `with` block runs. Made by `watch`.

    trace: all that was seen. not_checked: (what, why) of what could not be seen.
    """

    def __init__(self, model: nn.Module, optimizer: Optimizer, *, show: bool, every: int) -> None:
        self.model, self.show = model, show
        self.trace = Trace()
        self.not_checked: list[tuple[str, str]] = []
        self._steps = Steps(model, optimizer, every, self.not_checked)
        self._layers = Layers(model, self.not_checked)
        self._plan = Plan()
        self._began, self._listens = 0.0, False
        self._losses: list[tuple[int, float, int]] = []
        self._loss_told = 0
        self._epoch: Any = None
        self._epochs, self._epoch_step, self._looked_at, self._rows_read_at = 0, 0, 0, -1
        self._scores: dict[str, tuple[float, ...]] = {}
        self._best = float("-inf")
        self._scored = self._noisy = 0
        self._lost: list[tuple[int, float]] = []
        self._told: set[str] = set()

    def __enter__(self) -> Sitter:
        self._began = time.monotonic()
        self._plan = _plan(self.model, self._steps)
        known = {"rows": {}, "classes": ()}
        self.trace.take(Started("a watched loop", (self._plan.model_dump(mode="json"),), known, {}, {}, time.time()))
        self._steps.watched = watched_of(self.model)
        self.trace.take(Known("watched", asdict(self._steps.watched)))
        self._layers.open()
        self._layers.collect()
        self._steps.open()
        self._steps.hear(self._stepped)
        self._listens = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listens = False
        self._layers.close()
        self._steps.close()
        self._end(Outcome.FINISHED if error is None else Outcome.INTERRUPTED)

    @property
    def findings(self) -> list[Finding]:
        """What is wrong as far as it is known now: roots first, each with its echoes."""
        if self.trace.ended is not None:
            return self.trace.findings
        self._flush()
        return self._doctor().conclude(Trace([*self.trace.events, self._loop()]))

    def note(
        self,
        *,
        loss: float | Tensor | None = None,
        epoch: int | None = None,
        train: float | Tensor | None = None,
        val: float | Tensor | None = None,
    ) -> None:
        """Notes what hooks cannot see. All is optional.

        loss: of the last step's batch. epoch: the one that goes on, counted as you like; a new one ends the old one.
        train, val: scores at an epoch's end, the higher the better.
        Raises PlanError for what is not one number.
        """
        if not self._listens:
            return
        scores = {name: _number(name, value) for name, value in (("train", train), ("val", val)) if value is not None}
        step = max(self._steps.done, 1)
        if epoch is not None and epoch != self._epoch:
            self._turn(epoch)
        self._epoch_step = step
        if loss is not None:
            self._note_loss(step, _number("loss", loss))
        if scores:
            self._scores |= {f"epoch/{name}": (score,) for name, score in scores.items()}
            noisy, passes = self._layers.scoring
            self._scored += passes > 0
            self._noisy += passes > 0 and noisy == passes

    def _note_loss(self, step: int, loss: float) -> None:
        if self._losses and self._losses[-1][0] == step:
            # Several batches make one step.
            _, mean, count = self._losses[-1]
            self._losses[-1] = (step, mean + (loss - mean) / (count + 1), count + 1)
        else:
            if len(self._losses) >= AT_ONCE:
                self._flush()
            self._losses.append((step, loss, 1))
        lost = len(self._lost) >= LOST
        if not isfinite(loss):
            self._lost.append((step, loss))
        elif not lost:
            self._lost = []
        if len(self._lost) == LOST and not lost:
            self._flush()
            self._diverged()

    def _diverged(self) -> None:
        step, loss = self._lost[0]
        told = f"the loss of step {step} is {loss:g}"
        self.trace.take(TrialEnded(0, self._epochs, step, Outcome.DIVERGED, told))
        self._look()

    def _stepped(self) -> None:
        """After each step of the optimiser."""
        step = self._steps.done
        if self._layers.stepped():
            self._read_layers()
        if self._epoch is None and step >= FIRST_LOOK and step & (step - 1) == 0:
            self._read_layers()
            self._look()
            self._layers.collect()

    def _read_layers(self) -> None:
        """Tells what the layers did, once for a step."""
        series, step = self._layers.reading(self._steps.watched.layers), self._steps.done
        if series and step > self._rows_read_at:
            self._rows_read_at = step
            self._measure(step, series)

    def _measure(self, step: int, series: Looked) -> None:
        values = {name: (tensor.tolist(),) for name, tensor in series.items()}
        self.trace.take(Measured(self._epochs, (step,), values))

    def _turn(self, epoch: int) -> None:
        """Ends the epoch that went on, and begins another."""
        if self._epoch is not None:
            self._end_epoch()
        self._epoch = epoch
        if is_look(self._epochs + 1, 0) and self._epochs:
            self._layers.collect()

    def _end_epoch(self) -> None:
        self._flush()
        self._read_layers()
        self._epochs += 1
        score = self._scores.get("epoch/val", (float("nan"),))[0]
        best, self._best = score > self._best, max(score, self._best)
        seconds = time.monotonic() - self._began
        # How many epochs there will be is not known.
        self.trace.take(EpochEnded(self._epochs, 0, self._epoch_step, self._scores, (best,), seconds))
        self._scores = {}
        if is_look(self._epochs, 0):
            self._look()

    def _flush(self) -> None:
        """Tells what was measured and noted since it was told last."""
        readings, self._steps.readings = self._steps.readings, []
        for step, series in readings:
            self._measure(step, series)
        losses, self._losses = self._losses, []
        losses = [told for told in losses if told[0] > self._loss_told]
        if losses:
            self._loss_told = losses[-1][0]
            values = {"loss": tuple((loss,) for _, loss, _ in losses)}
            self.trace.take(Measured(self._epochs + 1, tuple(step for step, _, _ in losses), values))

    def _doctor(self) -> Doctor:
        return Doctor(changed(self._plan, {"loop.batch": self._layers.rows or None}))

    def _loop(self) -> Known:
        trained, unheld, unreached = self._steps.sizes()
        facts = LoopFacts(
            steps=self._steps.done,
            trained=trained,
            unheld=unheld,
            unreached=unreached,
            probed=self._steps.probed,
            kept=self._steps.kept,
            climbs=self._steps.climbs,
            others=self._steps.others,
            scored=self._scored,
            noisy=self._noisy,
            output=self._layers.output,
        )
        return Known(ABOUT, facts.as_json())

    def _look(self) -> None:
        """Prints what is found and was not told before."""
        for finding in self.findings:
            if finding.severity != "note" and finding.slug not in self._told:
                self._told.add(finding.slug)
                self.trace.take(Found(finding))
                self._say(found_line(finding))

    def _end(self, outcome: Outcome) -> None:
        if self._epoch is not None:
            self._end_epoch()
        self._flush()
        self._read_layers()
        if 0 < len(self._lost) < LOST:
            self._diverged()
        outcome = Outcome.DIVERGED if self._lost and outcome is Outcome.FINISHED else outcome
        self.trace.take(self._loop())
        ended = Ended(outcome, self._epochs, self._steps.done, time.monotonic() - self._began)
        concluded = self._doctor().conclude(Trace([*self.trace.events, ended]))
        self.trace.take(Concluded(tuple(concluded)))
        self.trace.take(ended)
        self._say(*verdict_lines(concluded, self.not_checked))

    def _say(self, *lines: str) -> None:
        """Prints, if it is to. A stream that is closed, full or of the old kind is none of the loop's concern."""
        with suppress(OSError, ValueError, AttributeError):
            for line in lines if self.show else ():
                print(line, flush=True)


def _number(name: str, value: Any) -> float:
    try:
        return float(value.detach() if isinstance(value, Tensor) else value)
    except (TypeError, ValueError, RuntimeError):
        raise PlanError(f"{name} must be one number; got {shown(value)}", code="P73") from None


def _plan(model: nn.Module, steps: Steps) -> Plan:
    """What is known of a loop that has no plan: that network and optimiser are its own, and the rate."""
    optim: dict[str, Any] = {"kind": "own", "own": type(steps.optimizer).__name__}
    if isfinite(steps.rate) and steps.rate > 0:
        optim["lr"] = steps.rate
    return plan_of({"net": {"kind": "own", "own": type(model).__name__}, "optim": optim})
