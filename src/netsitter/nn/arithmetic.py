"""The arithmetic of convolution and pooling: output sides, parameters, and rows that no window reads.

Sides are counted along one axis; call once for each.
Source: Dumoulin & Visin (2016), arXiv:1603.07285.
"""

from __future__ import annotations

from netsitter.errors import NetError


def output_side(size: int, kernel: int, *, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """(W - F + 2P) / S + 1, rounded down, where a dilated window is F = dilation * (kernel - 1) + 1 long.

    >>> output_side(32, 5, stride=1, padding=2)
    32

    Raises NetError when the window is larger than the padded input.
    """
    window = span(kernel, dilation)
    if window > size + 2 * padding:
        largest = (size + 2 * padding - 1) // dilation + 1
        raise NetError(
            f"a window of {window} does not fit an input of {size} with padding {padding}",
            code="N01",
            allowed=f"a window up to {size + 2 * padding}",
            fix=f"padding {(window - size + 1) // 2} or more, or a kernel up to {largest}",
        )
    return (size + 2 * padding - window) // stride + 1


def span(kernel: int, dilation: int = 1) -> int:
    """How many rows a window reaches over, its holes included."""
    return dilation * (kernel - 1) + 1


def parameters(kernel: int, inputs: int, filters: int, *, bias: bool = True) -> int:
    """(F * F * D1 + 1) * K: the numbers in a square convolution from `inputs` channels to `filters`.

    >>> parameters(5, 3, 10)
    760
    """
    return (kernel * kernel * inputs + bias) * filters


def unread(size: int, kernel: int, *, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """How many rows of the input lie behind the last window, where no window reads them.

    Padding at that end is what is left unread first. The gaps that a stride longer than its window leaves everywhere
    are not counted: whoever sets it means them.

    >>> unread(32, 3, stride=2)
    1
    """
    window = span(kernel, dilation)
    rest = (size + 2 * padding - window) % stride
    return max(0, rest - padding - max(0, stride - window))
