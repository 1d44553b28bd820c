"""`Tail`: the events of a journal that still grows, each told once."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from netsitter.record.events import Event
from netsitter.record.journal import MAX_LINE, body_in, event_in, is_being_written

BLOCK = 4 * 2**20
"""Bytes that are read at once."""

QUIET_S = 60.0
"""Where the system cannot say whether a journal is being written, one that was changed so lately counts as such."""


@dataclass(frozen=True)
class Look:
    """What one look at a journal brought.

    again: it is another journal than at the last look, or was cut: all that was told of it does not count.
    more: there is more to read at once. written: a process is writing it. changed: seconds since 1970.
    """

    events: tuple[Event, ...]
    again: bool
    more: bool
    written: bool
    changed: float


@dataclass
class Tail:
    """Reads on where it ended. Its place is always behind a good line, which no writer cuts off.

    skip: kinds of events that are not read but for one at the end of a look, since parsing them is what takes time.
    """

    path: Path
    skip: tuple[str, ...] = ()
    _at: int = field(default=0, init=False)
    _file: tuple[int, int] = field(default=(0, 0), init=False)
    _more: bool = field(default=False, init=False)

    def look(self) -> Look:
        """What is new. Raises OSError where there is no regular file of that name; a link is none."""
        with _opened(self.path) as descriptor:
            status = os.fstat(descriptor)
            file = (status.st_dev, status.st_ino)
            again = (file != self._file and self._at > 0) or status.st_size < self._at
            if again:
                self._at = 0
            self._file = file
            events = tuple(self._read(descriptor))
            written = is_being_written(descriptor)
        if written is None:
            written = status.st_mtime > time.time() - QUIET_S
        # A torn line at the end does not count as more: it is looked at again when the file has grown.
        return Look(events, again, self._more, written, status.st_mtime)

    def _read(self, descriptor: int) -> Iterator[Event]:
        block = os.pread(descriptor, BLOCK, self._at)
        while len(block) % BLOCK == 0 and block and b"\n" not in block and len(block) < MAX_LINE:
            longer = os.pread(descriptor, BLOCK, self._at + len(block))
            if not longer:
                break
            block += longer
        self._more = len(block) >= BLOCK
        good, at, skipped = 0, 0, b""
        while (end := block.find(b"\n", at) + 1) > 0:
            line, at = block[at:end], end
            body = body_in(line)
            if body is None:
                continue
            good = end
            if self._is_skipped(body):
                skipped = line
            elif (event := event_in(line)) is not None:
                skipped = b""
                yield event
        if skipped and (event := event_in(skipped)) is not None:
            yield event
        # A block in which nothing is good is passed over, lest it be read for ever.
        self._at += good or (len(block) if self._more else 0)

    def _is_skipped(self, body: bytes) -> bool:
        return any(body.startswith(b'{"kind":"%s"' % kind.encode()) for kind in self.skip)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """The file, opened for reading: no link is followed, and a pipe in its place is not waited for."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileNotFoundError(f"{path} is no regular file")
        yield descriptor
    finally:
        os.close(descriptor)
