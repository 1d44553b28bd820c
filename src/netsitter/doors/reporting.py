"""What is shown of a run or a search: the report that is written by itself, and figures in notebooks."""

from __future__ import annotations

import sys
from pathlib import Path

from netsitter.doors.folder import RunFolder
from netsitter.record.events import Event
from netsitter.record.findings import Finding
from netsitter.record.journal import Journal
from netsitter.record.trace import Trace
from netsitter.report.figures.registry import Figures
from netsitter.report.fragment import fragment


def report_kept(folder: RunFolder | None, trace: Trace | None = None) -> None:
    """Writes `report.html` into the folder of a run. Whatever goes wrong there is said, and is no fault of the run."""
    from netsitter.report.page_file import REPORT, write_report

    if folder is None:
        return
    try:
        write_report(trace or folder.trace(), folder.path / REPORT, str(folder.path))
    except Exception as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        print(f"the report was not written: {why}; netsitter report {folder.path} tries again", file=sys.stderr)


def told_later(folder: RunFolder, *events: Event) -> None:
    """Appends what became known after a run was over to its journal."""
    with Journal(folder.journal) as journal:
        for event in events:
            journal.take(event)


class Told:
    """What was told of a run or a search, for people: findings, figures, the report.

    trace: its events. folder: where they are kept, None when nothing was kept on disk.
    """

    trace: Trace
    folder: RunFolder | None

    @property
    def path(self) -> Path | None:
        """Its folder."""
        return self.folder.path if self.folder else None

    @property
    def findings(self) -> list[Finding]:
        """What is wrong, the gravest first."""
        return self.trace.findings

    @property
    def figures(self) -> Figures:
        """Its figures as plotly objects: `figures.loss()`; `list(figures)` says which there are."""
        return Figures(self.trace)

    def report(self, path: str | Path | None = None) -> Path:
        """Writes all of it for people, as one HTML file that needs no network; into its folder when path is None."""
        from netsitter.report.page_file import REPORT, write_report

        where = Path(path) if path is not None else (self.path or Path()) / REPORT
        return write_report(self.trace, where, str(self.path or ""))

    def _repr_html_(self) -> str:
        return fragment(self.trace, str(self.path or ""))
