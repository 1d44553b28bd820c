"""The layers that a chain of dense layers may have, each on the stacked outputs of all trials, (T, H, B)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import copy
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netsitter.nn.dropout import KeyedDropout, uniform
from netsitter.nn.maxout import Maxout

Tensors = Mapping[str, Tensor]
"""Parameters and buffers of all trials by name, the trials first."""


class Layer(NamedTuple):
    """One layer: its name in the network, the module that knows its settings, and what it does.

    forward: (layer, tensors, (T, D, B)) -> (T, H, B).
    """

    name: str
    part: nn.Module
    forward: Callable[[Layer, Tensors, Tensor], Tensor]


class Chain(NamedTuple):
    """The layers of a network in the order in which they run. flattens: whether it takes images as well as rows."""

    layers: tuple[Layer, ...]
    flattens: bool


def chain_of(net: nn.Module) -> Chain | None:
    """The layers of a network that is a plain chain of those below; None for any other."""
    named = list(_chain(net, ""))
    parts = [part for _, part in named]
    weights = [f"{name}.{leaf}" for name, part in named for leaf in part.state_dict()]
    known = dict(net.named_parameters()) | dict(net.named_buffers())
    if (
        not parts
        or any(type(part) not in FORWARD or _is_watched(part) for part in parts)
        or any(isinstance(part, nn.Flatten) and (part.start_dim, part.end_dim) != (1, -1) for part in parts)
        or any(isinstance(part, nn.BatchNorm1d) and part.momentum is None for part in parts)
        or len(set(weights)) < len(weights)
        or not set(weights) <= known.keys()  # layers share one
    ):
        return None
    flattens = isinstance(parts[0], nn.Flatten)
    layers = tuple(Layer(name, _outside(part), FORWARD[type(part)]) for name, part in named[flattens:])
    return Chain(layers, flattens) if any(isinstance(layer.part, nn.Linear) for layer in layers) else None


def _chain(net: nn.Module, name: str) -> Iterator[tuple[str, nn.Module]]:
    """The layers in the order in which they run, as far as they stand in `nn.Sequential`s."""
    if type(net) is not nn.Sequential or _is_watched(net):
        yield name, net
        return
    for child, part in net._modules.items():
        yield from _chain(part, f"{name}.{child}" if name else child)


def _is_watched(part: nn.Module) -> bool:
    """Whether somebody's hooks or a parametrization hang on it."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return any(getattr(part, kind) for kind in hooks) or hasattr(part, "parametrizations")


def _outside(part: nn.Module) -> nn.Module:
    """The layer, and where it would write into its input, one that does not."""
    if getattr(part, "inplace", False):
        part = copy(part)
        part.__dict__["inplace"] = False
    return part


def _linear(layer: Layer, tensors: Tensors, x_TDB: Tensor) -> Tensor:
    weight_THD, bias_TH = tensors[f"{layer.name}.weight"], tensors.get(f"{layer.name}.bias")
    if bias_TH is None:
        return torch.bmm(weight_THD, x_TDB)
    return torch.baddbmm(bias_TH.unsqueeze(2), weight_THD, x_TDB)


def _batch_norm(layer: Layer, tensors: Tensors, x_THB: Tensor) -> Tensor:
    """Every unit of every trial is a channel of one layer."""
    part = layer.part
    assert isinstance(part, nn.BatchNorm1d)
    leaves = ("running_mean", "running_var", "weight", "bias")
    mean, var, scale, shift = (_flat(tensors.get(f"{layer.name}.{leaf}")) for leaf in leaves)
    if part.training and part.track_running_stats:
        tensors[f"{layer.name}.num_batches_tracked"].add_(1)
    x_1CB = x_THB.reshape(1, -1, x_THB.shape[2])
    training = part.training or mean is None
    return F.batch_norm(x_1CB, mean, var, scale, shift, training, part.momentum or 0.0, part.eps).view(x_THB.shape)


def _flat(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.view(-1)


def _prelu(layer: Layer, tensors: Tensors, x_THB: Tensor) -> Tensor:
    slope_TH1 = tensors[f"{layer.name}.weight"].unsqueeze(2)
    return torch.where(x_THB > 0, x_THB, slope_TH1 * x_THB)


def _dropout(layer: Layer, tensors: Tensors, x_THB: Tensor) -> Tensor:
    """The mask of each trial is that of (B, H), whose places are counted row by row."""
    if not layer.part.training:
        return x_THB
    assert isinstance(layer.part, KeyedDropout)
    key_T, rate_T11 = tensors[f"{layer.name}.key"], tensors[f"{layer.name}.rate"].view(-1, 1, 1)
    like_BH = x_THB[0].t()
    if bool((key_T == key_T[0]).all()):
        noise_THB = uniform(key_T[0] + layer.part.offset, like_BH).t().unsqueeze(0)
    else:
        noise_THB = uniform((key_T + layer.part.offset).view(-1, 1, 1), like_BH).transpose(1, 2)
    return x_THB * (noise_THB >= rate_T11) / (1 - rate_T11)


def _by_itself(layer: Layer, tensors: Tensors, x_THB: Tensor) -> Tensor:
    """A layer that looks at no other row, and at features only along the second side."""
    out: Tensor = layer.part(x_THB)
    return out


def _nothing(layer: Layer, tensors: Tensors, x_THB: Tensor) -> Tensor:
    return x_THB


FORWARD: dict[type[nn.Module], Callable[[Layer, Tensors, Tensor], Tensor]] = {
    nn.Linear: _linear,
    nn.BatchNorm1d: _batch_norm,
    nn.PReLU: _prelu,
    KeyedDropout: _dropout,
    nn.Flatten: _nothing,
    nn.Identity: _nothing,
    **dict.fromkeys(
        (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.SELU, nn.Tanh, nn.Sigmoid, nn.Softplus, Maxout), _by_itself
    ),
}
