"""What is watched of a cohort: gradients and updates on sampled steps, activations at the end of epochs.

All of it is read from what a step computes anyway, or from one pass over a few rows in evaluation mode; nothing of it
touches a weight or a random stream.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, gcd, sqrt

import torch
from torch import Tensor, nn
from torch.linalg import vector_norm

from netsitter.nn.dropout import KeyedDropout
from netsitter.train.probes import FLAT, NEAR_FLAT, SHAPES, innermost, watched

ROWS = 250
"""Training rows, of the fixed subset, that activations are measured on."""

BINS, REACH = 20, 4.0
"""Of a histogram: bins from minus to plus this many spreads."""

COUNTED = 5_000
"""Outputs of a layer that spread, saturated share and histogram are read from, about; all of them where it has fewer.
Two standard errors of a share are then 0.014 at most."""

MEASURED = 2**15
"""Numbers of a weight that its gradient and its update are measured on, about: evenly spaced units of a larger one."""

Looked = dict[str, Tensor]
"""Series name -> (T, P) or (T, L) or (T, L, BINS)."""


UNSEEN = (*SHAPES, nn.modules.dropout._DropoutNd, KeyedDropout)
"""Layers that leave values as they are when the network answers."""


@dataclass(frozen=True)
class Watched:
    """What is watched of a network, by its own names: its innermost layers, and trained weights with two sides."""

    layers: tuple[str, ...]
    kinds: tuple[str, ...]
    weights: tuple[str, ...]


def watched_of(net: nn.Module) -> Watched:
    """The innermost layers and the trained weights of a network."""
    parts = [(name, type(part).__name__) for name, part in innermost(net) if not isinstance(part, UNSEEN)]
    weights = tuple(name for name, p in net.named_parameters() if p.requires_grad and p.ndim > 1)
    return Watched(tuple(name for name, _ in parts), tuple(kind for _, kind in parts), weights)


def looks_at(step: int, every: int) -> bool:
    """Whether gradients and updates are measured in this step, counted from 1: 1, 4, 16 ..., and each `every`th."""
    return every > 0 and (step % every == 0 or (step & (step - 1) == 0 and step.bit_length() % 2 == 1))


def before_step(weights: Mapping[str, Tensor], names: Sequence[str], *, trials: bool) -> dict[str, Tensor]:
    """Copies of what `looked` will measure of these weights, (O, ...), or (T, O, ...) with trials first."""
    found = {name: weights[name].detach() for name in names}
    return {name: (w[:, :: stride(w[0])] if trials else w[:: stride(w)]).clone() for name, w in found.items()}


def stride(weight_O: Tensor) -> int:
    """Of a weight with its units first: each so many'th unit is measured."""
    return min(len(weight_O), ceil(weight_O.numel() / MEASURED)) or 1


def looked(
    names: Sequence[str], grads: Mapping[str, Tensor], before: Mapping[str, Tensor], after: Mapping[str, Tensor]
) -> Looked:
    """Gradients, updates and weights of one step, each (T, P).

    grads, after: by name, (T, O, ...). before: the same, or what `before_step` kept. A weight that got no gradient has
    a norm of 0 and did not move. Lengths of large weights are those of the units that are measured, scaled up.
    """
    rows: dict[str, list[Tensor]] = {"grad/norm": [], "grad/sign": [], "update/ratio": [], "weight/norm": []}
    for name in names:
        whole, grad = after[name].detach(), grads.get(name)
        each = stride(whole[0])
        new, old = whole[:, ::each], before[name]
        old = old[:, ::each] if len(old[0]) == len(whole[0]) else old
        scale = sqrt(whole.numel() / new.numel())
        new, old = new.flatten(1).float(), old.flatten(1).float()
        size = vector_norm(new, dim=1)
        rows["weight/norm"].append(size * scale)
        rows["update/ratio"].append(vector_norm(new - old, dim=1) / vector_norm(old, dim=1).clamp_min(1e-30))
        if grad is None:
            rows["grad/norm"].append(torch.zeros_like(size))
            rows["grad/sign"].append(torch.full_like(size, float("nan")))
            continue
        some = grad[:, ::each]
        rows["grad/norm"].append(vector_norm(some.flatten(1).float(), dim=1) * scale)
        rows["grad/sign"].append(_one_signed(some))
    return {name: torch.stack(columns, dim=1) for name, columns in rows.items() if columns}


def _one_signed(grad_THD: Tensor) -> Tensor:
    """(T,): the share of units whose gradients of all incoming weights have one sign; units without any left out."""
    units = grad_THD.flatten(2)
    low, high = units.amin(dim=2), units.amax(dim=2)  # aminmax takes ten times as long
    mixed, idle = (low < 0) & (high > 0), (low == 0) & (high == 0)
    some = units.shape[1] - idle.sum(dim=1)
    return (some - mixed.sum(dim=1)) / some.clamp_min(1)


