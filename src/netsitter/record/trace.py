"""`Trace`: all that a run has said, in memory: its series as arrays, and its other events in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from netsitter.record.events import (
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
from netsitter.record.findings import Finding
from netsitter.record.start_facts import StartFacts, start_of

Kind = TypeVar("Kind", bound=Event)


@dataclass(frozen=True)
class Curve:
    """One series of a run. steps: (S,), rising. values: (S, T), or (S, T, ...) where the series has more axes."""

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
        self._series: dict[str, tuple[list[int], list[Any]]] = {}
        self._start: tuple[Known, StartFacts] | None = None
        for event in events:
            self.take(event)

    def take(self, event: Event) -> None:
        """Keeps one event; a `Resumed` first drops what was told of later steps, a `Started` all that stood before."""
        if isinstance(event, Started):
            self.events, self._series = [], {}
        if isinstance(event, Resumed):
            kept = [kept for told in self.events if (kept := _up_to(told, event)) is not None]
            self.events, self._series = [], {}
            for told in kept:
                self._keep(told)
        self._keep(event)

    def _keep(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Measured):
            for name, values in event.values.items():
                steps, rows = self._series.setdefault(name, ([], []))
                steps += event.steps
                rows += values
        elif isinstance(event, EpochEnded):
            for name, value in event.values.items():
                steps, rows = self._series.setdefault(name, ([], []))
                steps.append(event.step)
                rows.append(value)

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
        """What the doctor concluded, roots first, each with its echoes; before that, what was found so far."""
        concluded = self.last(Concluded)
        return list(concluded.findings) if concluded else [event.finding for event in self.of(Found)]

    @property
    def known(self) -> Mapping[str, Mapping[str, Any]]:
        """The latest facts by what they are about."""
        return {event.about: event.facts for event in self.of(Known)}

    @property
    def start(self) -> StartFacts | None:
        """The facts of the start, where they were measured."""
        told = next(
            (event for event in reversed(self.events) if isinstance(event, Known) and event.about == "start"), None
        )
        if told is None:
            return None
        if self._start is None or self._start[0] is not told:
            self._start = (told, start_of(told.facts))
        return self._start[1]

    @property
    def watched(self) -> Mapping[str, Any]:
        """The names along the axes of the series: `layers`, their `kinds`, and `weights`; empty if none are."""
        return self.known.get("watched", {})

    @property
    def checks(self) -> list[Checked]:
        return self.of(Checked)

    @property
    def choices(self) -> list[Chosen]:
        return self.of(Chosen)

    def curve(self, name: str) -> Curve:
        """One series; empty when it was never measured."""
        steps, rows = self._series.get(name, ([], []))
        values = np.asarray(rows, dtype=np.float64)
        values = values if values.ndim > 1 else values.reshape(len(rows), -1 if rows else 0)
        return Curve(name, np.asarray(steps, dtype=np.int64), values)

    def names(self) -> list[str]:
        """The series that were measured."""
        return sorted(self._series)


def _up_to(event: Event, resumed: Resumed) -> Event | None:
    """The event as far as it tells of what a resume keeps; None when it tells of later things only."""
    if isinstance(event, Concluded | Ended):
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
