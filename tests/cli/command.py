"""The command `netsitter`, run inside the tests' own process for speed, or outside as a user runs it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from netsitter.cli.main import run

PROGRAM = [sys.executable, "-W", "error", "-c", "from netsitter.cli.main import run; run()"]

QUICK = ("--net", "mlp:8", "--epochs", "2", "--set", "loop.preflight=false", "--set", "loop.threads=1")
"""Options of a run that is over in an instant."""


@dataclass(frozen=True)
class Told:
    """What a command left: its exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)


def inside(*arguments: object) -> Told:
    """The command in this process, in the folder where it stands."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["netsitter", *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            run()
    except SystemExit as end:
        return Told(int(end.code or 0), out.getvalue(), err.getvalue())
    finally:
        sys.argv = before
    raise AssertionError("the command did not end by itself")


def outside(*arguments: object, **variables: str) -> Told:
    """The command in a process of its own. variables: of its environment."""
    done = started(*arguments, **variables)
    out, err = done.communicate(timeout=60)
    return Told(done.returncode, out, err)


def started(*arguments: object, **variables: str) -> subprocess.Popen[str]:
    """The command in a process of its own, still running."""
    return subprocess.Popen(
        [*PROGRAM, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
        preexec_fn=_heeding,
    )


def _heeding() -> None:
    """Signals as a terminal hands them to a command, even where the tests themselves run with some of them ignored."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def archive(path: Path, rows: int = 120) -> Path:
    """A small table of three classes that can be learned, as an .npz file."""
    rng = np.random.default_rng(0)
    y = np.arange(rows) % 3
    np.savez(path, x=(rng.normal(size=(rows, 6)) + 3 * np.eye(3, 6)[y]).astype(np.float32), y=y)
    return path


def only_run(folder: Path) -> Path:
    return next(path.parent for path in folder.glob("runs/*/journal.jsonl"))
