"""Clipping: a gradient that is too long, over all parameters together, is shortened."""

from __future__ import annotations

from collections.abc import MutableMapping

import torch
from torch import Tensor


def clip(grads: MutableMapping[str, Tensor], longest: float | Tensor) -> Tensor:
    """Scales the gradients so that their common length is at most `longest`. Returns the length before.

    The entries are replaced, no tensor is written into: autograd may hand the same tensor to two parameters.
    A length that is not a finite number leaves the gradients as they are, so that the fault shows where it is.

    longest: a number, for one length without sides; or (T, 1) for stacked trials, (T, P), and a length of each, (T, 1).

    Source: Pascanu, Mikolov & Bengio (2013), arXiv:1211.5063, algorithm 1.
    """
    if not grads:
        return torch.zeros(())
    length = _length(grads, by_row=isinstance(longest, Tensor) and longest.ndim == 2)
    factor = (longest / length).clamp(max=1)
    factor = torch.where(torch.isfinite(length), factor, 1)
    for name, grad in grads.items():
        grads[name] = grad * factor.to(grad.dtype)
    return length


def _length(grads: MutableMapping[str, Tensor], *, by_row: bool) -> Tensor:
    # Half precision ends at 65,504, which a sum of squares soon passes.
    dim = 1 if by_row else None
    lengths = [
        torch.linalg.vector_norm(g, dim=dim, keepdim=by_row, dtype=torch.promote_types(g.dtype, torch.float32))
        for g in grads.values()
    ]
    return torch.linalg.vector_norm(torch.stack(lengths), dim=0)
