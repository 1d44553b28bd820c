"""`open_source`: a data set from a path or a known name, recognised by what is there."""

from __future__ import annotations

import os
from pathlib import Path

from netsitter.data.faults import listed, named
from netsitter.data.source import Source
from netsitter.data.sources.cifar import GZIP_MARK, cifar_version, open_cifar
from netsitter.data.sources.folder import has_class_folders, open_folder, sides_of
from netsitter.data.sources.idx import FILE_NAME, idx_files, open_idx
from netsitter.data.sources.known import KNOWN, open_known
from netsitter.data.sources.npz import open_npz
from netsitter.data.sources.resize import resized_source
from netsitter.errors import DataError, closest, shown

FORMS = (
    "a folder or archive of CIFAR-10, a folder of IDX files, a folder with one sub-folder of images a class, "
    f"an .npz file with x and y, or a name: {', '.join(KNOWN)}"
)
"""What can be opened; for messages."""

FIXES = {
    ".zip": "unpack it, and give the folder",
    ".npy": "put examples and labels into one file: numpy.savez(file, x=x, y=y)",
    ".csv": "read the table with your own tool and save it: numpy.savez(file, x=x, y=y)",
}
"""What to do with other files, by their ending."""

ZIP_MARK = b"PK\x03\x04"
TAR_MARK, TAR_MARK_AT = b"ustar", 257


def open_source(
    spec: str | Path,
    *,
    data_dir: Path | None = None,
    download: bool = False,
    resize: str | None = None,
    task: str | None = None,
) -> Source:
    """The data set at a path, or of a known name. What lies at a path is recognised by its content.

    data_dir: where known data sets are looked for first; then in NETSITTER_DATA, ./data and ~/.cache/netsitter.
    download: whether a known data set that is not there is fetched.
    resize: "WIDTHxHEIGHT" that images are scaled to.
    task: "classify" or "regress", where the targets do not say it.
    Raises DataError that says what was found, what can be opened, and how to mend it.
    """
    # os.path answers where pathlib raises: for names that are too long, and homes of nobody.
    text, path = str(spec), Path(os.path.expanduser(spec))
    size = sides_of(resize) if resize is not None else None
    if text in KNOWN and not os.path.lexists(path):
        source = open_known(text, data_dir=Path(data_dir) if data_dir else None, download=download, task=task)
    elif "://" in text:
        raise DataError(
            "data is opened from files only", code="D35", where=shown(text), fix="download it, give the file"
        )
    elif os.path.isdir(path):
        source = _from_folder(path, resize, task)
    elif os.path.isfile(path):
        source = _from_file(path, task)
    else:
        raise _missing(text, path)
    return source if size is None else resized_source(source, size) if source.parts["train"].x.in_memory else source


def _from_folder(folder: Path, resize: str | None, task: str | None) -> Source:
    try:
        names = sorted(os.listdir(folder))
    except OSError as fault:
        raise DataError("the folder cannot be read", code="D75", where=f"{named(folder)}: {fault.strerror}") from fault
    if cifar_version(set(names)):
        return open_cifar(folder, task=task)
    if idx_files(folder):
        return open_idx(folder, task=task)
    if has_class_folders(folder):
        return open_folder(folder, resize=resize, task=task)
    inner = _inner(folder, names)
    if len(inner) == 1:
        return open_source(inner[0], resize=resize, task=task)
    if inner:
        raise DataError(
            "there are several data sets in this folder",
            code="D76",
            where=f"{named(folder)}: {listed((named(path.name) for path in inner), ', ')}",
            allowed="one data set",
            fix=f"give one of them, as {named(inner[0])}",
        )
    raise DataError(
        "no data set is recognised in this folder",
        code="D75",
        where=f"{named(folder)}: {listed(map(shown, names), ', ') or 'empty'}",
        allowed=FORMS,
        fix="give the folder whose sub-folders are the classes, or a file",
    )


def _inner(folder: Path, names: list[str]) -> list[Path]:
    """What lies in a folder that can be opened itself."""
    found = []
    for path in (folder / name for name in names if not name.startswith(".")):
        if path.is_symlink():
            continue
        if path.is_dir():
            known = cifar_version(set(os.listdir(path))) or idx_files(path) or has_class_folders(path)
        else:
            known = path.name.endswith((".npz", "cifar-10-binary.tar.gz", "cifar-10-python.tar.gz"))
        found += [path] if known else []
    return found


def _from_file(path: Path, task: str | None) -> Source:
    try:
        with path.open("rb") as file:
            start = file.read(TAR_MARK_AT + len(TAR_MARK))
    except OSError as fault:
        raise DataError("the file cannot be read", code="D58", where=f"{named(path)}: {fault.strerror}") from fault
    if not start:
        raise DataError("the file is empty (0 bytes)", code="D10", where=named(path), fix="bring it again")
    if start.startswith(ZIP_MARK) and path.suffix == ".npz":
        return open_npz(path, task=task)
    if start[TAR_MARK_AT:] == TAR_MARK or (start.startswith(GZIP_MARK) and path.name.endswith((".tar.gz", ".tgz"))):
        return open_cifar(path, task=task)
    if cifar_version({path.name}) or FILE_NAME.fullmatch(path.name):
        fix = f"give the folder that holds all of its files: {named(path.parent)}"
    else:
        fix = FIXES.get(path.suffix.lower(), "bring it into one of these forms")
    raise DataError(
        "this file is no whole data set of a known form",
        code="D60",
        where=f"{named(path)} begins with {start[:8]!r}",
        allowed=FORMS,
        fix=fix,
    )


def _missing(text: str, path: Path) -> DataError:
    """The error for what is neither a path nor a name, with the nearest of both."""
    try:
        beside = sorted(os.listdir(path.parent))
    except OSError:
        beside = []
    bare = {name.replace("-", ""): name for name in KNOWN}
    meant = bare.get(text.lower().replace("-", "").replace("_", ""))
    hint = f" Did you mean {meant!r}?" if meant else closest(text, KNOWN) or closest(path.name, beside)
    return DataError(
        f"there is no {shown(text)}{'.' if hint else ''}{hint}",
        code="D10",
        where=f"looked in {named(path.parent.absolute())}, and among the known names",
        allowed=FORMS,
        fix="give the path of a folder or a file, or a name",
    )
