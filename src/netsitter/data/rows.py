"""`Rows`: examples that are taken by their numbers, from memory, from image files or from a torch Dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from netsitter.data.faults import named
from netsitter.data.sources.image import GREY, SIXTEEN, UnreadableImage, decoded
from netsitter.data.sources.layout import Layout, array_of
from netsitter.errors import DataError


class Rows(Protocol):
    """N examples of one shape and type.

    example: shape of one: (C, Y, X) of an image, uint8 or float32; (D,) of a table, float32 or float64.
    in_memory: whether taking is only copying.
    """

    example: tuple[int, ...]
    dtype: np.dtype
    in_memory: bool

    def __len__(self) -> int: ...

    def take(self, index_B: np.ndarray) -> np.ndarray:
        """These examples as one array of shape (B, *example), a copy."""
        ...

    def stored(self, row: int) -> bytes:
        """One example as bytes that are the same on every machine; empty where there are none."""
        ...


class ArrayRows:
    """Examples in one array (N, *example), in memory or mapped from a file.

    dtype: what is handed out, when the array itself is to stay as it is (a mapped file).
    """

    def __init__(self, array: np.ndarray, *, dtype: np.dtype | None = None) -> None:
        self.array = array
        self.example = array.shape[1:]
        self.dtype = np.dtype(dtype or array.dtype)
        self.in_memory = not isinstance(array, np.memmap)

    def __len__(self) -> int:
        return len(self.array)

    def take(self, index_B: np.ndarray) -> np.ndarray:
        taken = np.take(self.array, np.asarray(index_B, dtype=np.int64), axis=0)
        return np.ascontiguousarray(taken, dtype=self.dtype).view(np.ndarray)

    def stored(self, row: int) -> bytes:
        return np.ascontiguousarray(self.array[row], dtype=self.dtype.newbyteorder("<")).tobytes()


class ImageFileRows:
    """Images that are decoded when they are taken.

    paths: one file a row.
    size: (width, height) in pixels.
    mode: "L" (one channel), "RGB" (three), both uint8, or "I;16" (one channel of 16 bits, as float32 from 0 to 1).
    resize: whether images of another size are scaled to it; else they are refused.
    """

    in_memory = False

    def __init__(self, paths: Sequence[str | Path], size: tuple[int, int], mode: str, *, resize: bool = False) -> None:
        self.paths, self.size, self.mode, self.resize = [str(path) for path in paths], size, mode, resize
        width, height = size
        self.example = (1 if mode in (GREY, SIXTEEN) else 3, height, width)
        self.dtype = np.dtype(np.float32 if mode == SIXTEEN else np.uint8)

    def __len__(self) -> int:
        return len(self.paths)

    def take(self, index_B: np.ndarray) -> np.ndarray:
        """Raises DataError that names the file, if one cannot be decoded."""
        index_B = np.asarray(index_B, dtype=np.int64)
        x_BCYX = np.empty((len(index_B), *self.example), dtype=self.dtype)
        for place, row in enumerate(index_B):
            try:
                x_BCYX[place] = decoded(self.paths[row], self.size, self.mode, resize=self.resize)
            except UnreadableImage as fault:
                raise DataError(
                    "an image cannot be decoded",
                    code="D59",
                    where=f"{named(self.paths[row])} {fault}",
                    allowed="whole images that do not change while they are read",
                    fix="bring the file again, or remove it",
                ) from fault
        return x_BCYX

    def stored(self, row: int) -> bytes:
        # The file's bytes, not the pixels: two releases of a JPEG library may decode to different pixels.
        return Path(self.paths[row]).read_bytes()


class DatasetRows:
    """The examples of a torch Dataset that yields (x, y), fetched when they are taken.

    Anything with `__len__` and `__getitem__` will do. What the Dataset draws by chance is drawn anew each time.
    layout: how one of its examples becomes (C, Y, X) or (D,).
    """

    in_memory = False

    def __init__(self, dataset: Any, layout: Layout) -> None:
        self.dataset, self.layout = dataset, layout
        first = self._example(0)
        self.example, self.dtype = first.shape, first.dtype

    def __len__(self) -> int:
        return len(self.dataset)

    def take(self, index_B: np.ndarray) -> np.ndarray:
        """Raises DataError that names the row, if its shape differs from the first one's."""
        index_B = np.asarray(index_B, dtype=np.int64)
        x = np.empty((len(index_B), *self.example), dtype=self.dtype)
        for place, row in enumerate(index_B):
            one = self._example(int(row))
            if one.shape != self.example:
                raise DataError(
                    "the examples of the Dataset differ in shape",
                    code="D67",
                    where=f"row {int(row):,}: {one.shape}; row 0: {self.example}",
                    allowed="one shape for all examples",
                    fix="resize or crop in the Dataset's transform",
                )
            x[place] = one
        return x

    def stored(self, row: int) -> bytes:
        # A Dataset may draw at random, so its content is not known twice; its size and targets are.
        return b""

    def _example(self, row: int) -> np.ndarray:
        one = array_of(self.dataset[row][0])
        # Whether whole numbers fit 8 bits cannot be told from one row; the type must not change between rows.
        one = one.astype(np.float32) if one.dtype.kind in "iub" and one.dtype not in (np.uint8, np.uint16) else one
        return self.layout.applied(one[None])[0]
