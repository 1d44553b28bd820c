"""`Entry`: one figure, with what to look for in it. Each file of a section's folder defines one, called FIGURE."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netsitter.record.trace import Trace

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Entry:
    """A figure that is drawn from a trace alone.

    slug: names the figure; its file has the same name. title: what it shows, with the unit.
    look_for: one sentence for somebody who sees such a figure for the first time.
    place: the lower, the earlier on a page; no two figures have the same.
    needs: series, kinds of events, or what a `Known` is about: one of them has to be in the trace.
    enough: whether what is there is enough to say anything.
    draw: the figure; of an empty trace too, and then without a curve. Colours of paper, grid and text are not in it:
        they come from `look.template`, so that a page can change from light to dark.
    """

    slug: str
    title: str
    look_for: str
    place: int
    needs: tuple[str, ...]
    draw: Callable[[Trace], go.Figure]
    enough: Callable[[Trace], bool] = lambda trace: True

    def has(self, trace: Trace) -> bool:
        """Whether there is anything to draw."""
        told = {event.kind for event in trace.events} | trace.known.keys() | set(trace.names())
        return bool(told & set(self.needs)) and self.enough(trace)
