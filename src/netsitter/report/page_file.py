"""The report as a file in the folder of its run."""

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


def written(run: Path, out: Path | None = None, *, where: str = "") -> Path:
    """Writes the report of what the journal in a folder tells, and says where it is.

    out: the file; `report.html` in the folder when None. where: the folder, as the user would type it; else as given.
    Raises RunError where there is no journal, nothing in it, or the file cannot be written.
    """
    journal = run / "journal.jsonl"
    if not os.path.isfile(journal):
        raise RunError(f"{run} holds no run", code="S32", allowed="a folder with a journal.jsonl", state="")
    trace = Trace(read_journal(journal))
    if not trace.events:
        raise RunError(f"the journal of {run} has no whole line yet", code="S32", fix="wait a moment", state="")
    path = out or run / REPORT
    try:
        write_durably(path, page(trace, where or str(run)).encode())
    except OSError as error:
        raise RunError(
            f"the report cannot be written: {path}: {error.strerror}", code="S28", fix="--out FILE", state=""
        ) from error
    return path
