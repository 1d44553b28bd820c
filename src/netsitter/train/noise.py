"""Noise in training: our own dropout layers draw from keys, and a key is made of seed, epoch and step."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from netsitter.nn.dropout import KeyedDropout
from netsitter.plan.plan import Plan
from netsitter.streams import stream_key


def noise_key(seed: int, *, epoch: int, step: int) -> int:
    """What the noise of one step of a trial with this `loop.seed` is drawn from."""
    return stream_key(seed, "noise", epoch=epoch, step=step)


def draws_foreign(plan: Plan) -> bool:
    """Whether the network may have layers of other people, which draw from PyTorch's own generators."""
    return plan.net.kind in (None, "own")


def seed_foreign(key: int, device: torch.device) -> None:
    """Seeds the generators that layers of other people draw from on this device; `torch.manual_seed` seeds all there
    are, which is a tenth of a small step.
    """
    torch.default_generator.manual_seed(key)
    if device.type == "cuda":
        torch.cuda.manual_seed(key)


def keyed(net: nn.Module) -> dict[str, KeyedDropout]:
    """The dropout layers that take a key, by name; from now on they wait for one."""
    found = dropouts_of(net)
    for dropout in found.values():
        dropout.keyed = True
    return found


def dropouts_of(net: nn.Module) -> dict[str, KeyedDropout]:
    """Our own dropout layers, by name."""
    return {name: part for name, part in net.named_modules() if isinstance(part, KeyedDropout)}


def kept_buffers(net: nn.Module) -> dict[str, Tensor]:
    """The buffers that belong to the network's state, saved with it or not; dropout's key and rate do not."""
    ours = {f"{name}.{buffer}" for name in dropouts_of(net) for buffer in ("key", "rate")}
    return {name: buffer for name, buffer in net.named_buffers() if name not in ours}
