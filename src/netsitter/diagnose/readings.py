"""Series by layer or weight, read for rules: the worst layer of a trial, now and at first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from netsitter.diagnose.in_run import healthy, numbered, trials
from netsitter.record.loop_facts import loop_of
from netsitter.record.trace import Trace


@dataclass(frozen=True)
class Reading:
    """One layer of one trial. trial: None when there is but one."""

    name: str
    first: float
    now: float
    step: int
    trial: int | None


def worst_layers(trace: Trace, series: str) -> Iterator[Reading]:
    """Of each trial that has not reached its aim, the layer with the highest reading now."""
    curve, names = trace.curve(series), list(trace.watched.get("layers", ()))
    if curve.values.ndim < 3 or not len(curve.steps) or curve.values.shape[2] != len(names):
        return
    for trial in range(trials(trace)):
        now = curve.values[-1, trial]
        if healthy(trace, trial) or np.isnan(now).all():
            continue
        layer = int(np.nanargmax(now))
        yield Reading(
            names[layer],
            float(curve.values[0, trial, layer]),
            float(now[layer]),
            int(curve.steps[-1]),
            numbered(trace, trial),
        )


def gives_output(trace: Trace, layer: str) -> bool:
    """Whether this layer gives the answer itself."""
    start = trace.start
    if start is None:
        loop = loop_of(trace)
        return loop is not None and loop.output == layer
    if start.graph is None or not start.graph.operations or start.graph.result < 0:
        return False
    return start.graph.operations[start.graph.result].name == layer
