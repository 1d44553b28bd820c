"""Signals through depth and weights at the start, of a network and of the same one freshly initialised."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from netsitter.nn.fresh import begin_anew, usual_rule
from netsitter.nn.modes import into_training
from netsitter.record.start_facts import Signal, Weight
from netsitter.train.losses import Loss
from netsitter.train.probes import FLAT, SHAPES, saturated_share
from netsitter.train.start.untouched import copied, own_chance

SAME = 1e-6
"""Units whose outputs differ by less than this share of their size are one and the same."""

MOST_UNITS = 2_000
"""Units that are compared with each other, at most."""

ENDS = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}
"""Where the flat ends of a function lie."""

BENDS = ("relu", "leaky_relu", "elu", "gelu", "silu", "selu", "softplus", "hardtanh", "relu6", "prelu", *ENDS)
"""Functions of torch that bend single values."""


def signals_of(net: nn.Module, x_B: Tensor) -> tuple[Signal, ...]:
    """The outputs of each innermost layer and of each activation that the network calls as a function.

    In training mode, as the first step sees them; on a copy.
    """
    tried = copied(net)
    into_training(tried)
    watcher = _Watcher(tried)
    with own_chance(), torch.no_grad(), watcher:
        tried(x_B)
    return tuple(watcher.found)


class _Watcher(TorchFunctionMode):
    """Notes what innermost modules give, and what activations called as functions give inside other modules."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.found: list[Signal] = []
        self._inside: list[tuple[str, bool]] = []
        for name, part in net.named_modules():
            inner = not any(part.children()) and bool(name)
            part.register_forward_pre_hook(lambda _, __, at=(name, inner): self._inside.append(at))
            part.register_forward_hook(lambda part, _, out, name=name, inner=inner: self._left(name, inner, part, out))

    def _left(self, name: str, inner: bool, part: nn.Module, out: object) -> None:
        self._inside.pop()
        if inner and not isinstance(part, SHAPES) and isinstance(out, Tensor) and out.ndim > 1:
            ends = next((ends for kind, ends in FLAT.items() if isinstance(part, kind)), None)
            self._note(name, type(part).__name__, out, ends)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        called = getattr(func, "__name__", "").rstrip("_")
        if called in BENDS and isinstance(out, Tensor) and out.ndim > 1 and not (self._inside and self._inside[-1][1]):
            where = self._inside[-1][0] if self._inside else ""
            self._note(f"{where}.{called}" if where else called, called, out, ENDS.get(called))
        return out

    def _note(self, name: str, kind: str, out: Tensor, ends: tuple[float, float] | None) -> None:
        with torch._C.DisableTorchFunction():
            self._measure(name, kind, out, ends)

    def _measure(self, name: str, kind: str, out: Tensor, ends: tuple[float, float] | None) -> None:
        values = out.detach().float()
        if not values.is_floating_point():
            return
        # Channels of pictures stand second, features of sequences last.
        units = values.flatten(2).transpose(1, 2).flatten(0, 1) if values.ndim > 3 else values.flatten(0, -2)
        high, low = units.amax(dim=0), units.amin(dim=0)
        self.found.append(
            Signal(
                name,
                kind,
                float(values.mean()),
                float(values.std()) if values.numel() > 1 else 0.0,
                dead=float(((high == 0) & (low == 0)).float().mean()),
                saturated=None if ends is None else saturated_share(ends, values),
                constant=float((high - low <= SAME * high.abs().clamp_min(1e-12)).float().mean()),
                twins=_twins(units),
                spread=float(units.std(dim=0, correction=0).mean()),
            )
        )


def _twins(units_RH: Tensor) -> float:
    """The share of units that some other unit equals on every row; dead ones are left out."""
    alive = units_RH[:, units_RH.abs().amax(dim=0) > 0][:256, :MOST_UNITS]
    if alive.shape[1] < 2:
        return 0.0
    size = alive.abs().amax().clamp_min(1e-30)
    counts = torch.unique((alive / size / SAME / 10).round(), dim=1, return_counts=True)[1]
    return float(counts[counts > 1].sum()) / alive.shape[1]


def weights_of(
    net: nn.Module, x_B: Tensor, y_B: Tensor, loss: Loss, held: Collection[str] | None
) -> tuple[Weight, ...]:
    """Each parameter with the gradient of one batch, beside those of the network freshly initialised.

    held: names of what the optimiser holds; None for all that asks for a gradient.
    """
    gradients = _gradients(net, x_B, y_B, loss)
    fresh = fresh_twin(net)
    fresh_gradients = _gradients(fresh, x_B, y_B, loss) if fresh is not None else {}
    fresh_weights = dict(fresh.named_parameters()) if fresh is not None else {}
    return tuple(
        Weight(
            name=name,
            shape=tuple(p.shape),
            std=float(p.detach().float().std(correction=0)),
            mean=float(p.detach().float().mean()),
            gradient=gradients.get(name),
            twin_rows=_twin_rows(p.detach()),
            trained=p.requires_grad,
            held=p.requires_grad if held is None else name in held,
            fan_in=int(p[0].numel()) if p.ndim > 1 else 0,
            fresh_std=float(fresh_weights[name].detach().float().std(correction=0)) if fresh_weights else None,
            fresh_gradient=fresh_gradients.get(name),
        )
        for name, p in net.named_parameters()
    )


def _gradients(net: nn.Module, x_B: Tensor, y_B: Tensor, loss: Loss) -> dict[str, float]:
    """The norm of each parameter's gradient; those that none reached are left out."""
    tried = copied(net)
    into_training(tried)
    named = {name: p for name, p in tried.named_parameters() if p.requires_grad}
    with own_chance(), torch.enable_grad():
        grads = torch.autograd.grad(loss(tried(x_B), y_B), list(named.values()), allow_unused=True)
    return {name: float(g.norm()) for name, g in zip(named, grads, strict=True) if g is not None}


def _twin_rows(weight: Tensor) -> float:
    """The share of a weight's rows that some other row equals."""
    if weight.ndim < 2 or len(weight) < 2:
        return 0.0
    counts = torch.unique(weight.flatten(1)[:MOST_UNITS], dim=0, return_counts=True)[1]
    return float(counts[counts > 1].sum()) / min(len(weight), MOST_UNITS)


def fresh_twin(net: nn.Module) -> nn.Module | None:
    """The network with every layer initialised anew, He's way, or Xavier's with tanh or sigmoid; None if none can be.

    What no layer owns (a bare `nn.Parameter`) stays as it is.
    """
    twin = copied(net)
    began = begin_anew(twin, usual_rule(twin), generator=torch.Generator().manual_seed(0))
    return twin if began else None
