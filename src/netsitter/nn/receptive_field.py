"""Which patch of the input one output sees, read off the graph that autograd keeps of a forward pass.

The graph knows functions as well as layers, and branches as well as chains; hooks on layers would know neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor

WINDOWED = ("ConvolutionBackward", "MaxPool", "AvgPool")
"""Starts of the names of graph nodes that look through a window."""

MIXING = (
    "Addmm",
    "Mm",
    "Bmm",
    "Baddbmm",
    "Mean",
    "Sum",
    "Var",
    "Adaptive",
    "MkldnnLinear",
    "MkldnnRnn",
    "ScaledDotProduct",
)
"""Starts of the names of nodes after which an output may have seen every place of the input."""


@dataclass(frozen=True)
class Field:
    """Sides of the patch, and how far apart two neighbouring outputs look; `whole` once places are mixed."""

    sides: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()
    whole: bool = False


def receptive_field(output: Tensor, example: tuple[int, ...], known: dict[Any, Field]) -> tuple[int, ...] | None:
    """Sides of the patch of the input that one number of `output` sees, never more than the input has.

    output: made with gradients on, from an input that asks for them.
    example: shape of one input; (C, Y, X) gives (y, x), (D,) gives (d,).
    known: fields of graph nodes found before; filled here, so that a whole net is walked once.
    """
    places = example[1:] if len(example) > 1 else example
    if output.grad_fn is None:
        return (1,) * len(places) if output.requires_grad else None
    field = _field_of(output.grad_fn, len(places), known)
    if field.whole:
        return places
    return tuple(min(side, most) for side, most in zip(field.sides, places, strict=True))


def _field_of(node: Any, axes: int, known: dict[Any, Field]) -> Field:
    """The field behind a node, inputs first; without recursion, since nets may be deeper than Python's stack."""
    start = Field((1,) * axes, (1,) * axes)
    stack = [node]
    while stack:
        top = stack[-1]
        missing = [inner for inner in _inputs(top) if inner not in known]
        if top in known or not missing:
            stack.pop()
            known.setdefault(top, _through(top, _widest([known[inner] for inner in _inputs(top)], start), axes))
        else:
            stack += missing
    return known[node]


def _inputs(node: Any) -> Iterator[Any]:
    return (inner for inner, _ in node.next_functions if inner is not None)


def _widest(fields: list[Field], start: Field) -> Field:
    """What a node sees that sees all of these: the largest of each side. Weights are leaves and see nothing."""
    if not fields:
        return start
    return Field(
        tuple(map(max, zip(*(field.sides for field in fields), strict=True))),
        tuple(map(max, zip(*(field.steps for field in fields), strict=True))),
        any(field.whole for field in fields),
    )


def _through(node: Any, field: Field, axes: int) -> Field:
    name = node.name()
    if name.startswith(MIXING) or "Adaptive" in name:
        return Field(field.sides, field.steps, whole=True)
    if not any(part in name for part in WINDOWED):
        return field
    kernel, stride, dilation = _window(node, axes)
    if getattr(node, "_saved_transposed", False):
        return Field(field.sides, field.steps, whole=True)
    sides = tuple(
        side + d * (k - 1) * step for side, step, k, d in zip(field.sides, field.steps, kernel, dilation, strict=True)
    )
    return Field(sides, tuple(step * s for step, s in zip(field.steps, stride, strict=True)), field.whole)


def _window(node: Any, axes: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Kernel, stride and dilation along each axis. A kernel of a pooling without stride is its own stride."""
    kernel = tuple(node._saved_weight.shape[2:] if hasattr(node, "_saved_weight") else node._saved_kernel_size)
    stride = tuple(getattr(node, "_saved_stride", ())) or kernel
    dilation = tuple(getattr(node, "_saved_dilation", ())) or (1,) * axes
    return _along(kernel, axes), _along(stride, axes), _along(dilation, axes)


def _along(numbers: tuple[int, ...], axes: int) -> tuple[int, ...]:
    """One number for each axis. One-dimensional windows are stored as two-dimensional ones of height 1."""
    return (1,) * (axes - len(numbers)) + tuple(numbers)[-axes:] if len(numbers) != 1 else tuple(numbers) * axes
