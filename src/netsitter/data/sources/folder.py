"""Image folders: one sub-folder a class, with or without train, val and test on top."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from netsitter.data.faults import Faults, counted, listed, named
from netsitter.data.rows import ImageFileRows
from netsitter.data.source import Part, Source, whole_source
from netsitter.data.sources.image import COLOUR, ENDINGS, GREY, SIXTEEN, Header, UnreadableImage, header_of, told_size
from netsitter.data.sources.names import PARTS_BY_WORD
from netsitter.errors import DataError, shown

LITTER = ("thumbs.db", "desktop.ini", "__macosx")
"""What systems leave behind; ignored, as is all that begins with a dot."""

PORTION = 256
"""Files whose headers one thread reads in a row: handing over each one alone costs more than reading it."""

THREADS = 8
"""Headers read at once: disks answer better when asked several things."""

SPECIAL = {
    "transparent": "were laid over white, being transparent",
    "cmyk": "were made RGB from CMYK",
    "palette": "were made RGB from a palette",
    "turned": "were turned as their EXIF tag says",
    "animated": "are animated; their first frame was taken",
}
"""What is handled by itself, and how that is said."""


@dataclass
class Listing:
    """What lies in a folder of class folders.

    files: image files of each class, in order of name.
    others: what was left out, as paths.
    """

    files: dict[str, list[Path]] = field(default_factory=dict)
    others: list[Path] = field(default_factory=list)


def has_class_folders(folder: Path) -> bool:
    """Whether a folder looks like an image folder: a sub-folder with an image file, or one in train, val or test."""
    inner = [path for path in _entries(folder) if _is_folder(path)]
    parts = [path for path in inner if path.name.lower() in PARTS_BY_WORD]
    deeper = [path for part in parts for path in _entries(part) if _is_folder(path)]
    return any(_claims_image(path) for place in (*inner, *deeper) for path in _entries(place))


def open_folder(folder: Path, *, resize: str | None = None, task: str | None = None) -> Source:
    """The source in an image folder; every header is read, nothing is decoded but what looks cut short.

    resize: "WIDTHxHEIGHT" that images are scaled to when they are taken.
    Raises DataError that lists every fault: empty or nested class folders, links in a circle, unreadable files,
    bombs, images of different size without `resize`, 16-bit images among others.
    """
    if task == "regress":
        raise DataError("folders of images are classes", code="D46", where=named(folder), fix="task = classify")
    faults = Faults()
    folders = _part_folders(folder, faults)
    listings = {part: _listing(path, faults) for part, path in folders.items()}
    paths = [path for listing in listings.values() for files in listing.files.values() for path in files]
    headers = _headers(paths, folder, faults)
    faults.refuse(
        f"the image folder has {counted(len(faults.found), 'fault')}",
        allowed="one folder a class with whole image files in it, and train, val, test above them or nothing",
        fix="bring these files again, or remove them",
    )
    size, mode = _size(headers, folder, resize), _mode(headers, folder)
    classes = sorted({name for listing in listings.values() for name in listing.files})
    parts = {part: _part(listing, classes, size, mode, resize is not None) for part, listing in listings.items()}
    divided = folder not in folders.values()
    others = [path for path in _entries(folder) if divided and path not in folders.values()]
    others += [path for listing in listings.values() for path in listing.others]
    return whole_source(
        parts,
        name=folder.resolve().name,
        where=str(folder),
        task="classify",
        classes=classes,
        notes=_notes(headers, mode, size, others, folder),
    )


def _part_folders(folder: Path, faults: Faults) -> dict[str, Path]:
    """The folder of each part; the folder itself as train if it is not divided."""
    inner = [path for path in _entries(folder) if _is_folder(path)]
    tops = [path for path in inner if path.name.lower() in PARTS_BY_WORD]
    divided = [path for path in tops if any(_is_folder(deeper) for deeper in _entries(path))]
    if not divided:
        return {"train": folder}
    if not any(PARTS_BY_WORD[path.name.lower()] == "train" for path in divided):
        faults.add("D54", f"{listed((named(path.name) for path in divided), ', ')} without a train folder beside")
        return {}
    parts: dict[str, Path] = {}
    for path in divided:
        part = PARTS_BY_WORD[path.name.lower()]
        if part in parts:
            faults.add("D76", f"{named(path.name)} and {named(parts[part].name)} are both the {part} part")
        elif _circles(path):
            faults.add("D76", f"{named(path.name)} is a link to a folder above it")
        else:
            parts[part] = path
    return parts


def _listing(folder: Path, faults: Faults) -> Listing:
    """The image files of each class folder; faults of the folders are added."""
    found = Listing()
    for inner in _entries(folder):
        if not _is_folder(inner):
            found.others.append(inner)
            continue
        if _circles(inner):
            faults.add("D76", f"{_short(inner)} is a link to a folder above it")
            continue
        entries = _entries(inner)
        nested = [path for path in entries if _is_folder(path)]
        images = [path for path in entries if _claims_image(path) and not _is_folder(path)]
        if nested:
            faults.add("D76", f"{_short(nested[0])} is a folder within a class folder")
        if not nested and not images:
            faults.add("D75", f"{_short(inner)} is a class folder without images")
        found.files[inner.name] = images
        found.others += [path for path in entries if not _claims_image(path) and not _is_folder(path)]
    if not found.files:
        faults.add("D75", f"{named(folder)} holds no class folders")
    return found


def _headers(paths: Sequence[Path], folder: Path, faults: Faults) -> dict[Path, Header]:
    """The headers of all files, read by threads; faults are added."""

    def read(some: Sequence[Path]) -> list[Header | UnreadableImage]:
        return [_header(path) for path in some]

    portions = [paths[start : start + PORTION] for start in range(0, len(paths), PORTION)]
    # Filters are set around the pool, not within it: they belong to the process, not to a thread.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with ThreadPoolExecutor(THREADS) as pool:
            headers = [header for some in pool.map(read, portions) for header in some]
    found = dict(zip(paths, headers, strict=True))
    for path, header in found.items():
        if isinstance(header, UnreadableImage):
            faults.add(header.code, f"{named(path.relative_to(folder))} {header}")
    return {path: header for path, header in found.items() if isinstance(header, Header)}


def _header(path: Path) -> Header | UnreadableImage:
    try:
        return header_of(path)
    except UnreadableImage as fault:
        return fault


def _size(headers: dict[Path, Header], folder: Path, resize: str | None) -> tuple[int, int]:
    """(width, height) of all images. Raises DataError with a table of sizes if they differ and are not resized."""
    if resize is not None:
        return sides_of(resize)
    sizes = Counter(header.size for header in headers.values()).most_common()
    if len(sizes) > 1:
        common = told_size(sizes[0][0])
        odd = next(path for path, header in headers.items() if header.size == sizes[-1][0])
        table = listed((f"{told_size(size)}: {count:,}" for size, count in sizes), ", ")
        raise DataError(
            f"the images have {len(sizes)} different sizes",
            code="D67",
            where=f"{named(folder)}: {table}; {told_size(sizes[-1][0])} is {named(odd.relative_to(folder))}",
            allowed="one size, for a network's input has one",
            fix=f"--resize {common}",
        )
    return sizes[0][0]


def sides_of(resize: str) -> tuple[int, int]:
    """(width, height) of "WIDTHxHEIGHT". Raises DataError."""
    sides = resize.lower().split("x")
    if len(sides) != 2 or not all(side.isdecimal() and 0 < int(side) <= 2**14 for side in sides):
        raise DataError(
            "this is no size that images can be resized to",
            code="D67",
            where=f"resize = {shown(resize)}",
            allowed="WIDTHxHEIGHT in pixels, as 32x32",
        )
    return int(sides[0]), int(sides[1])


def _mode(headers: dict[Path, Header], folder: Path) -> str:
    """The mode that all images are decoded to. Raises DataError where 16-bit images stand among others."""
    kinds = {header.kind for header in headers.values()}
    if kinds == {SIXTEEN}:
        return SIXTEEN
    if SIXTEEN in kinds:
        deep = [named(path.relative_to(folder)) for path, header in headers.items() if header.kind == SIXTEEN]
        raise DataError(
            "16-bit images stand among 8-bit ones",
            code="D62",
            where=f"{named(folder)}: {len(deep):,} of {len(headers):,} are 16-bit: {listed(deep, ', ')}",
            allowed="all of 16 bits, or none",
            fix="bring the 16-bit files down to 8 bits, or the others up",
        )
    return COLOUR if COLOUR in kinds else GREY


def _part(listing: Listing, classes: list[str], size: tuple[int, int], mode: str, resize: bool) -> Part:
    paths = [path for name in classes for path in listing.files.get(name, [])]
    y_N = np.repeat(np.arange(len(classes)), [len(listing.files.get(name, [])) for name in classes])
    return Part(ImageFileRows(paths, size, mode, resize=resize), y_N.astype(np.int64))


def _notes(
    headers: dict[Path, Header], mode: str, size: tuple[int, int], others: list[Path], folder: Path
) -> list[str]:
    """What was handled by itself, with counts and the first file."""

    def note(which: list[Path], what: str) -> list[str]:
        first = f" (first: {named(which[0].relative_to(folder))})" if which else ""
        return [f"{counted(len(which), 'image')} {what}{first}"] if which else []

    grey = [path for path, header in headers.items() if header.kind == GREY and mode == COLOUR]
    scaled = [path for path, header in headers.items() if header.size != size]
    notes = note(grey, "of grey were made RGB") + note(scaled, f"were resized to {told_size(size)}")
    if mode == SIXTEEN:
        notes += note(list(headers), "of 16 bits were scaled to 0..1")
    for mark, what in SPECIAL.items():
        notes += note([path for path, header in headers.items() if mark in header.special], what)
    if others:
        names = listed((named(path.relative_to(folder)) for path in others), ", ")
        notes.append(f"{counted(len(others), 'entry', 'entries')} left out, being no image or class folder: {names}")
    return notes


def _entries(folder: Path) -> list[Path]:
    """What lies in a folder, in order of name, without litter; nothing if it cannot be read."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [folder / name for name in names if not name.startswith(".") and name.lower() not in LITTER]


def _is_folder(path: Path) -> bool:
    # os.path.isdir says no to a link that leads to itself, where Path.is_dir raised before Python 3.12.
    return os.path.isdir(path)


def _claims_image(path: Path) -> bool:
    return path.suffix.lower() in ENDINGS


def _circles(folder: Path) -> bool:
    """Whether a folder is a link to one that contains it."""
    here = folder.parent.resolve()
    return folder.is_symlink() and Path(os.path.realpath(folder)) in (here, *here.parents)


def _short(path: Path) -> str:
    return named(Path(path.parent.name) / path.name)
