"""NumPy archives (.npz) with examples and labels under names that are known. Nothing in them is unpickled."""

from __future__ import annotations

import zipfile
import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from netsitter.data.faults import Faults, listed, named
from netsitter.data.source import Source
from netsitter.data.sources.arrays import refuse_unnamed, source_of
from netsitter.data.sources.names import EXAMPLES, named_parts
from netsitter.errors import DataError, shown

MOST_BYTES = 2**34
"""Most bytes that an archive may hold unpacked: 16 GiB."""

SMALL_BYTES = 2**24
"""Arrays up to this size may be packed as tightly as they like: constant labels are."""

MOST_RATIO = 1_000
"""Times that a larger array may be packed; tighter packing is a bomb."""

MOST_ARRAYS = 1_000
MOST_HEADER = 10_000
"""Bytes of an array's header that are parsed; longer ones are hostile."""

UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError)
"""What reading a damaged or encrypted archive raises."""

KINDS = "biufUS"
"""Kinds of array that are read: bool, whole and real numbers, text."""


def open_npz(path: Path, *, task: str | None = None) -> Source:
    """The source in an archive with x and y, x_train and y_train, train_images ..., data and target.

    Raises DataError for names that are not known, object arrays, headers that lie about their size, and zip bombs.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            headers = _checked(archive, path)
            pairs = refuse_unnamed(headers, named(path))
            used = {name for pair in pairs.values() for name in pair}
            told = {"class_names", "target_names", "feature_names", "groups"} & set(headers)
            arrays = {name: _read(archive, headers[name], path) for name in sorted(used | told)}
    except UNREADABLE as fault:
        raise _refused(path, f"cannot be read: {fault}") from fault
    rest = sorted(set(headers) - used - told)
    classes = arrays.get("class_names", arrays.get("target_names"))
    numbered = arrays[pairs["train"][1]].dtype.kind in "biu"
    groups = {"groups": arrays["groups"]} if "groups" in arrays else {}
    return source_of(
        {**{part: (arrays[x], arrays[y]) for part, (x, y) in pairs.items()}, **groups},
        name=path.stem,
        where=str(path),
        task=task,
        classes=classes.ravel().tolist() if classes is not None and numbered and task != "regress" else None,
        features=arrays["feature_names"].ravel().tolist() if "feature_names" in arrays else (),
        notes=[f"not used: {listed(rest, ', ')}"] if rest else [],
    )


def unlabelled(path: Path) -> np.ndarray | None:
    """The examples of an archive without labels: its only array, or the one named x; None where there are labels.

    Raises DataError as `open_npz` does.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            headers = _checked(archive, path)
            named_x = [name for name in headers if name.lower() in EXAMPLES]
            only = named_x if len(named_x) == 1 else list(headers)
            if named_parts(headers) or len(only) != 1:
                return None
            return _read(archive, headers[only[0]], path)
    except UNREADABLE as fault:
        raise _refused(path, f"cannot be read: {fault}") from fault


def _checked(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """The arrays of an archive by name, after every header has been checked against the bytes that are there."""
    faults, found, stored = Faults(), {}, path.stat().st_size
    members = archive.infolist()
    if len(members) > MOST_ARRAYS:
        raise _refused(path, f"holds {len(members):,} members")
    total = 0
    for member in members:
        name = member.filename.removesuffix(".npy")
        total += member.file_size
        packed = max(1, min(member.compress_size, stored))
        if name == member.filename or "/" in name or "\\" in name or name in found:
            faults.add("D80", f"{shown(member.filename)} is no array, or is there twice")
        elif member.file_size > max(SMALL_BYTES, MOST_RATIO * packed):
            faults.add("D80", f"{shown(name)} unpacks {packed:,} bytes to {member.file_size:,}: a zip bomb")
        else:
            found[name] = member
            fault = _header_fault(archive, member)
            if fault:
                faults.add("D80", f"{shown(name)} {fault}")
    if total > MOST_BYTES:
        faults.add("D80", f"all together unpack to {total:,} bytes")
    faults.refuse(
        f"{named(path)} cannot be read safely",
        allowed=f"arrays of numbers or text, no objects, at most {MOST_BYTES:,} bytes unpacked",
        fix="write it anew: numpy.savez(file, x_train=..., y_train=...), with no array of type object",
    )
    return found


def _header_fault(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    """What is wrong with an array's header, or ""."""
    with archive.open(member) as file:
        try:
            shape, dtype = _header(file)
        # A hostile header may break the parser in any way; whatever it raises, the header is not one.
        except (ValueError, TypeError, SyntaxError, KeyError, RecursionError, MemoryError, OverflowError) as fault:
            return f"has no readable header: {shown(str(fault))}"
        if dtype.hasobject or dtype.kind not in KINDS:
            return f"holds type {shown(str(dtype))}: objects are never unpickled"
        claimed = prod(shape) * dtype.itemsize
        there = member.file_size - file.tell()
        if min(shape, default=0) < 0 or claimed != there:
            return f"claims {shape} of {dtype}, {claimed:,} bytes; {there:,} are there"
    return ""


def _header(file: Any) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type that an array's header claims; the file stands behind it then."""
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(file)
    if version not in read:
        raise ValueError(f"version {version}")
    shape, _, dtype = read[version](file, max_header_size=MOST_HEADER)
    return shape, dtype


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> np.ndarray:
    with archive.open(member) as file:
        try:
            return np.lib.format.read_array(file, allow_pickle=False, max_header_size=MOST_HEADER)
        except ValueError as fault:
            raise _refused(path, f"{shown(member.filename)} is cut short: {fault}") from fault


def _refused(path: Path, what: str) -> DataError:
    return DataError(
        "the NumPy archive cannot be read",
        code="D80",
        where=f"{named(path)}: {what}",
        allowed="a whole .npz file with arrays of numbers or text",
        fix="bring the file again, or write it anew with numpy.savez",
    )
