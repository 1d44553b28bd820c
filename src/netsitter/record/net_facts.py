"""A network as numbers: what the summary table shows. Made by `nn/summary.py`; no weights are kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class LayerFacts:
    """One layer as numbers.

    name: as the network's own `named_modules()` calls it; "" is the network itself.
    output: shape for one example, without the batch; None when the layer never ran, or gave no tensor.
    calls: how often it ran in one pass; 0 for a layer whose weights another one uses, or none.
    parameters: of the layer itself, each weight counted where it is seen first.
    multiply_adds: one multiplication and one addition, for one example.
    output_bytes: memory of its output for one example; 0 where it only looks at another layer's output.
    field: sides of the patch of the input that one output sees; None where nothing can be said.
    """

    name: str
    type: str
    output: tuple[int, ...] | None
    parameters: int
    multiply_adds: int
    output_bytes: int
    field: tuple[int, ...] | None = None
    calls: int = 1


@dataclass(frozen=True)
class Summary:
    """A whole network as numbers.

    example: shape of one input. parameters: each counted once, however many layers share it.
    trainable: those of them that a step may move. parameter_bytes: memory of the weights.
    output_bytes: memory of all outputs for one example, which a training step must keep.
    warnings: arithmetic that does not fit, one sentence each.
    """

    example: tuple[int, ...]
    layers: tuple[LayerFacts, ...]
    parameters: int
    trainable: int
    multiply_adds: int
    parameter_bytes: int
    output_bytes: int
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
