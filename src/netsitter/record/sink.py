"""What takes events: the trace, the journal, the console."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from netsitter.record.events import Event


class Sink(Protocol):
    """Takes each event as it happens. It cannot answer."""

    def take(self, event: Event) -> None: ...

    def close(self) -> None: ...


def pump(events: Iterable[Event], sinks: Iterable[Sink]) -> Iterator[Event]:
    """Hands each event to every sink, in the order of the sinks, then passes it on."""
    sinks = list(sinks)
    for event in events:
        for sink in sinks:
            sink.take(event)
        yield event
