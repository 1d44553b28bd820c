"""A network that begins anew: every layer drawn as the activations between the layers ask for."""

from __future__ import annotations

import torch
from torch import Generator, nn

from netsitter.nn.initialise import initialise

ACTS = {"xavier": "tanh", "he": "relu", "lecun": "selu"}
"""The activation whose gain goes with each rule here."""


def usual_rule(net: nn.Module) -> str:
    """Xavier's where there is tanh or sigmoid, else He's."""
    return "xavier" if any(isinstance(part, (nn.Tanh, nn.Sigmoid)) for part in net.modules()) else "he"


def begin_anew(net: nn.Module, rule: str, *, generator: Generator) -> bool:
    """Draws the weights of every layer anew, in place; whether there was a layer that can be.

    Dense layers and convolutions by the rule, others by their own `reset_parameters`. What no layer owns (a bare
    `nn.Parameter`) stays as it is.
    """
    reset = [part for part in net.modules() if callable(getattr(part, "reset_parameters", None))]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
        for part in reset:
            part.reset_parameters()
    if reset:
        initialise(net, rule, ACTS.get(rule, "relu"), generator=generator)
    return bool(reset)
