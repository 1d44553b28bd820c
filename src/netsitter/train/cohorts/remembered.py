"""What the planner remembers of this machine, in a small file that may be lost, broken or switched off at any time.

NETSITTER_WAYS names another file; "off" switches it off, and then every run finds out anew.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
from datetime import date
from pathlib import Path

import torch

from netsitter.errors import NetsitterError
from netsitter.record.durable import write_durably
from netsitter.train.cohorts.cohort import Way

VARIABLE = "NETSITTER_WAYS"

MOST = 1_000
"""Choices that are kept, the latest."""

DAYS = 30
"""Behind these a choice is forgotten: others may have used the machine when it was made."""


def recall(name: str) -> Way | None:
    """The way that was kept under this name on this machine; None where none was, or nothing can be read."""
    match _read().get(f"{_machine()}/{name}"):
        case {"way": [*way], "day": int(day)} if len(way) == len(Way._fields) and 0 <= _today() - day < DAYS:
            return Way(*way)
    return None


def keep(name: str, way: Way) -> None:
    """Keeps it, if that can be done."""
    file = _file()
    if file is None:
        return
    known = {**_read(), f"{_machine()}/{name}": {"way": list(way), "day": _today()}}
    text = json.dumps(dict(list(known.items())[-MOST:]), indent=1)
    with contextlib.suppress(OSError, NetsitterError):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_durably(file, text.encode())


def _today() -> int:
    """Days since 1 January of the year 1."""
    return date.today().toordinal()


def _read() -> dict[str, object]:
    file = _file()
    if file is None:
        return {}
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _file() -> Path | None:
    asked = os.environ.get(VARIABLE, "")
    if asked == "off":
        return None
    return Path(asked) if asked else Path.home() / ".cache" / "netsitter" / "ways.json"


def _machine() -> str:
    return f"{platform.node()} {platform.machine()} {torch.backends.cpu.get_cpu_capability()} torch {torch.__version__}"
