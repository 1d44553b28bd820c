"""Dropout whose mask depends on a key and on nothing else.

The mask is a function of (key, number of the layer, place), computed by counting and hashing, so that
a trial drops the same units alone, in company, after a resume and on every device. Without a key the
layer is `torch.nn.Dropout`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from netsitter.streams import stream_key

# SplitMix64 (Steele, Lea & Flood 2014, doi:10.1145/2714064.2660195); 64-bit constants as signed numbers.
GOLDEN = 0x9E3779B97F4A7C15 - 2**64
MIX_1 = 0xBF58476D1CE4E5B9 - 2**64
MIX_2 = 0x94D049BB133111EB - 2**64


class KeyedDropout(nn.Module):
    """Zeroes a share `rate` of its inputs in training, and scales the rest by 1 / (1 - rate).

    rate and key are buffers of no sides, so that trials of one cohort may differ in them; they are no
    part of the saved network. `keyed` is set by whoever hands in keys.

    number: tells the dropout layers of one net apart.
    """

    rate: Tensor
    key: Tensor

    def __init__(self, rate: float, number: int = 0) -> None:
        super().__init__()
        self.number = number
        self.offset = stream_key(number, "dropout layer")
        self.keyed = False
        self.register_buffer("rate", torch.tensor(float(rate)), persistent=False)
        self.register_buffer("key", torch.zeros((), dtype=torch.int64), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        if not self.keyed:
            return F.dropout(x, float(self.rate), training=True)
        noise = uniform(self.key + self.offset, x)
        return x * (noise >= self.rate) / (1 - self.rate)

    def extra_repr(self) -> str:
        return f"rate={float(self.rate):g}" if self.rate.ndim == 0 else "rate by trial"


def uniform(key: Tensor, like: Tensor) -> Tensor:
    """Numbers of [0, 1) in the shape of `like`, 24 bits each, a pure function of the key (int64, no sides)."""
    count = torch.arange(1, like.numel() + 1, device=like.device).view(like.shape)
    z = count * GOLDEN + key
    z = (z ^ _down(z, 30)) * MIX_1
    z = (z ^ _down(z, 27)) * MIX_2
    z = z ^ _down(z, 31)
    return _down(z, 40).to(torch.float32) * 2.0**-24


def _down(z: Tensor, bits: int) -> Tensor:
    """The logical shift to the right, of which PyTorch has only the arithmetic form."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)
