"""The console: a sink that prints. A moving bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from netsitter.errors import printable
from netsitter.record.events import (
    DEPTH,
    Checked,
    Chosen,
    Concluded,
    Ended,
    EpochEnded,
    Event,
    Found,
    Known,
    Measured,
    Resumed,
    Started,
    TrialEnded,
)
from netsitter.report.text import (
    check_line,
    checked_lines,
    choice_lines,
    clock,
    counted,
    depth_lines,
    ended_lines,
    epoch_line,
    finding_lines,
    found_line,
    started_lines,
    trial_line,
    verdict_lines,
    wrapped,
)

NO_BAR = ("dumb", "unknown")
"""Terminals, by the name in TERM, that cannot move back over what they have written."""


class Console:
    """Prints a run's events as they come. Whatever happens to the stream, the run goes on: then it is silent.

    where: the run's folder, told at the end. stream: standard output when None.
    details: whether a check's table of layers is shown.
    """

    def __init__(self, where: Path | None = None, *, stream: TextIO | None = None, details: bool = False) -> None:
        self.details = details
        self.where = "" if where is None else str(where)
        self.stream = stream or sys.stdout
        self.started: Started | None = None
        self._choices: list[Chosen] = []
        self._block = ""
        self._mute = self._trained = False
        self._not_checked: list[tuple[str, str]] = []
        self._bar = _Bar(self.stream) if self.stream.isatty() and os.environ.get("TERM") not in NO_BAR else None
        self._rate = _Rate()

    def take(self, event: Event) -> None:
        if not isinstance(event, Chosen) and self._choices:
            self._begin("chosen", "Chosen, since you left it open:")
            self.say(*choice_lines(self._choices))
            self._choices = []
        match event:
            case Started():
                self.started = event
                self._block = "started"
                self.say(*started_lines(event))
                self._rate.total = _steps(event)
            case Chosen():
                self._choices.append(event)
            case Known() if event.about == "start":
                data = (event.facts.get("data") or {}).get("not_checked", ())
                self._not_checked = [("data", str(why)) for why in data]
                self._not_checked += [(str(what), str(why)) for what, why in event.facts.get("not_checked", ())]
            case Found():
                if self._block == "training":
                    self.say(found_line(event.finding))
                else:
                    self._begin("found", "Found before training:")
                    self.say(*finding_lines(event.finding))
            case Concluded():
                self.close()
                self._begin("concluded")
                told = verdict_lines if self._trained else checked_lines
                self.say(*told(event.findings, self._not_checked))
            case Checked():
                self._begin("checked", "Checked before training:")
                self.say(check_line(event))
                if self.details and event.check == DEPTH:
                    self.say(*depth_lines(event.numbers["layers"]))
            case Resumed():
                same = "with the same bits as unbroken" if not event.inexact else f"not bit for bit: {event.inexact}"
                lost = [f"Damaged, and passed over: {', '.join(event.damaged)}"] if event.damaged else []
                self.say(*lost, f"Resumed after {counted(event.step, 'step')}; {same}")
            case Measured() if "loss" in event.values:
                self._trained = True
                self._begin("training")
                self._progress(event)
            case EpochEnded():
                self._begin("training")
                self.say(epoch_line(event))
            case TrialEnded():
                self.say(*filter(None, [trial_line(event)]))
            case Ended():
                self.close()
                self._begin("ended")
                self.say(*ended_lines(event, self.started, self.where))
            case _:
                pass

    def close(self) -> None:
        if self._bar is not None:
            self._safely(self._bar.close)

    def _begin(self, block: str, *heading: str) -> None:
        """A blank line and the heading, unless this block has begun."""
        if self._block != block:
            self.say(*([""] if self._block else []), *heading)
            self._block = block

    def _progress(self, event: Measured) -> None:
        step, loss = event.steps[-1], event.values["loss"][-1][0]
        left = self._rate.left(step)
        told = f"epoch {event.epoch}  step {step:,} of {self._rate.total:,}  loss {loss:.4f}"
        told += f"  {clock(left)} left" if left is not None else ""
        self.bar(step, self._rate.total, told)

    def bar(self, done: int, total: int, told: str) -> None:
        """Moves the bar at the foot, where there is one."""
        bar = self._bar
        if bar is not None and not self._mute:
            self._safely(lambda: bar.show(done, total, told))

    def say(self, *lines: str) -> None:
        """Prints lines above the bar."""
        for line in map(printable, lines):
            if self._mute:
                return
            if self._bar is not None:
                self._safely(partial(self._bar.print, line))
            else:
                self._safely(partial(print, line, file=self.stream, flush=True))

    def _safely(self, show: Callable[[], None]) -> None:
        """Shows something; where that cannot be, because a pipe or a disk is closed or full, nothing more is shown."""
        try:
            show()
        except UnicodeEncodeError as error:
            # A terminal of the old kind has no ± and no ü; what it cannot write is not worth the run.
            plain = str(error.object).encode("ascii", "backslashreplace").decode()
            print(plain, file=self.stream, flush=True)
        except (OSError, ValueError):
            self._mute = True


class _Rate:
    """How long the rest will take, from the pace since the first step seen."""

    def __init__(self) -> None:
        self.total = 0
        self._first: tuple[int, float] | None = None

    def left(self, step: int) -> float | None:
        now = time.monotonic()
        if self._first is None:
            self._first = (step, now)
            return None
        done = step - self._first[0]
        return (self.total - step) * (now - self._first[1]) / done if done else None


class _Bar:
    """A progress bar of rich at the foot of the terminal, with lines printed above it."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console as Rich
        from rich.progress import BarColumn, Progress, TextColumn

        self._rich = Rich(file=stream, highlight=False, markup=False)
        self._progress = Progress(
            BarColumn(), TextColumn("{task.description}", markup=False), console=self._rich, transient=True
        )
        self._task: Any = None

    def show(self, done: int, total: int, told: str) -> None:
        if self._task is None:
            self._progress.start()
            self._task = self._progress.add_task(told, total=total or None)
        self._progress.update(self._task, completed=done, description=told)

    def print(self, line: str) -> None:
        for part in wrapped(line, self._rich.width):
            self._rich.print(part, soft_wrap=True)

    def close(self) -> None:
        self._progress.stop()


def _steps(event: Started) -> int:
    """Steps of the whole run, as its plan says; a last batch of one row joins the one before it."""
    loop = event.plans[0]["loop"]
    batch, rows = int(loop["batch"]), int(event.data["rows"]["train"])
    joined = 1 if batch > 1 else 0
    return max(1, (rows + batch - 1 - joined) // batch) * int(loop["epochs"])
