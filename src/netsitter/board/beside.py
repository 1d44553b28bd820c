"""A board beside a run: begun with it, in a process of its own, and unable to touch it."""

from __future__ import annotations

import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from netsitter.board.serve import LIBRARIES, WHAT_FOR
from netsitter.optional import optional

COMMAND = [sys.executable, "-P", "-c", "from netsitter.cli.main import run; run()", "board"]
"""The interpreter that runs us, with a fixed program: no shell, and nothing from the folder we stand in."""

PATIENCE_S = 15.0
"""Until its address has to be there; the run goes on without a board after that."""


@contextmanager
def board_beside(folder: str | Path, told: Callable[[str], None]) -> Iterator[None]:
    """Serves the folder's page while the run goes on, and for as long behind it as a page is open.

    told: gets one line, with the address or with why there is none. Raises MissingExtra, before any work.
    """
    for library in LIBRARIES:
        optional(library, what_for=WHAT_FOR)
    process = subprocess.Popen(
        [*COMMAND, "--beside", "--no-open", "--", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is for the run
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    told(_first_line(process))
    process.stdout.close()
    try:
        yield
    finally:
        # It notices the end of its input, as it would if we were killed; and it outlives us, so nobody waits for it.
        with suppress(OSError):
            process.stdin.close()
        process.returncode = process.poll() or 0


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    if sys.platform != "win32" and not select.select([process.stdout], [], [], PATIENCE_S)[0]:
        return f"The board did not say where it is within {PATIENCE_S:.0f} s; the run goes on without it."
    line = process.stdout.readline().strip()
    if line.startswith("http"):
        return f"The board: {line}#/newest\n(it stays for as long as a page is open, and a minute longer than the run)"
    return f"There is no board, and the run goes on without it: {line or 'it ended without a word'}"
