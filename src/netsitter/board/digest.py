"""`Digest`: what the list shows of a run or a search. Small, so that thousands fit into memory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from netsitter.record.events import (
    Concluded,
    Crowned,
    Cured,
    Ended,
    EpochEnded,
    Event,
    Found,
    Known,
    Measured,
    Outcome,
    Resumed,
    SearchBegan,
    Searched,
    StageBegan,
    Started,
)
from netsitter.record.findings import Finding

SPARKS = 40
"""Points of the small curve of a list."""


class State(StrEnum):
    """How a run stands. The value is what people read."""

    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    DIVERGED = "diverged"
    CRASHED = "crashed"


OVER = {
    Outcome.FINISHED: State.FINISHED,
    Outcome.STOPPED_EARLY: State.FINISHED,
    Outcome.USELESS: State.STOPPED,
    Outcome.INTERRUPTED: State.STOPPED,
    Outcome.DIVERGED: State.DIVERGED,
}


@dataclass
class Digest:
    """A sink that keeps what a list needs.

    name: of the run's folder. search: whether it is a search. done, of: epochs, or trials of a search.
    step, steps: done, and as many as the plan asks for. begun: trials of all stages that have begun.
    score: on validation, the best so far; on the test part once there is one. spark: validation score by epoch, or by
    trial. loss: the latest.
    """

    name: str
    search: bool = False
    data: str = ""
    net: str = ""
    real: bool = False
    plan: Mapping[str, Any] = field(default_factory=dict)
    ended: Ended | None = None
    done: int = 0
    of: int = 0
    step: int = 0
    steps: int = 0
    loss: float | None = None
    score: float | None = None
    part: str = ""
    begun: int = 0
    concluded: bool = False
    cured: bool = False
    _spark: list[float] = field(default_factory=list)
    _findings: dict[str, str] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        match event:
            case Started():
                vars(self).update(vars(Digest(self.name)))
                self._begin(event)
            case Resumed():
                self.ended, self.done, self.step = None, event.epoch, event.step
                self._spark = self._spark[: event.epoch]
                self._best()
            case Measured() if "loss" in event.values:
                self.step, self.loss = int(event.steps[-1]), float(event.values["loss"][-1][0])
            case EpochEnded():
                self.done, self.of, self.step = event.epoch, event.epochs, event.step
                self._spark.append(float(event.values["epoch/val"][0]))
                self._best()
            case Found():
                self._count([event.finding])
            case Concluded():
                self.concluded, self._findings = True, {}
                self._count(event.findings)
            case Ended():
                self.ended, self.step = event, event.step
                part = "test" if "test" in event.scores else "val"
                if part in event.scores:
                    self.score, self.part = float(event.scores[part]["score"][0]), part
            case SearchBegan():
                self.search, self.of = True, event.trials
            case Known() if event.about == "search":
                self.data, self.net = str(event.facts.get("data", "")), str(event.facts.get("net", ""))
            case StageBegan():
                self.begun = event.first + event.trials
            case Searched():
                self.concluded, self.done = False, self.done + 1
                self._spark.append(math.nan if event.score is None else float(event.score))
                self._best()
            case Crowned() if "test" in event.scores:
                self.score, self.part = float(event.scores["test"]["score"]), "test"
            case Cured():
                self.cured = True
            case _:
                pass

    def state(self, *, written: bool) -> State:
        """How it stands. written: whether a process holds its journal."""
        if self.ended is not None:
            return OVER[self.ended.outcome]
        if written:
            return State.RUNNING
        # Within a time a search has fewer trials than it was asked for; and while its winner trains nobody holds it.
        over = self.concluded or self.done >= min(self.of, self.begun)
        return State.FINISHED if self.search and over else State.CRASHED

    def as_json(self) -> dict[str, Any]:
        severities = list(self._findings.values())
        return {
            "name": self.name,
            "search": self.search,
            "data": self.data,
            "net": self.net,
            "real": self.real,
            "done": self.done,
            "of": self.of,
            "step": self.step,
            "steps": self.steps,
            "loss": self.loss,
            "score": self.score,
            "part": self.part,
            "errors": severities.count("error"),
            "warnings": severities.count("warning"),
            "notes": severities.count("note"),
            "cured": self.cured,
            "says": self.ended.says if self.ended else "",
            "spark": thinned(self._spark),
        }

    def _begin(self, event: Started) -> None:
        self.plan = event.plans[0]
        self.data = str(event.data.get("name", ""))
        self.net = str(event.net.get("kind", ""))
        self.real = not event.data.get("classes")
        loop, rows = self.plan.get("loop") or {}, (event.data.get("rows") or {}).get("train") or 0
        self.of, batch = int(loop.get("epochs") or 0), int(loop.get("batch") or 0)
        # A last batch of one row joins the one before it.
        self.steps = self.of * max(1, (rows + batch - 1 - (batch > 1)) // batch) if batch else 0

    def _best(self) -> None:
        finite = [score for score in self._spark if math.isfinite(score)]
        self.score, self.part = (max(finite), "val") if finite else (None, "")

    def _count(self, findings: list[Finding] | tuple[Finding, ...]) -> None:
        self._findings |= {f"{finding.code} {finding.where}": finding.severity for finding in findings}


def thinned(values: list[float]) -> list[float]:
    """At most `SPARKS` of the values, the last among them."""
    if len(values) <= SPARKS:
        return list(values)
    return [values[round(i * (len(values) - 1) / (SPARKS - 1))] for i in range(SPARKS)]
