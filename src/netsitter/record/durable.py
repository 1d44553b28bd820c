"""Files that are whole or not there: written beside, flushed to disk, then put in place."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from netsitter.errors import RunError

SPARE_BYTES = 1_000_000
"""Space that is left free beyond what is about to be written."""


def write_durably(path: Path, content: bytes, *, state: str = "") -> None:
    """Puts the content at `path` so that after a kill or a full disk either the old file or the new one is there.

    state: what became of the work, told when it fails.
    Raises RunError before anything is touched when the disk has too little space, and for every failure of a call.
    """
    try:
        free = shutil.disk_usage(path.parent).free
        if free < len(content) * 1.1 + SPARE_BYTES:
            raise RunError(
                f"the disk is full: {free / 2**20:.1f} MiB free, "
                f"{len(content) * 1.1 / 2**20 + 1:.1f} MiB needed for {path}",
                code="S26",
                fix=f"free some space, then: netsitter resume {path.parent.parent}",
                state=state,
            )
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with open(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(beside)
            raise
        _settle(path.parent)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror or error}", code="S28", state=state) from error


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _settle(folder: Path) -> None:
    """Makes the folder's list of names durable too; systems that cannot open folders need it not."""
    with contextlib.suppress(PermissionError, IsADirectoryError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
