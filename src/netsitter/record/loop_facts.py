"""A loop that is not ours, as far as its network and its optimiser show it: what the rules of a run read of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from netsitter.record.events import Known
from netsitter.record.trace import Trace

ABOUT = "loop"
"""What `Known` calls these facts."""

OWN, NEXT = "slope/own", "slope/next"
"""Series: how far the loss should change in a step, to first order, by the gradient that the step was made of, and by
the gradient of the step after it."""


@dataclass(frozen=True)
class LoopFacts:
    """What only a loop that is watched from outside can show.

    steps: of the optimiser, so far. trained: numbers in all parameters of the network that ask for a gradient.
    unheld: parameters, with their sizes, that no optimiser seen holds; unreached: those that never had a gradient.
    probed: pairs of steps over which it was seen whether gradients are cleared; kept: of those, where they were not.
    climbs: whether the optimiser goes along the gradient (`maximize`). others: steps of other optimisers meanwhile.
    scored: scores that were noted right behind forward passes without gradient; noisy: of those, all passes in training
        mode, of a network for which that makes a difference.
    output: the layer that gives the answer itself, None while it is not known.
    """

    steps: int = 0
    trained: int = 0
    unheld: Mapping[str, int] = field(default_factory=dict)
    unreached: Mapping[str, int] = field(default_factory=dict)
    probed: int = 0
    kept: int = 0
    climbs: bool = False
    others: int = 0
    scored: int = 0
    noisy: int = 0
    output: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def loop_of(trace: Trace) -> LoopFacts | None:
    """The facts of the loop as they were told last; None of a run that is our own."""
    told = next((event for event in reversed(trace.events) if isinstance(event, Known) and event.about == ABOUT), None)
    return None if told is None else _adapter().validate_python(told.facts)


@cache
def _adapter() -> TypeAdapter[LoopFacts]:
    return TypeAdapter(LoopFacts)
