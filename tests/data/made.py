"""Tiny data sets on disk, as the tests of this room need them, and the check that a refusal says all it should."""

from __future__ import annotations

import gzip
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netsitter.data.sources.cifar import TEST_FILE, TRAIN_FILES
from netsitter.errors import DataError


@contextmanager
def refused(code: str, *words: str) -> Iterator[pytest.ExceptionInfo[DataError]]:
    """Expects a DataError of this code that says where and how to mend it, with these words in it."""
    with pytest.raises(DataError) as caught:
        yield caught
    error = caught.value
    assert error.code == code, str(error)
    assert error.where
    assert error.allowed or error.fix
    for word in words:
        assert word in str(error), str(error)


def write_image(
    path: Path, size: tuple[int, int] = (6, 4), mode: str = "RGB", seed: int = 0, **options: object
) -> Path:
    """An image of noise; options go to Pillow's `save`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(seed)
    width, height = size
    if mode == "I;16":
        image = Image.fromarray(draw.integers(0, 65536, (height, width), dtype=np.uint16))
    else:
        image = Image.fromarray(draw.integers(0, 256, (height, width, 3), dtype=np.uint8)).convert(mode)
    image.save(path, **options)
    return path


def image_folder(root: Path, classes: tuple[str, ...] = ("cat", "dog"), each: int = 3, **options: object) -> Path:
    """One sub-folder of PNG files a class."""
    for k, name in enumerate(classes):
        for number in range(each):
            write_image(root / name / f"{number}.png", seed=10 * k + number, **options)
    return root


def cifar_rows(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(rows, 3072) uint8 pixels and labels 0 to 9 in turn."""
    pixels = np.random.default_rng(seed).integers(0, 256, (rows, 3072), dtype=np.uint8)
    return pixels, (np.arange(rows) % 10).astype(np.uint8)


def cifar_binary(root: Path, rows: int = 20) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate((*TRAIN_FILES, TEST_FILE)):
        pixels, labels = cifar_rows(rows, seed)
        (root / f"{name}.bin").write_bytes(np.concatenate([labels[:, None], pixels], axis=1).tobytes())
    return root


def cifar_python(root: Path, rows: int = 20, protocol: int = 2) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate((*TRAIN_FILES, TEST_FILE)):
        pixels, labels = cifar_rows(rows, seed)
        held = {
            b"batch_label": name.encode(),
            b"labels": labels.tolist(),
            b"data": pixels,
            b"filenames": [b"a.png"] * rows,
        }
        (root / name).write_bytes(pickle.dumps(held, protocol=protocol))
    return root


def idx_bytes(array: np.ndarray) -> bytes:
    sides = b"".join(int(side).to_bytes(4, "big") for side in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sides + array.astype(np.uint8).tobytes()


def idx_folder(root: Path, rows: int = 20, *, packed: bool = False, joint: str = "-") -> Path:
    root.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(0)
    for part in ("train", "t10k"):
        images, labels = draw.integers(0, 256, (rows, 5, 4)), np.arange(rows) % 10
        for kind, axes, array in (("images", 3, images), ("labels", 1, labels)):
            name, content = f"{part}-{kind}{joint}idx{axes}-ubyte", idx_bytes(array)
            if packed:
                (root / f"{name}.gz").write_bytes(gzip.compress(content))
            else:
                (root / name).write_bytes(content)
    return root
