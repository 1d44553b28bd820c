"""The folder of one run: `runs/<date>-<name>/`, where everything has its place.

plan.toml        what was asked for, nothing left open
journal.jsonl    what happened
checkpoints/     to go on from
model/           the weights that were kept, with their preparation
report.html      all of it for people, made from the journal
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from netsitter.errors import RunError
from netsitter.plan.files import read_plan, write_plan
from netsitter.plan.plan import Plan
from netsitter.record.durable import write_durably
from netsitter.record.journal import read_journal
from netsitter.record.trace import Trace


@dataclass(frozen=True)
class RunFolder:
    """One run on disk."""

    path: Path

    @property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def model(self) -> Path:
        return self.path / "model"

    def plan(self) -> Plan:
        file = self.path / "plan.toml"
        # A pipe or a device in its place would be read for ever; a link may lead anywhere.
        if file.is_symlink() or not file.is_file():
            raise RunError(f"{self.path} holds no plan.toml", code="S32", allowed="a regular file", state="")
        return read_plan(file)

    def trace(self) -> Trace:
        return Trace(read_journal(self.journal))


def new_folder(runs: Path, name: str, plan: Plan) -> RunFolder:
    """A folder that was not there before, with the plan in it. Raises RunError when it cannot be made."""
    plain = re.sub(r"[^a-zA-Z0-9]+", "-", name).strip("-").lower()[:40] or "run"
    stem = f"{date.today().isoformat()}-{plain}"
    try:
        runs.mkdir(exist_ok=True)
        for number in range(1, 10_000):
            path = runs / (stem if number == 1 else f"{stem}-{number}")
            try:
                path.mkdir(mode=0o755)
            except FileExistsError:
                continue
            folder = RunFolder(path)
            write_durably(path / "plan.toml", write_plan(plan).encode())
            return folder
    except OSError as error:
        raise RunError(
            f"no run can be kept in {runs}: {error.strerror}",
            code="S28",
            fix="--runs FOLDER says where runs are kept; its parent must be there and writable",
        ) from error
    raise RunError(f"{runs} holds 10,000 runs of today named {plain}", code="S30", fix="--name another-name")


def run_folder(path: str | Path) -> RunFolder:
    """The run in a folder. Raises RunError when there is none."""
    folder = RunFolder(Path(path))
    if not os.path.isfile(folder.journal):
        near = sorted(p.parent.name for p in folder.path.glob("*/journal.jsonl"))[-3:] if os.path.isdir(path) else []
        hint = f"one of its folders: {', '.join(near)}" if near else "netsitter fit writes one, and says where"
        raise RunError(f"{path} holds no run", code="S32", allowed="a folder with a journal.jsonl", fix=hint)
    return folder
