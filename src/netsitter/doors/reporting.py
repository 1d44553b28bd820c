"""The report that is written by itself, and the figures in notebooks."""

from __future__ import annotations

import sys
from pathlib import Path

from netsitter.doors.folder import RunFolder
from netsitter.record.events import Event
from netsitter.record.journal import Journal
from netsitter.record.trace import Trace


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


def report_at(trace: Trace, folder: RunFolder | None, path: str | Path | None) -> Path:
    """Writes the report where it is asked for; into the run's folder when that is None, or here where it has none."""
    from netsitter.report.page_file import REPORT, write_report

    home = folder.path if folder is not None else Path()
    return write_report(trace, Path(path) if path is not None else home / REPORT, str(folder.path) if folder else "")
