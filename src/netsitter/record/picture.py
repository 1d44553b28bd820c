"""Small pictures as plain values: zipped, as text, so that they can stand in a journal."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_SIDE = 64
"""Pixels of a side; of a larger picture, every so many'th is kept."""


def packed(pixels_YXC: NDArray[np.uint8]) -> dict[str, Any]:
    """A picture as plain values. pixels_YXC: one channel or three."""
    every = -(-max(pixels_YXC.shape[:2]) // MOST_SIDE)
    small = np.ascontiguousarray(pixels_YXC[::every, ::every])
    return {"size": small.shape, "pixels": base64.b64encode(zlib.compress(small.tobytes())).decode()}


def unpacked(values: Mapping[str, Any]) -> NDArray[np.uint8]:
    """The picture that `packed` gave these values for. Raises ValueError for what is none."""
    try:
        content = zlib.decompress(base64.b64decode(values["pixels"]))
    except zlib.error as error:
        raise ValueError(f"not a picture: {error}") from error
    return np.frombuffer(content, np.uint8).reshape(values["size"])


def in_grey(values: NDArray[np.floating[Any]], *, around_zero: bool = False) -> NDArray[np.uint8]:
    """Real numbers as brightness: from the least to the greatest; or, around zero, with zero in the middle."""
    finite = np.nan_to_num(np.asarray(values, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    reach = float(np.abs(finite).max(initial=0.0))
    low, high = (-reach, reach) if around_zero else (float(finite.min(initial=0.0)), float(finite.max(initial=0.0)))
    return np.asarray(np.rint(255 * (finite - low) / ((high - low) or 1.0)), np.uint8)
