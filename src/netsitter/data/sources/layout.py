"""How arrays of any common shape become examples: images (C, Y, X), or rows (D,) of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from netsitter.data.faults import listed
from netsitter.errors import DataError, shown

CHANNELS = (1, 3, 4)
"""Sizes of a last axis that are taken for channels, when both other axes are larger."""

EXACT_IN_FLOAT32 = 2**24
"""Whole numbers above this are not all exact in float32."""


@dataclass(frozen=True)
class Layout:
    """What is done to the shape of examples.

    kind: "row" (D,) · "plane" (Y, X), gets its one channel · "first" (C, Y, X) · "last" (Y, X, C), is turned.
    """

    kind: str

    @property
    def image(self) -> bool:
        return self.kind != "row"

    def applied(self, x: np.ndarray) -> np.ndarray:
        """x (N, *given) in our order of axes (a view where possible) and of a type that we train on."""
        if self.kind == "plane":
            x = x[:, None]
        elif self.kind == "last":
            x = x.transpose(0, 3, 1, 2)
        return pixels_of(x) if self.image else columns_of(x)


def layout_of(shape: tuple[int, ...], where: str) -> Layout:
    """The layout of examples of this shape. Raises DataError unless it has 1 to 3 axes, none of them empty."""
    if not 1 <= len(shape) <= 3 or 0 in shape:
        raise DataError(
            "examples of this shape cannot be read",
            code="D69",
            where=f"{where}: one example is {shape}",
            allowed="(D,) for a table; (Y, X), (C, Y, X) or (Y, X, C) for images",
            fix="reshape x to one of these, with the examples along the first axis",
        )
    if len(shape) == 3:
        *sides, last = shape
        return Layout("last" if last in CHANNELS and min(sides) > last else "first")
    return Layout("row" if len(shape) == 1 else "plane")


def array_of(x: Any, where: str = "x") -> np.ndarray:
    """NumPy's view of an array, a tensor on any device, a Pillow image, a data frame or nested lists.

    Raises DataError for what is not a rectangle of numbers.
    """
    if hasattr(x, "detach"):
        x = x.detach().cpu()
        x = (x.float() if str(x.dtype) == "torch.bfloat16" else x).numpy()
    try:
        array = x if isinstance(x, np.ndarray) else np.asarray(x)
    except (ValueError, TypeError) as fault:
        raise DataError(
            "the examples are not an array", code="D80", where=f"{where}: {fault}", allowed="rows of equal length"
        ) from fault
    if array.dtype.kind == "O":
        array = _numbers(array, where)
    if array.dtype.kind not in "biuf":
        raise DataError(
            "the examples are not numbers",
            code="D4",
            where=f"{where}: type {array.dtype}, first value {shown(array.flat[0].item() if array.size else None)}",
            allowed="bool, whole or real numbers",
            fix="turn text and dates into numbers first",
        )
    return array


def shaped(x: Any, where: str) -> tuple[np.ndarray, Layout, list[str]]:
    """x as (N, *example), its layout, and notes on what was done."""
    array = array_of(x, where)
    notes = []
    if array.ndim == 1:
        array = array[:, None]
        notes.append(f"{where}: one number an example was read as a table of one feature")
    layout = layout_of(array.shape[1:], where)
    turned = layout.applied(array)
    if layout.kind == "last":
        notes.append(f"{where}: {array.shape} was read as (N, Y, X, C) and turned to (N, C, Y, X)")
    if layout.image and turned.dtype != array.dtype:
        notes.append(f"{where}: pixels of type {array.dtype} were made {turned.dtype}{_scale(array, turned)}")
    # A mapped file stays where it is; what is in memory is laid out for fast taking.
    return (turned if isinstance(turned, np.memmap) else np.ascontiguousarray(turned)), layout, notes


def pixels_of(x: np.ndarray) -> np.ndarray:
    """Pixels as uint8 or float32; 16-bit ones from 0 to 1."""
    if x.dtype in (np.uint8, np.float32):
        return x
    if x.dtype == np.uint16:
        return x.astype(np.float32) / np.float32(65535)
    if x.dtype.kind in "iu" and x.size and x.min() >= 0 and x.max() <= 255:
        return x.astype(np.uint8)
    return x.astype(np.float32)


def columns_of(x: np.ndarray) -> np.ndarray:
    """A table as float32; as float64 where it came so, or holds whole numbers too large for float32."""
    if x.dtype in (np.float32, np.float64):
        return x
    large = (
        x.dtype.kind in "iu"
        and x.dtype.itemsize > 2
        and x.size
        and np.abs(x.astype(np.float64)).max() > EXACT_IN_FLOAT32
    )
    return x.astype(np.float64 if large or x.dtype.itemsize > 8 else np.float32)


def _scale(before: np.ndarray, after: np.ndarray) -> str:
    return " from 0 to 1" if before.dtype == np.uint16 and after.dtype == np.float32 else ""


def _numbers(array: np.ndarray, where: str) -> np.ndarray:
    """An array of objects as float64, if all are numbers. Raises DataError that names the first that are not."""
    try:
        return array.astype(np.float64)
    except (ValueError, TypeError) as fault:
        wrong = []
        for place, value in np.ndenumerate(array):
            try:
                float(value)
            except (ValueError, TypeError):
                wrong.append(f"row {place[0]:,}{f', column {place[1]}' if len(place) > 1 else ''}: {shown(value)}")
        raise DataError(
            f"{len(wrong):,} values are not numbers",
            code="D4",
            where=f"{where}: {listed(wrong)}",
            allowed="numbers only",
            fix="turn text into numbers, or leave the column out",
        ) from fault
