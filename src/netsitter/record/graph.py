"""A network as the operations that one forward pass performs, in order: what the structural rules read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal[
    "weights",  # dense, convolution, embedding, a matrix product with parameters
    "recurrent",
    "activation",  # bends each value by itself
    "softmax",  # softmax, log-softmax: bends along an axis
    "norm",
    "dropout",
    "pool",  # largest of some values; bends
    "average",  # mean of some values; does not bend
    "shape",  # reshape, transpose, slice, concatenate: moves values only
    "scale",  # times or plus a constant or a parameter: does not bend
    "add",  # sum or difference of two signals: does not bend
    "product",  # of two signals: bends
    "other",  # nothing is known: taken to bend
]

INPUT = -1
"""The place of the network's own input."""


@dataclass(frozen=True)
class Operation:
    """One operation on signals.

    name: the innermost module at work, as `named_modules()` has it; "" for the network itself.
    kind: class of that module where it is one operation ("Linear"), else the function ("relu").
    inputs: the places of the operations it reads, INPUT for the network's input; constants are left out.
    output: shape, without the batch where `rows` is the first side.
    parameters: names of its own parameters, as `named_parameters()` has them.
    facts: by role. weights: fan_in, units, groups, bias. activation: low, high (its range; None without end), flat
        (whether it has a flat end). softmax: axis (of the whole tensor, batch included), log. norm: over ("batch",
        "group", "layer", "instance"). dropout: rate. shape: rows_moved (whether the axis of the rows was moved).
    """

    name: str
    kind: str
    role: Role
    inputs: tuple[int, ...]
    output: tuple[int, ...]
    parameters: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """All operations of one forward pass.

    result: the place of the operation that gives the output. whole: whether every signal could be followed to it.
    """

    operations: tuple[Operation, ...]
    result: int
    whole: bool = True

    def before(self, place: int) -> list[Operation]:
        """The operations that this one reads."""
        return [self.operations[i] for i in self.operations[place].inputs if i != INPUT]

    def after(self, place: int) -> list[int]:
        """The places of the operations that read this one."""
        return [i for i, operation in enumerate(self.operations) if place in operation.inputs]
