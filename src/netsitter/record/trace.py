"""`Trace`: all that a run has said, in memory: its series as arrays, and its other events in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from netsitter.record.events import (
    Checked,
    Chosen,
    Ended,
    EpochEnded,
    Event,
    Found,
    Measured,
    Resumed,
    Started,
    TrialEnded,
)
from netsitter.record.findings import Finding

Kind = TypeVar("Kind", bound=Event)


@dataclass(frozen=True)
class Curve:
    """One series of a run. steps: (S,), rising. values: (S, T)."""

    name: str
    steps: NDArray[np.int64]
    values: NDArray[np.float64]


class Trace:
    """A sink that keeps every event, and forgets what a resume undid.

    >>> trace = Trace()
    >>> trace.take(Measured(epoch=1, steps=(1, 2), values={"loss": ((2.3,), (2.1,))}))
    >>> trace.curve("loss").values[:, 0].tolist()
    [2.3, 2.1]
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.events: list[Event] = []
        for event in events:
            self.take(event)

    def take(self, event: Event) -> None:
        """Keeps one event; a `Resumed` first drops what was told of later steps, a `Started` all that stood before."""
        if isinstance(event, Started):
            self.events = []
        if isinstance(event, Resumed):
            self.events = [kept for told in self.events if (kept := _up_to(told, event)) is not None]
        self.events.append(event)

    def close(self) -> None:
        """Nothing to do: all is in memory."""

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def last(self, kind: type[Kind]) -> Kind | None:
        """The latest event of one kind."""
        return next((event for event in reversed(self.events) if isinstance(event, kind)), None)

    @property
    def started(self) -> Started | None:
        return self.last(Started)

    @property
    def ended(self) -> Ended | None:
        return self.last(Ended)

    @property
    def findings(self) -> list[Finding]:
        return [event.finding for event in self.of(Found)]

    @property
    def checks(self) -> list[Checked]:
        return self.of(Checked)

    @property
    def choices(self) -> list[Chosen]:
        return self.of(Chosen)

    def curve(self, name: str) -> Curve:
        """One series; empty when it was never measured."""
        steps: list[int] = []
        rows: list[tuple[float, ...]] = []
        for event in self.events:
            if isinstance(event, Measured) and name in event.values:
                steps += event.steps
                rows += event.values[name]
            elif isinstance(event, EpochEnded) and name in event.values:
                steps.append(event.step)
                rows.append(event.values[name])
        values = np.asarray(rows, dtype=np.float64).reshape(len(rows), -1)
        return Curve(name, np.asarray(steps, dtype=np.int64), values)

    def names(self) -> list[str]:
        """The series that were measured."""
        found = {name for event in self.events if isinstance(event, Measured | EpochEnded) for name in event.values}
        return sorted(found)


def _up_to(event: Event, resumed: Resumed) -> Event | None:
    """The event as far as it tells of what a resume keeps; None when it tells of later things only."""
    if isinstance(event, Ended):
        return None
    if isinstance(event, EpochEnded | TrialEnded) and event.epoch > resumed.epoch:
        return None
    if isinstance(event, Measured):
        kept = [i for i, at in enumerate(event.steps) if at <= resumed.step]
        if not kept:
            return None
        values = {name: tuple(rows[i] for i in kept) for name, rows in event.values.items()}
        return Measured(event.epoch, tuple(event.steps[i] for i in kept), values)
    at = event.finding.step if isinstance(event, Found) else getattr(event, "step", None)
    return event if at is None or at <= resumed.step else None
