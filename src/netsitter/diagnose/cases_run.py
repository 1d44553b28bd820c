"""Short runs as traces, for the sick and well cases of rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from netsitter.diagnose.cases import ROWS, table
from netsitter.diagnose.cases_start import attempts, start
from netsitter.plan.plan import Plan
from netsitter.record.events import Ended, EpochEnded, Event, Known, Measured, Outcome, Started, TrialEnded
from netsitter.record.start_facts import StartFacts
from netsitter.record.trace import Trace

STEPS = 50
"""Of an epoch."""


def run(
    *,
    train: Sequence[float] = (),
    val: Sequence[float] = (),
    train_loss: Sequence[float] = (),
    val_loss: Sequence[float] = (),
    batch_loss: Sequence[float] = (),
    epochs: int = 10,
    facts: StartFacts | None = None,
    over: bool = True,
    diverged: str = "",
    layers: Sequence[str] = ("1",),
    weights: Sequence[str] = ("0.weight", "2.weight"),
    epoch_series: Mapping[str, Sequence[Any]] | None = None,
    known: Mapping[str, Mapping[str, Any]] | None = None,
    parameters: int = 0,
) -> Trace:
    """A run of two equal classes with these figures by epoch; the last one is repeated to the length of the longest.

    batch_loss: the mean loss of the batches of each epoch; that on the training subset where it is left out.
    epoch_series: other series by name, one reading an epoch. diverged: what was said as it diverged.
    """
    length = max(map(len, (train, val, train_loss, val_loss, batch_loss, *(epoch_series or {}).values(), (0,))))
    facts = facts or start(
        data=table(), attempts=attempts(as_it_is=0.5), program={**start().program, "steps": epochs * STEPS}
    )
    facts = replace(facts, data=facts.data or table(), program={**facts.program, "steps": epochs * STEPS})
    events: list[Event] = [
        Started("a case", (Plan().model_dump(mode="json"),), {"rows": dict(ROWS)}, {"parameters": parameters}, {}, 0.0),
        Known("start", facts.as_json()),
        Known("watched", {"layers": tuple(layers), "kinds": ("ReLU",) * len(layers), "weights": tuple(weights)}),
    ]
    events += [Known(about, values) for about, values in (known or {}).items()]
    for epoch in range(1, length + 1):
        step = epoch * STEPS
        losses = at(batch_loss or train_loss or (1.0,), epoch)
        events.append(Measured(epoch, tuple(range(step - STEPS + 1, step + 1)), {"loss": ((losses,),) * STEPS}))
        if epoch_series:
            events.append(
                Measured(epoch, (step,), {name: ((at(series, epoch),),) for name, series in epoch_series.items()})
            )
        figures = {"train": train, "val": val, "train_loss": train_loss, "val_loss": val_loss}
        values = {f"epoch/{name}": (at(series or (0.5,), epoch),) for name, series in figures.items()}
        events.append(EpochEnded(epoch, epochs, step, values, (True,), float(epoch)))
    if diverged:
        events.append(TrialEnded(0, length, length * STEPS, Outcome.DIVERGED, diverged))
    if over:
        outcome = Outcome.DIVERGED if diverged else Outcome.FINISHED
        events.append(Ended(outcome, length, length * STEPS, 1.0))
    return Trace(events)


def at(series: Sequence[Any], epoch: int) -> Any:
    """The figure of this epoch, or the last one there is."""
    return series[min(epoch, len(series)) - 1]
