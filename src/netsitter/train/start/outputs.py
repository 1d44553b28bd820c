"""What a network answers at its start, and what it could answer at all: seen by turning its weights, not by names."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor, nn

from netsitter.nn.modes import evaluating, into_training
from netsitter.record.start_facts import OutputFacts
from netsitter.train.start.cannot import CannotMeasure
from netsitter.train.start.untouched import copied, own_chance

TURNS = (3.0, 30.0, 300.0)
"""Spreads of the random weights that the last layers are given, one after the other."""

NEAREST_ROWS = 2
"""Rows of the pass in which the weights nearest to the output are looked for."""

GROWN = 3.0
"""Outputs that grow this much from one turn to the next have no end there."""

NEAR = 1e-3
"""How exactly the rows of probabilities must add up to 1."""


def outputs_of(net: nn.Module, x_B: Tensor) -> OutputFacts:
    """The outputs on a batch, in training mode, and their reach. Raises CannotMeasure where no tensor comes."""
    with own_chance(), torch.no_grad():
        start = copied(net)
        into_training(start)
        out = start(x_B)
        if not isinstance(out, Tensor) or not out.ndim:
            raise CannotMeasure("the network does not answer with a tensor")
        last = _last(net, x_B)
        turned = [torch.cat([_turned(net, x_B, last, sign * spread) for sign in (1, -1)]) for spread in TURNS]
    found = [out, *turned]
    rows = [_rows(o) for o in found]
    simplex = rows[0].shape[1] > 1 and all(_adds_up(r) for r in rows)
    log_simplex = rows[0].shape[1] > 1 and all(_adds_up(r.exp()) and bool((r <= NEAR).all()) for r in rows)
    finite = rows[0][torch.isfinite(rows[0]).all(dim=1)]
    sums, logs = (finite.sum(dim=1), torch.logsumexp(finite, dim=1)) if len(finite) else (rows[0][:0], rows[0][:0])
    return OutputFacts(
        rows=len(out),
        shape=tuple(out.shape),
        low=float(rows[0].min()),
        high=float(rows[0].max()),
        spread=float(out.double().std(dim=0, correction=0).mean()),
        row_sum=(float(sums.min()), float(sums.max())) if len(sums) else (math.nan, math.nan),
        log_row_sum=(float(logs.min()), float(logs.max())) if len(logs) else (math.nan, math.nan),
        reach=(-_end([-r for r in rows[1:]]), _end(rows[1:])),
        simplex=simplex,
        log_simplex=log_simplex,
    )


def _turned(net: nn.Module, x_B: Tensor, last: Collection[str], spread: float) -> Tensor:
    """The outputs of a copy whose last weights and biases are random, of this spread (all turned round if negative)."""
    turned = copied(net)
    chance = torch.Generator().manual_seed(0)
    for name, parameter in turned.named_parameters():
        if name in last:
            parameter.copy_(spread * torch.randn(parameter.shape, generator=chance))
    with evaluating(turned):
        return turned(x_B)


def _last(net: nn.Module, x_B: Tensor) -> set[str]:
    """The names of the weights that are last on the way to the output, with the biases behind them.

    Modules may be made in another order than they are called in, or never be called. Where no gradient finds its way
    back from the output, the order in which they were made has to do.
    """
    asked = copied(net)
    weights = {name: p.requires_grad_() for name, p in asked.named_parameters() if p.is_floating_point()}
    with torch.enable_grad(), evaluating(asked):
        near = _nearest(asked(x_B[:NEAREST_ROWS]))
    if near:
        return {name for name, p in weights.items() if id(p) in near}
    names = list(weights)
    at = max((i for i, name in enumerate(names) if weights[name].ndim >= 2), default=0)
    return set(names[at:])


def _nearest(out: Tensor) -> set[int]:
    """The addresses of the leaves nearest to an output, up to the first that has two sides."""
    level, seen, found = {out.grad_fn}, {out.grad_fn}, set[int]()
    while level and not any(leaf.ndim >= 2 for leaf in _leaves(level)):
        found |= set(map(id, _leaves(level)))
        level = {before for node in level if node for before, _ in node.next_functions} - seen
        seen |= level
    # Beside a transposed weight stand the biases of the layer before; turned with it they would cancel its sign.
    return found | {id(leaf) for leaf in _leaves(level) if leaf.ndim >= 2}


def _leaves(nodes: Collection[Any]) -> list[Tensor]:
    return [node.variable for node in nodes if hasattr(node, "variable")]


def _rows(out: Tensor) -> Tensor:
    """(R, K): the outputs along the axis of classes; the second one, or the last of what has no other."""
    out = out.double()
    if out.ndim == 1:
        return out.reshape(-1, 1)
    return out if out.ndim == 2 else out.movedim(1, -1).reshape(-1, out.shape[1])


def _adds_up(rows: Tensor) -> bool:
    return bool((rows >= -NEAR).all()) and bool(((rows.sum(dim=1) - 1).abs() < NEAR).all())


def _end(turned: list[Tensor]) -> float:
    """The upper end of what came, turn by turn; endless where it kept growing."""
    tops = [float(rows.max()) for rows in turned]
    if not all(map(math.isfinite, tops)):
        return math.inf
    return math.inf if tops[-1] > GROWN * max(tops[-2], 1e-6) else max(tops)
