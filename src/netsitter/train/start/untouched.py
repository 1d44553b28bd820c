"""Copies and contexts in which a user's network can be tried without being changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import torch
from torch import nn

from netsitter.train.start.cannot import CannotMeasure


def copied(net: nn.Module) -> nn.Module:
    """A copy with tensors of its own. Raises CannotMeasure for a module that cannot be copied."""
    try:
        return deepcopy(net)
    except Exception as error:
        raise CannotMeasure(f"the network cannot be copied: {error}") from error


@contextmanager
def own_chance(seed: int = 0) -> Iterator[None]:
    """Within this context PyTorch's generators start from the seed; afterwards they are as they were before."""
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
