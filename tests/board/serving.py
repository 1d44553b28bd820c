"""A board in a process of its own, as a user begins it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.cli.command import started

WAIT_MS = 30_000
"""Until something is given up that should be there within a second: machines may be busy, and no test is on time."""


@dataclass(frozen=True)
class Served:
    """A board. address: with its token. process: the one that serves."""

    address: str
    process: subprocess.Popen[str]

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or 0

    @property
    def token(self) -> str:
        return self.address.partition("token=")[2]


@contextmanager
def served(folder: Path, *options: object) -> Iterator[Served]:
    """`netsitter board FOLDER`, until the test is over."""
    process = started("board", folder, "--port", 0, "--no-open", *options)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = re.search(r"http://\S+", line)
        assert address, line + (process.stderr.read() if process.stderr and process.poll() is not None else "")
        yield Served(address.group(), process)
    finally:
        process.terminate()
        process.communicate(timeout=30)
