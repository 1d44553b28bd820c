"""The console: a sink that prints. Rich and moving in a terminal, plain lines elsewhere; silent where nothing is to be said."""

from __future__ import annotations

import sys
import time
from math import ceil
from pathlib import Path
from typing import Any, TextIO

from netsitter.record.events import Checked, Chosen, Ended, EpochEnded, Event, Found, Measured, Resumed, Started, TrialEnded
from netsitter.report.text import (
    check_line,
    choice_lines,
    clock,
    ended_lines,
    epoch_line,
    finding_lines,
    started_lines,
    trial_line,
)


class Console:
    """Prints a run's events as they come.

    where: the run's folder, told at the end. stream: standard output when None.
    """

    def __init__(self, where: Path | None = None, *, stream: TextIO | None = None) -> None:
        self.where = "" if where is None else str(where)
        self.stream = stream or sys.stdout
        self.started: Started | None = None
        self._choices: list[Chosen] = []
        self._checking = False
        self._bar = _Bar(self.stream) if self.stream.isatty() else None
        self._rate = _Rate()

    def take(self, event: Event) -> None:
        if not isinstance(event, Chosen) and self._choices:
            self._say("", "Chosen, since you left it open:", *choice_lines(self._choices))
            self._choices = []
        match event:
            case Started():
                self.started = event
                self._say(*started_lines(event))
                self._rate.total = _steps(event)
            case Chosen():
                self._choices.append(event)
            case Found():
                self._say(*finding_lines(event.finding))
            case Checked():
                self._say(*([] if self._checking else ["", "Checked before training:"]), check_line(event))
                self._checking = True
            case Resumed():
                same = "with the same bits as unbroken" if not event.inexact else f"not bit for bit: {event.inexact}"
                self._say(f"Resumed after {event.step:,} steps; {same}")
            case Measured():
                self._begin_training()
                self._progress(event)
            case EpochEnded():
                self._begin_training()
                self._say(epoch_line(event))
            case TrialEnded():
                self._say(*filter(None, [trial_line(event)]))
            case Ended():
                self.close()
                self._say("", *ended_lines(event, self.started, self.where))
            case _:
                pass

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def _begin_training(self) -> None:
        if self._checking:
            self._checking = False
            self._say("")

    def _progress(self, event: Measured) -> None:
        if self._bar is not None:
            left = self._rate.left(event.steps[-1])
            told = f"epoch {event.epoch}  step {event.steps[-1]:,} of {self._rate.total:,}  loss {event.values['loss'][-1][0]:.4f}"
            self._bar.show(event.steps[-1], self._rate.total, told + (f"  {clock(left)} left" if left is not None else ""))

    def _say(self, *lines: str) -> None:
        if self._bar is not None:
            self._bar.print(*lines)
            return
        for line in lines:
            print(line, file=self.stream, flush=True)


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
        self._progress = Progress(BarColumn(), TextColumn("{task.description}", markup=False), console=self._rich, transient=True)
        self._task: Any = None

    def show(self, done: int, total: int, told: str) -> None:
        if self._task is None:
            self._progress.start()
            self._task = self._progress.add_task(told, total=total or None)
        self._progress.update(self._task, completed=done, description=told)

    def print(self, *lines: str) -> None:
        for line in lines:
            self._rich.print(line, soft_wrap=True)

    def close(self) -> None:
        self._progress.stop()


def _steps(event: Started) -> int:
    """Steps of the whole run, as its plan says."""
    loop = event.plans[0]["loop"]
    return ceil(event.data["rows"]["train"] / loop["batch"]) * int(loop["epochs"])
