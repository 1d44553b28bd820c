"""The fact sheet of the activations: every figure is computed from the function itself, none is typed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from netsitter.nn.activations import ACTIVATIONS, Activation, activation, outputs_on_normal

REACH = 30.0
"""How far to each side the functions are looked at; beyond, all of them go on as they did."""

POINTS = 60_001
"""On that way: one each 0.001, with 0 among them."""

FLAT = 1e-3
"""A slope below this counts as saturated: ten such layers leave 1e-30 of a gradient."""

CENTRED = 0.01
"""A mean output within this of 0, for inputs from N(0, 1), counts as zero-centred."""

DEAD_FROM, DEAD_TO = 5.0, 10.0
"""Where a slope of exactly 0 counts as dead; farther out tanh has one too, by rounding only."""

STILL = 1e-9
"""A slope below this moves nothing more."""

FAR = 0.9
"""Share of the reach beyond which a function that will flatten has done so."""

COST_SHAPE = (200, 1_000)
COST_ROUNDS = 40


@dataclass(frozen=True)
class Facts:
    """One activation as numbers. Infinite ends are None.

    low, high: of its outputs. mean: of its outputs for inputs from N(0, 1); zero_centred: whether that is 0.
    flat_below, flat_above: where its slope stays under 0.001; None where it does not saturate on that side.
    largest_slope: of all. dies: whether it has a side with a slope of exactly 0, from which a unit may not come back.
    gain: for initial weights. pieces: inputs of one unit.
    cost: time of forward and backward for one output, as a multiple of ReLU's; cost_ns: in nanoseconds. None unless
    measured.
    """

    name: str
    formula: str
    sentence: str
    source: str
    low: float | None
    high: float | None
    mean: float
    zero_centred: bool
    flat_below: float | None
    flat_above: float | None
    largest_slope: float
    dies: bool
    gain: float
    pieces: int
    cost: float | None = None
    cost_ns: float | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def fact_sheet(wanted: list[str] | None = None, *, measure: bool = False) -> list[Facts]:
    """The facts of these activations, or of all. measure: also their cost, which takes some seconds."""
    return [facts(activation(name), measure=measure) for name in wanted or ACTIVATIONS]


def facts(entry: Activation, *, measure: bool = False) -> Facts:
    """The facts of one activation."""
    z_N, out_N, slope_N, far_N = _curve(entry)
    cost, relu_cost = costs_ns(entry) if measure else (None, None)
    mean = float(outputs_on_normal(entry.make(), entry.pieces).mean())
    return Facts(
        name=entry.name,
        formula=entry.formula,
        sentence=entry.sentence,
        source=entry.source,
        low=_end(out_N, slope_N, far_N, lowest=True),
        high=_end(out_N, slope_N, far_N, lowest=False),
        mean=mean,
        zero_centred=abs(mean) < CENTRED,
        flat_below=_flat_until(z_N, slope_N),
        flat_above=_negative(_flat_until(-z_N.flip(0), slope_N.flip(0))),
        largest_slope=float(slope_N.max()),
        dies=any(bool((slope_N[(side > DEAD_FROM) & (side < DEAD_TO)] == 0).all()) for side in (z_N, -z_N)),
        gain=entry.gain,
        pieces=entry.pieces,
        cost=None if cost is None or relu_cost is None else cost / relu_cost,
        cost_ns=cost,
    )


def costs_ns(entry: Activation) -> tuple[float, float]:
    """Nanoseconds of one output, forward and backward, on one thread of the CPU: of this activation, and of ReLU.

    Both take turns, and the fastest round of each counts, so that other work on the machine disturbs both or neither.
    One thread, because on a busy machine several would measure how long they wait for each other.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rounds = [(_seconds(entry), _seconds(ACTIVATIONS["relu"])) for _ in range(COST_ROUNDS)]
    finally:
        torch.set_num_threads(threads)
    own, relu = (min(seconds) / (COST_SHAPE[0] * COST_SHAPE[1]) * 1e9 for seconds in zip(*rounds, strict=True))
    return own, relu


def _seconds(entry: Activation) -> float:
    """One forward and backward pass over outputs of COST_SHAPE."""
    rows, units = COST_SHAPE
    module = entry.make()
    x_BH = torch.linspace(-2, 2, rows * units * entry.pieces).view(rows, -1).requires_grad_()
    back_BH = torch.ones(rows, units)
    start = perf_counter()
    torch.autograd.grad(module(x_BH), x_BH, back_BH)
    return perf_counter() - start


def _curve(entry: Activation) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Inputs in rising order, outputs, slopes (without sign), and whether an input lies far out; in float64.

    A unit of several pieces gets the same input on its first piece, and on each other one the input of another,
    unrelated point; its slope is the sum over its pieces.
    """
    z_N = torch.linspace(-REACH, REACH, POINTS, dtype=torch.float64)
    shuffle = torch.Generator().manual_seed(0)
    others = [z_N[torch.randperm(POINTS, generator=shuffle)] for _ in range(entry.pieces - 1)]
    z_NP = torch.stack([z_N, *others], dim=1).requires_grad_()
    out_N = entry.make().double()(z_NP).squeeze(1)
    (slope_NP,) = torch.autograd.grad(out_N.sum(), z_NP)
    far_N = z_NP.detach().abs().amax(dim=1) > FAR * REACH
    return z_N, out_N.detach(), slope_NP.abs().sum(dim=1), far_N


def _end(out_N: Tensor, slope_N: Tensor, far_N: Tensor, *, lowest: bool) -> float | None:
    """The least or greatest output; None if it is taken far out, where the function still moves."""
    place = int(out_N.argmin() if lowest else out_N.argmax())
    if far_N[place] and float(slope_N[place]) > STILL:
        return None
    return round(float(out_N[place]), 6) + 0.0


def _flat_until(z_N: Tensor, slope_N: Tensor) -> float | None:
    """The largest input up to which every slope from the left end on is flat; None if the first is not."""
    steep = torch.nonzero(slope_N >= FLAT)
    first = int(steep[0]) if len(steep) else len(z_N)
    return None if first == 0 else round(float(z_N[min(first, len(z_N) - 1)]), 2) + 0.0


def _negative(number: float | None) -> float | None:
    return None if number is None else -number + 0.0
