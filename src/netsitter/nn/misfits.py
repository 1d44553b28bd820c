"""Layers that do not fit their input: rows that no window reads, windows that are too large, sizes that differ."""

from __future__ import annotations

from math import prod

from torch import nn

from netsitter.errors import NetError
from netsitter.nn.arithmetic import span, unread

WINDOWED = {
    nn.Conv1d: 1,
    nn.MaxPool1d: 1,
    nn.AvgPool1d: 1,
    nn.Conv2d: 2,
    nn.MaxPool2d: 2,
    nn.AvgPool2d: 2,
    nn.Conv3d: 3,
    nn.MaxPool3d: 3,
    nn.AvgPool3d: 3,
}
"""The layers that look through a window, with its number of sides."""

WORDS = {1: ("place",), 2: ("row", "column"), 3: ("slice", "row", "column")}
"""What the sides count."""


def misfits(name: str, layer: nn.Module, shape: tuple[int, ...]) -> list[str]:
    """A warning when rows of this input are never read by the layer's window, and what would fit; else nothing.

    Raises NetError when the window is larger than the padded input.
    """
    axes = next((sides for kind, sides in WINDOWED.items() if isinstance(layer, kind)), None)
    if axes is None or layer.padding == "same":
        return []
    sides, kernel = shape[-axes:], _each(layer.kernel_size, axes)
    stride, dilation = _each(layer.stride or layer.kernel_size, axes), _each(getattr(layer, "dilation", 1), axes)
    padding = _each(0 if layer.padding == "valid" else layer.padding, axes)
    windows = tuple(map(span, kernel, dilation))
    padded = tuple(side + 2 * p for side, p in zip(sides, padding, strict=True))
    if any(window > side for window, side in zip(windows, padded, strict=True)):
        largest = [(side - 1) // d + 1 for side, d in zip(padded, dilation, strict=True)]
        needed = max(0, *((window - side + 1) // 2 for window, side in zip(windows, sides, strict=True)))
        raise NetError(
            f"layer {name} ({type(layer).__name__}) looks through a window of {_by(windows)}, "
            f"but its input is {_by(sides)}, padded by {_plain(padding)}",
            code="N01",
            where=f"layer {name}",
            allowed=f"a kernel up to {_by(largest)} for this input",
            fix=f"a smaller kernel, padding {needed}, larger images, or fewer layers before it that shrink them",
        )
    if getattr(layer, "ceil_mode", False):
        return []
    each = zip(sides, kernel, stride, padding, dilation, strict=True)
    rest = [unread(side, k, stride=s, padding=p, dilation=d) for side, k, s, p, d in each]
    if not any(rest):
        return []
    counted = [f"{n} {word}{'s' * (n > 1)}" for n, word in zip(rest, WORDS[axes], strict=True) if n]
    return [
        f"{name}: {' and '.join(counted)} {'is' if sum(rest) == 1 else 'are'} never read (input {_by(sides)}, kernel "
        f"{_plain(kernel)}, stride {_plain(stride)}, padding {_plain(padding)}); "
        f"{_by([side - n for side, n in zip(sides, rest, strict=True)])} would fit"
    ]


def wants(layer: nn.Module, shape: tuple[int, ...] | None) -> tuple[str, str, str] | None:
    """What the layer expected and what came, what is allowed, and the fix; None where the sizes are not the fault."""
    if not shape:
        return None
    if isinstance(layer, nn.Linear) and shape[-1] != layer.in_features:
        flat = prod(shape[1:]) == layer.in_features
        return (
            f"expects {layer.in_features} numbers and gets {shape[-1]}",
            f"in_features = {layer.in_features}",
            "nn.Flatten() before it" if flat else f"nn.Linear({shape[-1]}, {layer.out_features})",
        )
    channels = getattr(layer, "in_channels", None) or getattr(layer, "num_features", None)
    if isinstance(channels, int) and len(shape) > 1 and shape[1] != channels:
        return (
            f"expects {channels} channels and gets {shape[1]}",
            f"inputs of (rows, {channels}, ...)",
            f"{type(layer).__name__} for {shape[1]} channels",
        )
    return None


def _each(value: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    if isinstance(value, int):
        return (value,) * axes
    return tuple(value) * axes if len(value) == 1 else tuple(value)


def _by(numbers: tuple[int, ...] | list[int]) -> str:
    return " x ".join(map(str, numbers))


def _plain(numbers: tuple[int, ...]) -> str:
    return str(numbers[0]) if len(set(numbers)) == 1 else _by(numbers)
