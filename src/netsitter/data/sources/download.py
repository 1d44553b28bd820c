"""One file from the network, checked against its SHA-256 before it gets its name. Only when the user asks."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from netsitter.data.faults import named
from netsitter.errors import DataError

PORTION = 2**20
TIMEOUT_S = 60.0
"""Seconds without an answer after which a download is given up."""


def fetch(
    url: str,
    target: Path,
    *,
    sha256: str,
    size: int,
    tell: Callable[[int], None] | None = None,
    schemes: tuple[str, ...] = ("https",),
) -> Path:
    """The file at `url`, stored as `target`; what is there already is left alone if it is whole.

    It is written beside its place, checked and synced, and takes its name in one step: no torn file ever has it.
    size: bytes it must have; reading stops there.
    tell: told the bytes so far, after each portion.
    Raises DataError if it cannot be had, or is not the file that was published.
    """
    if target.is_file() and _digest(target) == sha256:
        return target
    if url.partition(":")[0] not in schemes:
        raise DataError("only https is downloaded from", code="D35", where=url, allowed=", ".join(schemes))
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".fetch-")
        with os.fdopen(handle, "wb") as file:
            found = _received(url, file.write, size, tell)
            file.flush()
            os.fsync(file.fileno())
        if found != sha256:
            raise DataError(
                "the file that came is not the published one",
                code="D35",
                where=f"{url}: SHA-256 {found}",
                allowed=f"SHA-256 {sha256}, {size:,} bytes",
                fix=f"try again later, or bring {target.name} to {named(target.parent)} by hand",
            )
        os.replace(temporary, target)
        temporary = None
    except (HTTPException, OSError) as fault:
        if isinstance(fault, HTTPError):
            fault.close()
        raise DataError(
            "the download failed",
            code="D35",
            where=f"{url}: {getattr(fault, 'reason', None) or fault}",
            fix=f"try again, or bring {target.name} to {named(target.parent)} by hand",
        ) from fault
    finally:
        if temporary is not None:
            os.unlink(temporary)
    _sync_folder(target.parent)
    return target


def _received(url: str, write: Callable[[bytes], int], size: int, tell: Callable[[int], None] | None) -> str:
    """SHA-256 of what came, and was written; at most one portion more than `size` is read."""
    digest, so_far = hashlib.sha256(), 0
    with urlopen(Request(url, headers={"User-Agent": "netsitter"}), timeout=TIMEOUT_S) as answer:
        while so_far <= size and (portion := answer.read(PORTION)):
            write(portion)
            digest.update(portion)
            so_far += len(portion)
            if tell:
                tell(so_far)
    return digest.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    """Makes the new name last; systems that cannot sync a folder need not."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
