"""IDX files, as MNIST and Fashion-MNIST are published: a folder with images and labels of train and test."""

from __future__ import annotations

import gzip
import re
import zlib
from math import prod
from pathlib import Path

import numpy as np

from netsitter.data.faults import named
from netsitter.data.rows import ArrayRows
from netsitter.data.source import Part, Source, whole_source
from netsitter.errors import DataError

FILE_NAME = re.compile(r"(train|t10k|test)-(images|labels)[.-]idx([13])-ubyte(\.gz)?")
PARTS = {"train": "train", "t10k": "test", "test": "test"}
AXES = {"images": 3, "labels": 1}
UNSIGNED_BYTE = 0x08

MOST_BYTES = 2**33
"""Largest array that is read from one file: 8 GiB."""

MOST_RATIO = 1_100
"""Times that gzip can shrink a file; a header that claims more is not believed."""

FASHION = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
"""The classes of Fashion-MNIST; its files hold their numbers only."""


def idx_files(folder: Path) -> dict[tuple[str, str], Path]:
    """The IDX files of a folder by part and kind: ("train", "images"). Uncompressed before compressed."""
    found: dict[tuple[str, str], Path] = {}
    for path in sorted(folder.iterdir()):
        match = FILE_NAME.fullmatch(path.name)
        if match:
            found.setdefault((PARTS[match[1]], match[2]), path)
    return found


def open_idx(folder: Path, *, name: str = "", task: str | None = None) -> Source:
    """The source in a folder of IDX files. Raises DataError for a missing file, a wrong header and a wrong length."""
    files = idx_files(folder)
    if task == "regress":
        raise DataError("IDX files hold classes", code="D46", where=named(folder), fix="task = classify")
    missing = [
        f"{'t10k' if part == 'test' else part}-{kind}-idx{AXES[kind]}-ubyte"
        for part in sorted({part for part, _ in files} | {"train"}, reverse=True)
        for kind in AXES
        if (part, kind) not in files
    ]
    if missing:
        raise DataError(
            "an IDX file is missing",
            code="D51",
            where=f"{named(folder)}: no {', no '.join(missing)}",
            allowed="images and labels of train, and of t10k if there is a test part; each plain or as .gz",
        )
    parts = {}
    for part in ("train", "test"):
        if (part, "images") in files:
            x_NYX = idx_array(files[part, "images"], AXES["images"])
            y_N = idx_array(files[part, "labels"], AXES["labels"]).astype(np.int64)
            parts[part] = Part(ArrayRows(x_NYX[:, None]), y_N)
    classes = max(int(part.y.max(initial=0)) for part in parts.values()) + 1
    fashion = "fashion" in str(folder.resolve()).lower() and classes == len(FASHION)
    return whole_source(
        parts,
        name=name or folder.name,
        where=str(folder),
        task="classify",
        classes=FASHION if fashion else [str(k) for k in range(classes)],
    )


def idx_array(path: Path, axes: int) -> np.ndarray:
    """The uint8 array in an IDX file, plain or gzip.

    Layout: two zero bytes, the type, the number of axes, each side as a big-endian 32-bit number, then the bytes.
    Raises DataError before anything large is allocated if the header or the file's length cannot be right.
    """
    try:
        stored = path.stat().st_size
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            head, expected = file.read(4), bytes([0, 0, UNSIGNED_BYTE, axes])
            if head != expected:
                raise _refused(path, f"begins with {head!r}", f"{expected!r}, which says {axes} axes of bytes")
            sides = file.read(4 * axes)
            if len(sides) != 4 * axes:
                raise _refused(path, "ends within its header", f"{axes} sides of 4 bytes each")
            shape = tuple(int(side) for side in np.frombuffer(sides, dtype=">u4"))
            size = prod(shape)
            if size > MOST_BYTES or size > MOST_RATIO * stored:
                raise _refused(path, f"claims {shape} bytes in a file of {stored:,}", "a header that fits the file")
            # One byte more than there should be, to see whether there is one.
            content = file.read(size + 1)
    except (OSError, EOFError, zlib.error) as fault:
        raise _refused(path, f"cannot be read: {fault}", "a whole IDX file") from fault
    if len(content) != size:
        found = f"more than {size:,}" if len(content) > size else f"{len(content):,}"
        raise _refused(path, f"holds {found} bytes of data", f"{size:,} bytes, as its header {shape} says")
    return np.frombuffer(content, dtype=np.uint8).reshape(shape)


def _refused(path: Path, what: str, allowed: str) -> DataError:
    return DataError(
        "an IDX file is damaged, or of another kind",
        code="D59",
        where=f"{named(path)} {what}",
        allowed=allowed,
        fix="bring the file again",
    )
