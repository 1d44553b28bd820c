"""The journal: a run's events on disk, one JSON line each with a checksum, appended and never changed.

    {"crc":"1f2e3d4c","event":{"kind":"epoch",...}}

The checksum is the CRC-32 of the bytes of the event. A line that was torn by a kill or a full disk
is cut off before the next one is written, and skipped by readers. One process writes; any number reads.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from netsitter.errors import RunError
from netsitter.record.events import (
    Ended,
    EpochEnded,
    Event,
    Resumed,
    Saved,
    SearchBegan,
    Searched,
    Started,
    from_json,
    to_json,
)

HEAD = b'{"crc":"'
MIDDLE = b'","event":'
MAX_LINE = 64 * 2**20
"""No event is nearly as long; a longer line is not ours."""

DURABLE = (Started, EpochEnded, Saved, Resumed, Ended, SearchBegan, Searched)
"""Events that are on disk, and not only with the operating system, before `take` returns."""

LOOKS = 10
"""Times that a writer tries for its lock, a twentieth of a second apart: a reader may be asking who holds it."""


class Journal:
    """A sink that appends events to a file. Use it as a context manager, or call `close`.

    Raises RunError when the file cannot be opened, is locked by another process, or the disk is full.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self._file = open(self.path, "ab", buffering=0)  # noqa: SIM115 - closed by close()
        except OSError as error:
            raise RunError(f"the journal {self.path} cannot be written: {error.strerror}", code="S28") from error
        try:
            _lock(self._file.fileno(), self.path)
            self._file.truncate(_good_bytes(self.path))
        except BaseException:
            self._file.close()
            raise

    def take(self, event: Event) -> None:
        """Appends one event."""
        try:
            rest = memoryview(line_of(event))
            while rest:
                rest = rest[self._file.write(rest) :]
            if isinstance(event, DURABLE):
                os.fsync(self._file.fileno())
        except OSError as error:
            raise RunError(
                f"the journal {self.path} cannot be written: {error.strerror}",
                code="S26",
                fix="free some space, then: netsitter resume " + str(self.path.parent),
                state="the run is kept up to its last checkpoint.",
            ) from error

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def line_of(event: Event) -> bytes:
    """The event as one line of a journal."""
    body = json.dumps(to_json(event), separators=(",", ":"), allow_nan=False).encode()
    return HEAD + b"%08x" % zlib.crc32(body) + MIDDLE + body + b"}\n"


def event_in(line: bytes) -> Event | None:
    """The event of one line; None when the line is torn, changed, or of a kind that this version does not know."""
    body = body_in(line)
    if body is None:
        return None
    try:
        return from_json(json.loads(body))
    except (ValueError, RecursionError):
        return None


def body_in(line: bytes) -> bytes | None:
    """The event of one line as JSON, not yet read; None when the line is torn or changed."""
    crc, _, body = line.removeprefix(HEAD).partition(MIDDLE)
    body = body.removesuffix(b"\n").removesuffix(b"}")
    whole = line.startswith(HEAD) and line.endswith(b"}\n") and crc == b"%08x" % zlib.crc32(body)
    return body if whole else None


def read_journal(path: str | Path) -> Iterator[Event]:
    """The events of a journal in order, torn lines left out. Raises RunError when there is no such file."""
    try:
        with open(path, "rb") as file:
            while line := file.readline(MAX_LINE):
                if (event := event_in(line)) is not None:
                    yield event
    except OSError as error:
        raise RunError(f"the journal {path} cannot be read: {error.strerror}", code="S32") from error


def is_being_written(descriptor: int) -> bool | None:
    """Whether a process holds the journal that was opened here for reading; None where the system cannot tell.

    The lock is taken and given back within the call, shared, so that readers never disturb each other; a writer that
    comes in that instant tries again.
    """
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    except BlockingIOError:
        return True
    except (ImportError, OSError):
        return None
    return False


def _good_bytes(path: Path) -> int:
    """Where the last whole line ends."""
    with open(path, "rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            start = _last_line_start(file.fileno(), end)
            if event_in(os.pread(file.fileno(), end - start, start)) is not None:
                return end
            end = start
    return 0


def _last_line_start(descriptor: int, end: int, block: int = 65_536) -> int:
    """Where the line begins that ends at byte `end`."""
    at = end - 1  # the newline that ends the line itself does not count
    while at > 0:
        start = max(0, at - block)
        newline = os.pread(descriptor, at - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        at = start
    return 0


def _lock(descriptor: int, path: Path) -> None:
    """Takes the journal for this process; freed by the system when the process ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # Windows: opened files cannot be shared for writing there
        return
    for _ in range(LOOKS):
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05)
    raise RunError(
        f"another process is writing {path}",
        code="S35",
        fix="wait until it ends, or end it",
        state="nothing was changed.",
    )
