"""`build`: the network that a plan asks for, with its first weights."""

from __future__ import annotations

import os
from collections.abc import Callable

import torch
from torch import Generator, Tensor, nn

from netsitter.errors import DeviceError, PlanError
from netsitter.nn.convnet import convnet
from netsitter.nn.initialise import initialise
from netsitter.nn.lenet import lenet
from netsitter.nn.mlp import mlp
from netsitter.nn.own import built_by, load_builder
from netsitter.plan.sections import NetPlan

KINDS: dict[str, Callable[[NetPlan, tuple[int, ...], int], nn.Module]] = {"mlp": mlp, "conv": convnet, "lenet": lenet}
"""The built-in nets by name."""

COPIES = 4
"""What training keeps of each weight: itself, its gradient, and Adam's two means."""


def build(
    net: NetPlan,
    *,
    example: tuple[int, ...],
    outputs: int,
    generator: Generator | None = None,
    batch: Tensor | None = None,
) -> nn.Module:
    """The network of a plan in which nothing is left open: (B, *example) -> (B, outputs).

    Under `torch.device("meta")` it has shapes and no weights, for those who load them.

    generator: draws the weights, on the CPU; without one they come from a generator of seed 0. A net of the user's
    own draws from PyTorch's global generator, which is seeded from this one and put back after.
    batch: some prepared inputs, for initial weights that are fitted to data (`lsuv`).
    Raises PlanError for unknown names, NetError when the net does not fit the examples, and DeviceError when its
    weights are larger than this machine's memory.
    """
    generator = generator if generator is not None else torch.Generator().manual_seed(0)
    if net.kind == "own":
        builder = load_builder(net.own)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(torch.randint(2**62, (), generator=generator, device=generator.device)))
            return built_by(builder, example=example, outputs=outputs)
    if net.kind is None or net.init is None:
        raise PlanError(
            "net.kind and net.init must be chosen before a net is built", code="P47", fix="choose(plan, shape) does so"
        )
    make = KINDS[net.kind]
    with torch.device("meta"):
        _must_fit_memory(make(net, example, outputs))
    # PyTorch draws weights of its own first; the user's random numbers are to go on untouched.
    with torch.random.fork_rng(devices=[]):
        made = make(net, example, outputs)
    if next(made.parameters()).is_meta:
        return made
    initialise(made, net.init, net.act, generator=generator, batch=batch, scale=net.init_scale)
    return made


def _must_fit_memory(net: nn.Module) -> None:
    """Stop before the system would: on Linux a net larger than memory is promised first and killed later."""
    needed = COPIES * sum(weight.nbytes for weight in net.parameters())
    memory = _memory_bytes()
    if memory is not None and needed > memory:
        widest = max(net.named_parameters(), key=lambda pair: pair[1].numel())
        raise DeviceError(
            f"this net takes {needed / 2**30:,.1f} GiB for its weights alone; this machine has {memory / 2**30:,.1f}",
            code="N91",
            where=f"the largest: {widest[0]} of {tuple(widest[1].shape)}",
            allowed="weights, gradients and two means of the optimiser must fit into memory",
            fix="smaller net.sizes",
        )


def _memory_bytes() -> int | None:
    """This machine's memory, or None where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
