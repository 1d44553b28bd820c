"""A network, its data, its loss and its optimiser as they are before the first step, as numbers: what the rules of the
start read. Made by `train/start/`; no weights and no rows are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from netsitter.record.facts import DataFacts
from netsitter.record.graph import Graph


@dataclass(frozen=True)
class Signal:
    """The outputs of one layer with weights, or of one activation, over a batch at the start, in training mode.

    name: as `named_modules()` has it; kind: its class, or the function that the network called.
    dead: share of units that give 0 on every row. saturated: share of outputs at a flat end, None where there is none.
    constant: share of units that give one value on every row. twins: share of units equal to another unit on every row.
    spread: standard deviation of a unit over the rows, mean over units: what is left of the input's variation.
    """

    name: str
    kind: str
    mean: float
    std: float
    dead: float = 0.0
    saturated: float | None = None
    constant: float = 0.0
    twins: float = 0.0
    spread: float = 0.0


@dataclass(frozen=True)
class Weight:
    """One parameter at the start.

    name: as `named_parameters()` has it. gradient: norm on one batch, None when none reached it.
    twin_rows: share of its rows (units) that are equal to another row; 0 for what has fewer than two sides.
    trained: whether it asks for a gradient. held: whether the optimiser holds it.
    fresh_std, fresh_gradient: the same of the network as freshly initialised by its own modules' defaults.
    """

    name: str
    shape: tuple[int, ...]
    std: float
    mean: float
    gradient: float | None
    twin_rows: float = 0.0
    trained: bool = True
    held: bool = True
    fan_in: int = 0
    fresh_std: float | None = None
    fresh_gradient: float | None = None


@dataclass(frozen=True)
class OutputFacts:
    """What the network answers, and what it could answer.

    shape: of the outputs for `rows` rows. low, high, spread: over a batch at the start (spread: over rows, mean over
    outputs). row_sum: (least, most) sum of a row's outputs; log_row_sum: of their exponentials.
    reach: (least, most) of what comes when the weights are turned far up and down; infinite where it kept growing.
    simplex: whether every row is a set of probabilities whatever the weights are; log_simplex: or their logarithms.
    """

    rows: int
    shape: tuple[int, ...]
    low: float
    high: float
    spread: float
    row_sum: tuple[float, float]
    log_row_sum: tuple[float, float]
    reach: tuple[float, float]
    simplex: bool
    log_simplex: bool


@dataclass(frozen=True)
class LossFacts:
    """What the loss does, learned by calling it.

    name: as the user has it. takes: what its smallest value asks of the outputs, seen from behaviour: "logits" (of
        classes), "logit" (of one yes or no each), "probabilities", "log-probabilities", "values" (the targets
        themselves), or "unknown".
    first: on the first rows at the start. fresh: of the same network freshly initialised. guess: of the best constant
        output, None when it could not be found. floor: the least that it can be on these targets with free outputs;
        reachable: with outputs of the range that this network has. None when unknown.
    reduction: "mean", "sum" or "other": how it changes when the batch is doubled. doubled: by which factor it grew.
    upside_down: whether right answers cost more than wrong ones.
    broadcast: whether outputs and targets of these shapes are stretched to a table of rows by rows.
    outputs_shape, targets_shape, targets_dtype: for the first rows.
    error: what it raised, "" when it did not.
    """

    name: str
    takes: str = "unknown"
    first: float | None = None
    fresh: float | None = None
    guess: float | None = None
    floor: float | None = None
    reachable: float | None = None
    reduction: str = "mean"
    doubled: float = 1.0
    broadcast: bool = False
    upside_down: bool = False
    outputs_shape: tuple[int, ...] = ()
    targets_shape: tuple[int, ...] = ()
    targets_dtype: str = ""
    error: str = ""


@dataclass(frozen=True)
class TargetFacts:
    """The targets as the loss gets them.

    form: "classes" (whole numbers), "one-hot", "yes-no" (0 and 1), "signs" (-1 and 1), "several" (several 0 or 1 a
    row) or "real". classes: how many there are, 0 for real ones.
    low, high, mean, std: over the training part.
    """

    form: str
    classes: int
    low: float
    high: float
    mean: float
    std: float
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class WiringFacts:
    """What happens when one thing is changed. Each is None when it could not be tried.

    zeroed_input: the loss with all inputs 0, in training and evaluation mode alike otherwise. input_effect: how far the
        outputs move between rows, against their size. other_rows: how far a row's output moves, in evaluation mode,
        when the other rows of its batch change, against its size.
    step_down: change of the loss over one tiny step against its gradient, as a share of
        the loss; above 0 it rose. l2_rise: growth of the loss with the strongest penalty.
    linear: whether the whole map from input to output is linear (affine), in evaluation mode.
    modes_apart: how far the outputs in evaluation mode lie from those in training mode, against their spread.
    last_batch: rows of the smallest batch of an epoch. norms: batch norms for which it is too small, one sentence each.
    gradient_error: worst relative error of the gradient against finite differences, None when not measured.
    """

    zeroed_input: float | None = None
    input_effect: float | None = None
    other_rows: float | None = None
    step_down: float | None = None
    l2_rise: float | None = None
    linear: bool | None = None
    modes_apart: float | None = None
    last_batch: int = 0
    norms: tuple[str, ...] = ()
    gradient_error: float | None = None
    gradient_says: str = ""


@dataclass(frozen=True)
class Attempt:
    """A short training with one thing changed, on the same batches as all other attempts.

    name: "as it is", or what was changed. steps: done; fewer than asked for when the loss left the finite numbers.
    start, end: loss on the probe rows, without penalty. fit_start, fit_end: share of the spread of the targets that is
    explained there (classes: right above guessing the largest; real: R²), whatever the loss.
    diverged: whether the loss left the finite numbers or grew to `DIVERGED` times its first.
    changes: how its plan differs. losses: of its batches, a few of them, evenly spaced.
    """

    name: str
    steps: int
    start: float
    end: float
    fit_start: float
    fit_end: float
    diverged: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict)
    losses: tuple[float, ...] = ()


@dataclass(frozen=True)
class StartFacts:
    """All of it. A part is None when it could not be measured; `not_checked` has (what, why).

    own: whether the network is the user's own. program: optimizer, lr, batch, epochs, rows and steps, as they will be.
    attempts: by name. tiny: what came of learning a few rows by heart: learned, rows, lr, start_loss, end_loss, score,
    epochs. input: the inputs as the network gets them. signal: what simple methods learn of the labels.
    misfits: arithmetic of convolutions that does not fit, one sentence each.
    """

    own: bool
    data: DataFacts | None
    target: TargetFacts | None
    graph: Graph | None
    signals: tuple[Signal, ...]
    fresh_signals: tuple[Signal, ...]
    weights: tuple[Weight, ...]
    outputs: OutputFacts | None
    loss: LossFacts | None
    wiring: WiringFacts
    program: Mapping[str, Any] = field(default_factory=dict)
    attempts: Mapping[str, Attempt] = field(default_factory=dict)
    tiny: Mapping[str, Any] = field(default_factory=dict)
    input: Mapping[str, float] = field(default_factory=dict)
    signal: Mapping[str, float] = field(default_factory=dict)
    misfits: tuple[str, ...] = ()
    not_checked: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def start_of(values: Mapping[str, Any]) -> StartFacts:
    """The facts that `as_json` gave these values for. Raises ValueError for what it never gave."""
    return _adapter().validate_python(values)


@cache
def _adapter() -> TypeAdapter[StartFacts]:
    return TypeAdapter(StartFacts)
