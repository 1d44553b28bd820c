"""Everything that can be said of a network before its first step, measured once and handed on as `StartFacts`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from torch import Tensor, nn

from netsitter.data.batches import batch_bounds
from netsitter.data.signal import counted, label_signal
from netsitter.nn.graph import graph_of
from netsitter.nn.summary import summary
from netsitter.record.events import Checked, Verdict
from netsitter.record.facts import DataFacts
from netsitter.record.start_facts import StartFacts, WiringFacts
from netsitter.train.own_optimiser import decay_of
from netsitter.train.preflight import TINY, preflight
from netsitter.train.prepare import Ready
from netsitter.train.start.attempts import attempts_of, guess_of
from netsitter.train.start.cannot import CannotMeasure
from netsitter.train.start.loss_facts import loss_facts, targets_of
from netsitter.train.start.outputs import outputs_of
from netsitter.train.start.signals import fresh_twin, signals_of, weights_of
from netsitter.train.start.untouched import own_chance
from netsitter.train.start.wiring import wiring_of

ROWS, GRAPH_ROWS = 256, 5
"""Training rows that signals, loss and wiring are measured on; and that the operations are followed with: an odd
number, which no other side is likely to have."""

WIRING_WORK = 2e9
"""Multiply-adds of one pass over the rows that the wiring is felt for on, at most; but never under `FEWEST_ROWS`."""

FEWEST_ROWS = 32

SIGNAL_ROWS = 1_500
"""Training rows that simple methods are tried on."""

Thing = TypeVar("Thing")


@dataclass
class _Notes:
    """What could not be measured, and why."""

    found: list[tuple[str, str]] = field(default_factory=list)

    def guarded(self, what: str, measure: Callable[[], Thing], otherwise: Thing) -> Thing:
        """What `measure` gives; `otherwise`, with a note, where it cannot."""
        try:
            return measure()
        except CannotMeasure as why:
            self.found.append((what, str(why)))
        except Exception as error:  # a user's own module may raise anything, anywhere
            self.found.append((what, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"))
        return otherwise


@own_chance()
def examined(
    net: nn.Module, ready: Ready, *, work: float, attempts: bool = True, gradients: bool = False
) -> tuple[StartFacts, list[Checked]]:
    """The facts of the start, and the checks as they are told. The network and the random streams are as they
    were afterwards.

    work: multiply-adds of one step. attempts: whether short trainings are made. gradients: whether the gradient is
    compared with finite differences.
    """
    notes = _Notes()
    rows = ready.parts.score_rows[:ROWS]
    x_B, y_B = next(iter(ready.parts.feeds["train"].batches(rows, [(0, len(rows))])))
    fresh = notes.guarded("fresh start", lambda: fresh_twin(net), None)
    graph = notes.guarded("operations", lambda: graph_of(net, x_B[:GRAPH_ROWS]), None)
    outputs = notes.guarded("outputs", lambda: outputs_of(net, x_B), None)
    name = ready.plan.loop.loss if ready.plan.loop.loss != "own" else _name_of(ready.loss)
    loss = notes.guarded(
        "loss", lambda: loss_facts(net, x_B, y_B, ready.loss, name=name or "", fresh=fresh, outputs=outputs), None
    )
    facts = StartFacts(
        own=ready.plan.net.kind == "own",
        data=_data(ready),
        target=notes.guarded("targets", lambda: targets_of(_all_targets(ready)), None),
        graph=graph,
        signals=notes.guarded("signals", lambda: signals_of(net, x_B), ()),
        fresh_signals=notes.guarded("fresh signals", lambda: signals_of(fresh, x_B) if fresh else (), ()),
        weights=(),
        outputs=outputs,
        loss=loss,
        wiring=WiringFacts(last_batch=_last_batch(ready)),
        program=_program(ready),
        input=notes.guarded("inputs", lambda: _input(x_B), {}),
        signal=notes.guarded("signal of the labels", lambda: _signal(ready), {}),
        misfits=notes.guarded("sizes", lambda: () if ready.tokens else summary(net, ready.example).warnings, ()),
    )
    if loss is None or loss.error:
        why = "the loss cannot be computed" if loss is None else f"the loss fails: {loss.error}"
        return replace(facts, not_checked=(*notes.found, ("all that needs the loss", why))), []
    checks = list(preflight(net, ready, gradients=gradients, guess=loss.guess))
    by_name = {check.check: check for check in checks}
    felt = max(FEWEST_ROWS, int(WIRING_WORK * (ready.plan.loop.batch or 1) * 3 / max(work, 1.0)))
    wiring = notes.guarded("wiring", lambda: wiring_of(net, x_B[:felt], y_B[:felt], ready.loss), facts.wiring)
    facts = replace(
        facts,
        weights=notes.guarded("weights", lambda: weights_of(net, x_B, y_B, ready.loss, None), ()),
        wiring=replace(wiring, last_batch=_last_batch(ready), **_from_checks(by_name)),
        tiny=by_name[TINY].numbers if TINY in by_name else {},
        attempts=notes.guarded("attempts", lambda: attempts_of(net, fresh, ready, work=work), {}) if attempts else {},
    )
    skipped = [(check.check, check.says) for check in checks if check.verdict is Verdict.SKIPPED]
    return replace(facts, not_checked=(*notes.found, *skipped)), checks


def _from_checks(checks: Mapping[str, Checked]) -> dict[str, Any]:
    """What the checks measured of the wiring."""
    found: dict[str, Any] = {}
    if "regularisation" in checks:
        numbers = checks["regularisation"].numbers
        found["l2_rise"] = float(numbers["with"]) - float(numbers["without"])
    if "rows of a batch" in checks:
        found["norms"] = tuple(checks["rows of a batch"].numbers["says"])
    if checks.get("gradient") and "error" in checks["gradient"].numbers:
        found |= {"gradient_error": checks["gradient"].numbers["error"], "gradient_says": checks["gradient"].says}
    return found


def _data(ready: Ready) -> DataFacts:
    """The data as numbers; targets that are pictures or sequences with the scale of all their numbers, yes and no and
    classes with none.
    """
    found = dict(ready.facts.parts)
    for name in found:
        given = ready.picked[name].given
        if given is None or found[name].class_counts:
            continue
        if not ready.parts.measure.real:
            found[name] = replace(found[name], target_mean=(), target_std=())
        elif given.ndim > 2:
            found[name] = replace(found[name], target_mean=(float(given.mean()),), target_std=(float(given.std()),))
    return replace(ready.facts, parts=found)


def _program(ready: Ready) -> dict[str, Any]:
    plan, rows = ready.plan, ready.parts.feeds["train"].rows
    steps = len(batch_bounds(rows, plan.loop.batch or rows))
    return {
        "optimizer": plan.optim.own or plan.optim.kind,
        "lr": plan.optim.lr,
        "batch": plan.loop.batch,
        "epochs": plan.loop.epochs,
        "rows": rows,
        "steps": steps * (plan.loop.epochs or 1),
        "steps_an_epoch": steps,
        "l2": plan.optim.l2,
        "decay": plan.optim.decay if ready.optimizer is None else decay_of(ready.optimizer),
        "guess": guess_of(_all_targets(ready), ready.parts.measure),
    }


def _last_batch(ready: Ready) -> int:
    rows = ready.parts.feeds["train"].rows
    return min(end - start for start, end in batch_bounds(rows, ready.plan.loop.batch or rows))


def _all_targets(ready: Ready) -> Tensor:
    rows = ready.parts.score_rows
    return next(iter(ready.parts.feeds["train"].batches(rows, [(0, len(rows))])))[1]


def _input(x_B: Tensor) -> dict[str, float]:
    """The inputs as the network gets them; by feature (by channel of images) where there is a first side."""
    if not x_B.is_floating_point():
        return {}
    x = x_B.double()
    sides = (0, *range(2, x.ndim)) if x.ndim > 2 else (0,)
    mean, spread = x.mean(dim=sides), x.std(dim=sides, correction=0)
    varies = spread > 0
    return {
        "mean": float(x.mean()),
        "std": float(x.std(correction=0)),
        "low": float(x.min()),
        "high": float(x.max()),
        "largest_mean": float(mean.abs().max()),
        "least_std": float(spread[varies].min()) if bool(varies.any()) else 0.0,
        "most_std": float(spread.max()),
        "offset": float((mean[varies] / spread[varies]).square().mean().sqrt()) if bool(varies.any()) else 0.0,
    }


def _signal(ready: Ready) -> dict[str, float]:
    """What simple methods learn of the labels, on some of the training rows as they came."""
    part = ready.picked["train"]
    rows = ready.parts.score_rows[:SIGNAL_ROWS]
    if not part.x.in_memory:
        return {}
    x = part.x.take(rows)
    return label_signal(counted(x) if ready.tokens else x, part.y[rows], classify=ready.source.task == "classify")


def _name_of(loss: object) -> str:
    return getattr(loss, "__name__", type(loss).__name__)
