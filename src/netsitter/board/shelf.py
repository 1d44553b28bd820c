"""`Shelf`: the runs of a folder, with what is new in each. Whatever lies there, it is only read."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netsitter.board.digest import Digest, State
from netsitter.board.tail import Tail
from netsitter.errors import RunError, printable

JOURNAL = "journal.jsonl"

BUDGET_S = 0.15
"""Of one look at all; what does not fit waits for the next, the newest journals first."""

COLD = 200
"""Runs that are over and looked at all the same, by turns, in one look: a run may be resumed, or cured."""

SETTLED_S = 30.0
"""A journal that nobody writes and that has not changed for so long is not looked at every time."""

MOST_RUNS = 20_000

ODD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What events raise that are whole and yet not as ours are."""


@dataclass
class Shelved:
    """One run of the folder. id: from its name, and safe in an address. version: rises whenever something is new."""

    id: str
    folder: Path
    digest: Digest
    tail: Tail
    version: int = 0
    changed: float = 0.0
    written: bool = False
    more: bool = True

    @property
    def state(self) -> State:
        return self.digest.state(written=self.written)

    @property
    def is_settled(self) -> bool:
        return not self.more and not self.written and self.changed < time.time() - SETTLED_S

    def as_json(self) -> dict[str, Any]:
        state = {"id": self.id, "state": self.state, "version": self.version, "changed": self.changed}
        return {**self.digest.as_json(), **state}


@dataclass
class Shelf:
    """The runs in a folder, or the one run that the folder is.

    waits: whether the folder may be yet to come. Raises RunError where it is not there otherwise.
    """

    folder: Path
    waits: bool = False
    runs: dict[str, Shelved] = field(default_factory=dict, init=False)
    _listed: float = field(default=-1.0, init=False)
    _turn: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if not self.waits and not self.folder.is_dir():
            raise RunError(
                f"{self.folder} is no folder",
                code="S32",
                allowed="a folder of runs, or the folder of one",
                fix="netsitter fit makes runs/; from another place: netsitter board FOLDER",
            )

    def look(self) -> None:
        """Reads what is new, for as long as a look may take; a run's version rises where there is something."""
        self._list()
        began = time.monotonic()
        for run in self._to_look_at():
            try:
                self._read(run)
            except OSError:
                if run.version:
                    del self.runs[run.id]
            if time.monotonic() - began > BUDGET_S:
                break

    def newest(self) -> list[Shelved]:
        """The runs that are known, running ones first, then the one changed last."""
        known = [run for run in self.runs.values() if run.version]
        return sorted(known, key=lambda run: (run.state is not State.RUNNING, -run.changed, run.id))

    @property
    def unread(self) -> int:
        """How many runs have not been read to their end yet."""
        return sum(run.more for run in self.runs.values())

    def _read(self, run: Shelved) -> None:
        look = run.tail.look()
        if look.again:
            run.digest = Digest(run.digest.name)
        for event in look.events:
            # What a journal holds may be of another version, or made by hand; the others go on being read.
            with suppress(*ODD):
                run.digest.take(event)
        before = (run.written, run.more)
        run.changed, run.written, run.more = look.changed, look.written, look.more
        run.version += bool(look.events) or look.again or before != (run.written, run.more) or not run.version

    def _list(self) -> None:
        """Takes up new folders, and lets go those that are no longer there."""
        try:
            listed = self.folder.stat().st_mtime
            # Within one tick of the clock of files, a folder may change and keep its time.
            if listed == self._listed and listed < time.time() - 2:
                return
            found = {path.name: path for path in self._folders()}
        except OSError:
            return
        self._listed = listed
        names = {run.folder.name for run in self.runs.values()}
        for name in sorted(found.keys() - names)[: MOST_RUNS - len(self.runs)]:
            path = found[name]
            run = Shelved(run_id(name), path, Digest(printable(_decoded(name))), Tail(path / JOURNAL, ("measured",)))
            run.changed = _changed(path)
            self.runs[run.id] = run
        self.runs = {run.id: run for run in self.runs.values() if run.folder.name in found}

    def _folders(self) -> Iterator[Path]:
        if (self.folder / JOURNAL).is_file():
            yield self.folder.resolve()
            return
        with os.scandir(self.folder) as entries:
            yield from (Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))

    def _to_look_at(self) -> list[Shelved]:
        """All that may be going on, the newest first, and some of the others."""
        hot = sorted((run for run in self.runs.values() if not run.is_settled), key=lambda run: -run.changed)
        cold = [run for run in self.runs.values() if run.is_settled]
        if cold:
            self._turn = (self._turn + COLD) % len(cold)
        return hot + (cold + cold)[self._turn : self._turn + COLD]


def run_id(name: str) -> str:
    """An address for a folder's name, whatever it holds."""
    return hashlib.sha256(os.fsencode(name)).hexdigest()[:16]


def _decoded(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _changed(folder: Path) -> float:
    try:
        return (folder / JOURNAL).stat(follow_symlinks=False).st_mtime
    except OSError:
        return 0.0
