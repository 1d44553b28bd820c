"""`Library`: the shelf, the runs that pages have opened, and what is drawn of them. Several threads may ask."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from netsitter.board.bounded import BoundedTrace
from netsitter.board.compare import CURVES, compared, differing_fields
from netsitter.board.shelf import JOURNAL, ODD, Shelf, Shelved
from netsitter.board.tail import Tail
from netsitter.board.views import run_view, search_view
from netsitter.errors import PlanError, RunError, shown
from netsitter.report.figures.entry import Entry
from netsitter.report.figures.lines import steps_and_values
from netsitter.report.figures.registry import figure_of

MOST_OPEN = 12
"""Runs that are held in memory as a whole; of more the one that was not asked for longest is let go."""

MOST_COMPARED = 8
"""Runs in one comparison: no more colours can be told apart."""

MOST_LISTED = 5_000

MOST_NEWS = 200
"""Changed runs that are told one by one."""


@dataclass
class _Open:
    """A run read as a whole. version: rises with each event, for pages to know whether to draw anew."""

    tail: Tail
    trace: BoundedTrace = field(default_factory=BoundedTrace)
    version: int = 0
    lock: Lock = field(default_factory=Lock)
    drawn: dict[str, tuple[object, str]] = field(default_factory=dict)

    def refresh(self) -> None:
        """Takes what is new. Raises RunError where the journal is no longer there."""
        more = True
        while more:
            try:
                look = self.tail.look()
            except OSError as error:
                raise RunError("the run is gone", code="S32", state="") from error
            if look.again:
                self.trace, self.drawn = BoundedTrace(), {}
            for event in look.events:
                with suppress(*ODD):
                    self.trace.take(event)
            self.version += bool(look.events) or look.again
            more = look.more

    def mark(self, entry: Entry) -> object:
        """Is another once the figure is another: most news are steps, which most figures do not show."""
        ends = [int(curve.steps[-1]) for name in entry.needs if len((curve := self.trace.curve(name)).steps)]
        return len(self.trace.events), id(self.trace.events[-1]) if self.trace.events else 0, ends


class Library:
    """What the routes ask. Raises RunError for a run that is not on the shelf, PlanError for an unknown figure."""

    def __init__(self, folder: Path, *, waits: bool = False) -> None:
        self.shelf = Shelf(folder, waits)
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._told: dict[str, int] = {}
        self._lock = Lock()

    def news(self) -> dict[str, Any]:
        """What is new since the last time, for all pages together.

        changed: runs as the list has them. gone: ids. reload: too many have changed, the whole list is to be asked for.
        total, unread: runs that are known, and those that have not been read to their end.
        """
        with self._lock:
            self.shelf.look()
            now = {run.id: run.version for run in self.shelf.runs.values() if run.version}
            changed = sorted(each for each, version in now.items() if self._told.get(each) != version)
            gone = sorted(self._told.keys() - now.keys())
            self._told = now
            for each in gone:
                self._open.pop(each, None)
            many = len(changed) + len(gone) > MOST_NEWS
            return {
                "changed": [] if many else [self.shelf.runs[each].as_json() for each in changed],
                "gone": [] if many else gone,
                "reload": many,
                "total": len(now),
                "unread": self.shelf.unread,
            }

    def runs(self, most: int = MOST_LISTED) -> dict[str, Any]:
        """The list, running ones first, then the newest."""
        with self._lock:
            self.shelf.look()
            known = self.shelf.newest()
            return {
                "folder": str(self.shelf.folder.resolve()),
                "total": len(known),
                "unread": self.shelf.unread,
                "runs": [run.as_json() for run in known[:most]],
            }

    def run(self, run_id: str) -> dict[str, Any]:
        """A run or a search as its page shows it."""
        run, opened = self._opened(run_id)
        view_of = search_view if run.digest.search else run_view
        with opened.lock:
            opened.refresh()
            view = view_of(opened.trace, run.state, run.folder)
            return {"run": run.as_json(), "version": opened.version, **view}

    def figure(self, run_id: str, slug: str) -> str:
        """A figure of a run as JSON, without colours of paper: the page puts the template in."""
        _, opened = self._opened(run_id)
        entry = figure_of(slug)
        with opened.lock:
            opened.refresh()
            mark = opened.mark(entry)
            drawn, told = opened.drawn.get(slug, (None, ""))
            if drawn != mark:
                told = str(entry.draw(opened.trace).to_json())
                opened.drawn[slug] = (mark, told)
            return told

    def comparison(self, ids: list[str]) -> dict[str, Any]:
        """Several runs: how each stands, and the fields of the plan in which they differ."""
        with self._lock:
            runs = [self._shelved(each) for each in ids[:MOST_COMPARED]]
            fields = differing_fields([run.digest.plan for run in runs])
            figures = [{"slug": slug, "title": title, "look_for": ""} for slug, (_, title, _) in CURVES.items()]
            return {"runs": [run.as_json() for run in runs], "fields": fields, "figures": figures}

    def compared(self, ids: list[str], slug: str) -> str:
        """One series of several runs as a figure."""
        if slug not in CURVES:
            raise PlanError(f"runs are not compared by {shown(slug)}", code="P90", allowed=", ".join(CURVES), state="")
        curves = []
        for each in ids[:MOST_COMPARED]:
            run, opened = self._opened(each)
            with opened.lock:
                opened.refresh()
                curves.append((run.digest.name, *steps_and_values(opened.trace, CURVES[slug][0])))
        return str(compared(slug, curves).to_json())

    def _shelved(self, run_id: str) -> Shelved:
        if run_id not in self.shelf.runs:
            self.shelf.look()
        run = self.shelf.runs.get(run_id)
        if run is None or not run.version:
            raise RunError("there is no such run", code="S32", state="")
        return run

    def _opened(self, run_id: str) -> tuple[Shelved, _Open]:
        with self._lock:
            run = self._shelved(run_id)
            opened = self._open.get(run_id)
            if opened is None:
                opened = self._open[run_id] = _Open(Tail(run.folder / JOURNAL))
                if len(self._open) > MOST_OPEN:
                    self._open.popitem(last=False)
            self._open.move_to_end(run_id)
            return run, opened
