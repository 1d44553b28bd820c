"""When a run is looked at closely: often in the beginning, then the less often the longer it goes on."""

from __future__ import annotations

from math import ceil

OFTEN = 1.25
"""It is looked at again when it is this many times as long as when it was looked at last."""

FIRST_LOOKS = 5
"""Epochs after each of which it is looked at."""


def is_look(epoch: int, epochs: int) -> bool:
    """Whether the end of this epoch, counted from 1, is one to look at: the first few, a fifth, the last, some more."""
    if epoch <= FIRST_LOOKS or epoch in (ceil(epochs / 5), epochs):
        return True
    look = FIRST_LOOKS
    while look < epoch:
        look = ceil(OFTEN * look)
    return look == epoch
