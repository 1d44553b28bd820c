"""Maxout: each unit is the largest of several linear functions of the input, max(w1'x + b1, w2'x + b2, ...)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Maxout(nn.Module):
    """The largest of each `pieces` neighbouring features or channels.

    It stands behind a layer that is `pieces` times as wide: (B, H * pieces) -> (B, H), and
    (B, C * pieces, Y, X) -> (B, C, Y, X). Where pieces tie, they share the gradient.

    Source: Goodfellow, Warde-Farley, Mirza, Courville & Bengio (2013), arXiv:1302.4389, section 3.
    """

    def __init__(self, pieces: int = 2) -> None:
        super().__init__()
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        return torch.amax(x.unflatten(1, (-1, self.pieces)), dim=2)

    def extra_repr(self) -> str:
        return f"pieces={self.pieces}"