def activations(net: nn.Module, call: Callable[[Tensor], Tensor], x_B: Tensor, layers: Sequence[str]) -> Looked:
    """Means, spreads, dead and saturated shares, and histograms of the layers of one trial, each (L,) or (L, BINS).

    call: the network as a function; under `vmap` the results carry the trials. Layers that do not run are NaN.
    """
    seen: dict[str, tuple[Tensor, Tensor]] = {}

    def note(name: str, part: nn.Module, out: Tensor) -> None:
        if name not in seen and out.is_floating_point():
            seen[name] = signal(part, out.detach().float())

    with watched(net, note):
        call(x_B)
    empty = torch.full((4,), float("nan"), device=x_B.device), torch.full((BINS,), float("nan"), device=x_B.device)
    numbers = torch.stack([seen.get(name, empty)[0] for name in layers])
    histograms = torch.stack([seen.get(name, empty)[1] for name in layers])
    named = zip(("act/mean", "act/std", "act/dead", "act/saturated"), numbers.unbind(dim=-1), strict=True)
    return {**dict(named), "act/histogram": histograms}


def units_of(out: Tensor) -> Tensor:
    """A layer's outputs as (R, H): channels of pictures stand second, features of sequences last."""
    return out.flatten(2).transpose(1, 2).flatten(0, 1) if out.ndim > 3 else out.flatten(0, -2)


def signal(part: nn.Module, out: Tensor) -> tuple[Tensor, Tensor]:
    """(4,): mean, spread, dead and saturated share; and (BINS,) shares of a histogram around the mean."""
    # Pictures lie in memory with their channels first or last; the copy of the other order would cost the most of all.
    first = out.ndim > 3 and out.is_contiguous()
    laid = out.movedim(1, -1) if out.ndim > 3 and not first else out
    some = laid.flatten()[:: _stride(out)]
    mean, spread = out.mean(), some.std(correction=0)
    off = laid.flatten(1).abs().amax(dim=0) == 0
    units = off.reshape(out.shape[1], -1).all(dim=1) if first else off.reshape(-1, laid.shape[-1]).all(dim=0)
    dead = units.float().mean()
    flat = next((ends for kind, ends in FLAT.items() if isinstance(part, kind)), None)
    saturated = torch.full_like(mean, float("nan"))
    if flat is not None:
        margin = NEAR_FLAT * (flat[1] - flat[0])
        saturated = ((some < flat[0] + margin) | (some > flat[1] - margin)).float().mean()
    edges = torch.linspace(-REACH, REACH, BINS + 1, device=out.device)[1:-1]
    away = (some - mean) / spread.clamp_min(1e-30)
    below = (away[:, None] < edges).float().mean(dim=0)
    shares = torch.diff(torch.cat([torch.zeros_like(below[:1]), below, torch.ones_like(below[:1])]))
    return torch.stack([mean, spread, dead, saturated]), shares


def _stride(out: Tensor) -> int:
    """How many outputs apart those are that are read: a number by which, row after row, every place has its turn."""
    stride = max(1, out.numel() // COUNTED)
    while gcd(stride, out[0].numel()) > 1:
        stride += 1
    return stride


def first_non_finite(net: nn.Module, x_B: Tensor, y_B: Tensor) -> dict[str, object]:
    """Where the first value that is not finite stands: in the batch, a weight, the output of a layer, or the loss.

    Also which rows of the batch, where it is in the batch or in an output.
    """
    bad = ~torch.isfinite(x_B.flatten(1)).all(dim=1) if x_B.is_floating_point() else torch.zeros(len(x_B)).bool()
    if bool(bad.any()):
        return {"first": "input", "layer": "", "rows": torch.nonzero(bad).flatten()[:5].tolist()}
    if y_B.is_floating_point() and not bool(torch.isfinite(y_B).all()):
        return {"first": "target", "layer": "", "rows": []}
    for name, parameter in net.named_parameters():
        if not bool(torch.isfinite(parameter).all()):
            return {"first": "weights", "layer": name, "rows": []}
    found: list[dict[str, object]] = []

    def note(name: str, part: nn.Module, out: Tensor) -> None:
        rows = ~torch.isfinite(out.detach().flatten(1)).all(dim=1)
        if not found and bool(rows.any()):
            found.append({"first": "output", "layer": name, "rows": torch.nonzero(rows).flatten()[:5].tolist()})

    with watched(net, note), torch.no_grad():
        net(x_B)
    return found[0] if found else {"first": "loss", "layer": "", "rows": []}
