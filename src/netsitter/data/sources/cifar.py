"""CIFAR-10 as published: the binary version and the Python version, as a folder or as the downloaded archive."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import numpy as np

from netsitter.data.faults import Faults, counted, named
from netsitter.data.rows import ArrayRows
from netsitter.data.source import Part, Source, whole_source
from netsitter.data.sources.pickled import UnsafePickle, unpickled
from netsitter.errors import DataError, shown

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
EXAMPLE = (3, 32, 32)
PIXELS = 3 * 32 * 32
RECORD = 1 + PIXELS
"""Bytes of one row of the binary version: the label, then the red, green and blue plane, each row by row."""

BATCH_ROWS = 10_000
"""Rows of each published file."""

TRAIN_FILES = tuple(f"data_batch_{k}" for k in range(1, 6))
TEST_FILE = "test_batch"
BINARY_META, PYTHON_META = "batches.meta.txt", "batches.meta"

BINARY_FOLDER, PYTHON_FOLDER = "cifar-10-batches-bin", "cifar-10-batches-py"

MOST_FILE_BYTES = 64 * 2**20
"""Of one file. The published ones have 31 MB; written anew by Python 3 they have 45."""

MOST_ARCHIVE_BYTES = 400 * 2**20
"""Of all files in an archive, unpacked. The published ones have 185 MB."""

GZIP_MARK = b"\x1f\x8b"


def cifar_version(names: set[str]) -> str:
    """ "binary" or "python", if files of these names are there; else ""."""
    if any(f"{name}.bin" in names for name in (*TRAIN_FILES, TEST_FILE)):
        return "binary"
    return "python" if names & {*TRAIN_FILES, TEST_FILE} else ""


def open_cifar(path: Path, *, name: str = "cifar10", task: str | None = None) -> Source:
    """CIFAR-10 from a folder or a .tar.gz, 50,000 + 10,000 uint8 images (3, 32, 32).

    Raises DataError that lists every fault: missing files, wrong sizes, labels out of range, unsafe pickles.
    """
    if task == "regress":
        raise DataError("CIFAR-10 holds classes", code="D46", where=named(path), fix="task = classify")
    files = _folder_files(path) if path.is_dir() else _archive_files(path)
    version = cifar_version(set(files))
    faults = Faults()
    wanted = [_file_name(batch, version) for batch in (*TRAIN_FILES, TEST_FILE)]
    for file in wanted:
        if file not in files:
            faults.add("D51", f"{file} is missing")
    read = _binary_batch if version == "binary" else _python_batch
    # Room for full files: what is never written to never takes memory.
    x_NCYX = np.empty((len(wanted) * BATCH_ROWS, *EXAMPLE), dtype=np.uint8)
    labels: dict[str, np.ndarray] = {}
    filled = 0
    for file in wanted:
        if file in files:
            try:
                x, labels[file] = read(files[file]())
            except _Fault as fault:
                faults.add(fault.code, f"{file} {fault}")
                continue
            x_NCYX[filled : filled + len(x)] = x
            filled += len(x)
    classes = _classes(files, version, faults)
    faults.refuse(
        f"{named(path)} is not CIFAR-10 as published",
        allowed=f"{', '.join(wanted)}, each with up to {BATCH_ROWS:,} rows of a label 0 to 9 and {PIXELS:,} pixels",
        fix="bring the files again from https://www.cs.toronto.edu/~kriz/cifar.html, best the binary version",
    )
    short = [f"{file} has {len(y):,} rows" for file, y in labels.items() if len(y) != BATCH_ROWS]
    split = filled - len(labels[wanted[-1]])
    y_N = np.concatenate(list(labels.values())).astype(np.int64)
    return whole_source(
        {
            "train": Part(ArrayRows(x_NCYX[:split]), y_N[:split]),
            "test": Part(ArrayRows(x_NCYX[split:filled]), y_N[split:]),
        },
        name=name,
        where=str(path),
        task="classify",
        classes=classes,
        notes=[f"{', '.join(short)}; the published files have {BATCH_ROWS:,}"] if short else [],
    )


class _Fault(ValueError):
    """What is wrong with one file, to be read after its name."""

    def __init__(self, what: str, code: str) -> None:
        super().__init__(what)
        self.code = code


def _file_name(batch: str, version: str) -> str:
    return f"{batch}.bin" if version == "binary" else batch


def _folder_files(folder: Path) -> dict[str, Callable[[], bytes]]:
    """Readers of the files of a folder by name."""
    names = {_file_name(batch, version) for batch in (*TRAIN_FILES, TEST_FILE) for version in ("binary", "python")}
    return {
        path.name: lambda path=path: _file_content(path)  # type: ignore[misc]
        for path in folder.iterdir()
        if path.name in {*names, BINARY_META, PYTHON_META}
    }


def _file_content(path: Path) -> bytes:
    if not path.is_file():
        raise _Fault("is not a regular file", "D76")
    if path.stat().st_size > MOST_FILE_BYTES:
        raise _Fault(f"has {path.stat().st_size:,} bytes, more than {MOST_FILE_BYTES:,}", "D59")
    try:
        return path.read_bytes()
    except OSError as fault:
        raise _Fault(f"cannot be read: {fault.strerror}", "D58") from fault


def _archive_files(path: Path) -> dict[str, Callable[[], bytes]]:
    """The wanted members of an archive, read as streams; nothing is unpacked to disk, whatever members are called."""
    folder_files = {
        f"{folder}/{_file_name(batch, version)}"
        for folder, version in ((BINARY_FOLDER, "binary"), (PYTHON_FOLDER, "python"))
        for batch in (*TRAIN_FILES, TEST_FILE)
    } | {f"{BINARY_FOLDER}/{BINARY_META}", f"{PYTHON_FOLDER}/{PYTHON_META}"}
    found: dict[str, bytes] = {}
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP_MARK
            raw.seek(0)
            stream = _Bounded(gzip.GzipFile(fileobj=raw) if packed else raw, MOST_ARCHIVE_BYTES)
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                for member in archive:
                    name = member.name.removeprefix("./")
                    if name not in folder_files:
                        continue
                    file = archive.extractfile(member) if member.isreg() else None
                    short = PurePosixPath(name).name
                    if file is None or member.size > MOST_FILE_BYTES or short in found:
                        raise _Fault(f"holds {shown(name)} as a link, twice, or too large", "D76")
                    found[short] = file.read()
            # To the very end: only there does gzip say whether all that came before is right.
            while stream.read(2**20):
                pass
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError) as fault:
        raise DataError(
            "the archive cannot be read",
            code=fault.code if isinstance(fault, _Fault) else "D59",
            where=f"{named(path)} {fault}",
            allowed="cifar-10-binary.tar.gz or cifar-10-python.tar.gz as published",
            fix="bring the archive again from https://www.cs.toronto.edu/~kriz/cifar.html",
        ) from fault
    if not cifar_version(set(found)):
        raise DataError(
            "this archive is not CIFAR-10",
            code="D76",
            where=named(path),
            allowed=f"members {BINARY_FOLDER}/data_batch_1.bin ... or {PYTHON_FOLDER}/data_batch_1 ...",
            fix="unpack other archives, and give the folder",
        )
    return {name: lambda content=content: content for name, content in found.items()}  # type: ignore[misc]


class _Bounded:
    """A stream that ends in an error after so many bytes, so that no archive can unpack without end."""

    def __init__(self, file: BinaryIO | gzip.GzipFile, most: int) -> None:
        self.file, self.left = file, most

    def read(self, size: int = -1) -> bytes:
        content = self.file.read(min(size, self.left + 1) if size >= 0 else self.left + 1)
        self.left -= len(content)
        if self.left < 0:
            raise _Fault(f"unpacks to more than {MOST_ARCHIVE_BYTES:,} bytes", "D73")
        return content


def _binary_batch(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, 3, 32, 32), a view, and labels of one file of the binary version."""
    rows, over = divmod(len(content), RECORD)
    if over or not 1 <= rows <= BATCH_ROWS:
        raise _Fault(f"has {len(content):,} bytes; {RECORD:,} a row, {RECORD * BATCH_ROWS:,} in all, are right", "D59")
    record_NB = np.frombuffer(content, dtype=np.uint8).reshape(rows, RECORD)
    y_N = record_NB[:, 0]
    _refuse_labels(y_N)
    return record_NB[:, 1:].reshape(rows, *EXAMPLE), y_N


