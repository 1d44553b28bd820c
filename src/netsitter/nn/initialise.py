"""`initialise`: draws every weight of a net anew, layer by layer, from one generator."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

from netsitter.errors import NetError, PlanError
from netsitter.nn.activations import activation
from netsitter.nn.initialisers import Initialiser, initialiser
from netsitter.nn.modes import evaluating

OUTPUT_GAIN = 0.1
"""Of the last layer, where weights follow the size of the layer.

Outputs of spread s make the first cross-entropy about s²/2 larger than log C. Features of size 1 times 0.1 give
s = 0.1, hence log C + 0.005: the net starts undecided, and the first loss checks itself. An absolute rule such as
0.01 would not hold in wide layers.
"""

LSUV_ROUNDS = 10
"""Scalings of one layer at most; the paper's own limit (Mishkin & Matas 2016, algorithm 1)."""

LSUV_TOLERANCE = 0.01
"""How near to 1 the variance must come; the paper takes 0.1, and one more round costs little."""

WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
"""The layers whose weights are drawn."""

NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)
"""The layers whose scale becomes 1 and whose shift becomes 0."""


def initialise(
    net: nn.Module,
    spec: str | Initialiser,
    act: object,
    *,
    generator: Generator,
    batch: Tensor | None = None,
    scale: float = 1.0,
) -> None:
    """Draw the weights of all dense and convolution layers; biases become 0, norms scale 1 and shift 0.

    Layers take their turn in the order of `net.named_modules()`. All is drawn in float32 on the generator's device,
    the CPU's as a rule, and then copied: one seed gives the same weights on every device.

    act: the activation between the layers, by name or itself; its gain is used.
    batch: some prepared inputs (B, ...), needed by `lsuv` only. scale: what all drawn weights are multiplied by.
    Raises PlanError for an unknown name, or when `lsuv` gets no batch.
    """
    entry, gain = initialiser(spec), activation(act).gain
    if entry.data_driven and batch is None:
        raise PlanError(
            f"net.init = {entry.name} needs a batch to scale the layers on",
            code="P46",
            fix="net.init=orthogonal needs none",
        )
    layers = [layer for layer in net.modules() if isinstance(layer, WEIGHTED)]
    with torch.no_grad():
        for layer in layers:
            last = layer is layers[-1]
            drawn = torch.empty(layer.weight.shape, device=generator.device)
            entry.fill(drawn, gain=1.0 if last else gain, generator=generator)
            layer.weight.copy_(drawn.mul_(scale * OUTPUT_GAIN if last and entry.scaled else scale))
            if layer.bias is not None:
                layer.bias.zero_()
        for norm in net.modules():
            if isinstance(norm, NORMS):
                _reset(norm)
    if entry.data_driven and batch is not None:
        _scale_by_data(net, layers, batch)


def _reset(norm: nn.Module) -> None:
    if norm.weight is not None:
        norm.weight.fill_(1.0)
    if getattr(norm, "bias", None) is not None:
        norm.bias.zero_()
    if isinstance(norm, nn.modules.batchnorm._NormBase):
        norm.reset_running_stats()


def _scale_by_data(net: nn.Module, layers: list[nn.Module], batch: Tensor) -> None:
    """Scale each layer but the last until its outputs on this batch have variance 1, one after the other."""
    # Dropout would add noise to the variance, and batch norm would count this batch.
    with evaluating(net):
        for layer in layers[:-1]:
            for _ in range(LSUV_ROUNDS):
                variance = _output_variance(net, layer, batch)
                if not 0 < variance < float("inf") or abs(variance - 1) < LSUV_TOLERANCE:
                    break
                with torch.no_grad():
                    layer.weight.mul_(variance**-0.5)


def _output_variance(net: nn.Module, layer: nn.Module, batch: Tensor) -> float:
    seen: list[Tensor] = []
    hook = layer.register_forward_hook(lambda _, inputs, output: seen.append(output))
    try:
        with torch.no_grad():
            net(batch)
    finally:
        hook.remove()
    if not seen:
        raise NetError("a layer is never used, so that lsuv cannot scale it", code="N20", where=repr(layer))
    return float(seen[-1].var(correction=0))
