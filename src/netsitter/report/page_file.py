"""The report as a file: in the folder of its run, or where it is asked for."""

from __future__ import annotations

import os
from pathlib import Path

from netsitter.errors import RunError
from netsitter.record.durable import write_durably
from netsitter.record.journal import read_journal
from netsitter.record.trace import Trace
from netsitter.report.page import page

REPORT = "report.html"
"""Its name in the folder of the run."""


def report_of(run: Path, out: Path | None = None) -> Path:
    """Writes the report of what the journal in a folder tells, and says where it is.

    out: the file; `report.html` in the folder when None.
    Raises RunError where there is no journal, nothing in it, or the file cannot be written.
    """
    journal = run / "journal.jsonl"
    if not os.path.isfile(journal):
        near = sorted(path.parent.name for path in run.glob("*/journal.jsonl"))[-3:] if run.is_dir() else []
        fix = f"one of its folders: {', '.join(near)}" if near else "netsitter fit writes one, and says where"
        raise RunError(f"{run} holds no run", code="S32", allowed="a folder with a journal.jsonl", fix=fix)
    trace = Trace(read_journal(journal))
    if not trace.events:
        raise RunError(f"the journal of {run} has no whole line yet", code="S32", fix="wait a moment, or look inside")
    return write_report(trace, out or run / REPORT, str(run))


def write_report(trace: Trace, out: Path, where: str = "") -> Path:
    """Writes the report of a trace, and says where it is. where: the folder of the run, as the user would type it.

    Raises RunError when the file cannot be written.
    """
    write_durably(out, page(trace, where).encode())
    return out