def _python_batch(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of one file of the Python version."""
    held = _text_keys(content)
    data, labels = held.get("data"), held.get("labels")
    if (
        not isinstance(data, np.ndarray)
        or data.ndim != 2
        or data.shape[1] != PIXELS
        or not 1 <= len(data) <= BATCH_ROWS
    ):
        raise _Fault(f"holds no data of uint8 (N, {PIXELS})", "D59")
    if type(labels) is not list or len(labels) != len(data):
        raise _Fault(f"holds {len(data):,} images, and labels of another number", "D51")
    if not all(type(label) is int for label in labels):
        raise _Fault("holds labels that are no whole numbers", "D45")
    y_N = np.array(labels, dtype=np.int64)
    _refuse_labels(y_N)
    return data.reshape(len(data), *EXAMPLE), y_N


def _refuse_labels(y_N: np.ndarray) -> None:
    wrong = np.flatnonzero((y_N < 0) | (y_N >= len(CLASSES)))
    if len(wrong):
        first = f"row {int(wrong[0]):,} has label {int(y_N[wrong[0]])}"
        raise _Fault(f"has {counted(len(wrong), 'label')} outside 0 to 9: {first}", "D39")


def _text_keys(content: bytes) -> dict[str, Any]:
    """The dict in a pickle with its keys as text. Raises _Fault."""
    try:
        held = unpickled(content)
    except UnsafePickle as fault:
        raise _Fault(f"is not read: it {fault}", "D80") from fault
    return {key.decode("latin-1") if isinstance(key, bytes) else key: value for key, value in held.items()}


def _classes(files: Mapping[str, Callable[[], bytes]], version: str, faults: Faults) -> tuple[str, ...]:
    """The class names that come with the data, or the published ones if there are none."""
    meta = BINARY_META if version == "binary" else PYTHON_META
    if meta not in files:
        return CLASSES
    try:
        content = files[meta]()
        if version == "binary":
            names: Any = content.decode("utf-8").split()
        else:
            listed_names = _text_keys(content).get("label_names")
            names = [
                name.decode("utf-8") if type(name) is bytes else name
                for name in (listed_names if type(listed_names) is list else [])
            ]
        if len(names) != len(CLASSES) or len(set(names)) != len(names) or not all(type(name) is str for name in names):
            raise _Fault(f"does not name {len(CLASSES)} classes", "D36")
    except (_Fault, UnicodeDecodeError, TypeError) as fault:
        faults.add("D36", f"{meta} {fault}")
        return CLASSES
    return tuple(names)
