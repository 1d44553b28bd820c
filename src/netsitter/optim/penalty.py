"""The L2 penalty, 0.5 · l2 · Σ w², its gradient, and which parameters it counts."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, MutableMapping

import torch
from torch import Tensor, nn

NORM = re.compile(r"norm(\dd)?$", re.IGNORECASE)
"""How norm layers are named, PyTorch's (BatchNorm2d, RMSNorm) and others': their parameters are scales and shifts."""


def decayed_names(module: nn.Module) -> tuple[str, ...]:
    """The parameters that the penalty counts: trained weights of two or more sides.

    Left out are biases, and the scales and shifts of norm layers: shrinking those does not make a simpler function.
    """
    return tuple(
        name
        for name, p in module.named_parameters()
        if p.requires_grad and p.ndim >= 2 and not _is_bias(name) and not _is_norm(module, name)
    )


def _is_bias(name: str) -> bool:
    return name.rpartition(".")[2].startswith("bias")


def _is_norm(module: nn.Module, name: str) -> bool:
    owner = module.get_submodule(name.rpartition(".")[0])
    return any(NORM.search(kind.__name__) for kind in type(owner).__mro__)


def penalty(params: Mapping[str, Tensor], l2: float | Tensor, names: Collection[str]) -> Tensor:
    """0.5 · l2 · Σ w² over the named parameters of one trial, without sides."""
    squares = [params[name].square().sum() for name in names]
    zero = next(iter(params.values())).new_zeros(())
    return (0.5 * l2 * sum(squares, zero)).to(zero.dtype)


def add_l2(
    params: Mapping[str, Tensor],
    grads: MutableMapping[str, Tensor],
    l2: float | Tensor,
    names: Collection[str],
    *,
    owned: bool = False,
) -> None:
    """Adds the penalty's gradient, l2 · w, to the named gradients.

    The entries are replaced, no tensor is written into: autograd may hand the same tensor to two parameters.

    l2: a number, or (T, 1) for stacked trials, (T, P). owned: whether gradients are the caller's alone; then they are
    written into, which spares a large tensor each.
    """
    for name in names:
        p, grad = params[name].detach(), grads[name]
        into = grad if owned else None
        if isinstance(l2, Tensor):
            grads[name] = torch.addcmul(grad, p, l2.to(p.dtype), out=into)
        else:
            grads[name] = torch.add(grad, p, alpha=l2, out=into)
