"""The command as a process: signals, closed pipes, full disks, poor terminals, and what is imported for help."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

import netsitter as ns
from netsitter.record.events import Outcome

from .command import PROGRAM, QUICK, archive, inside, only_run, outside, started

LONG = (*QUICK, "--epochs", "200", "--set", "loop.measure_every=1")
"""Options of a run that takes a second or two once it trains."""

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    archive(tmp_path / "table.npz")
    return tmp_path


def until_epoch(process: subprocess.Popen[str]) -> str:
    """What it prints up to the end of its first epoch."""
    told = ""
    for line in process.stdout:
        told += line
        if line.startswith("Finished epoch"):
            return told
    raise AssertionError(told + process.stderr.read())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_saved_and_resume_finishes_it(number, folder):
    process = started("fit", "table.npz", *LONG)
    until_epoch(process)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert "all work is saved" in out
    assert "Traceback" not in err
    command = next(line for line in out.splitlines() if "netsitter resume" in line).partition("netsitter ")[2]
    assert ns.open_run(only_run(folder)).outcome is Outcome.INTERRUPTED
    told = inside(*command.split())
    assert told.code == 0, told.err
    assert "with the same bits as unbroken" in told.out
    assert len(ns.open_run(only_run(folder)).history) == 200


@pytest.mark.slow
def test_a_second_signal_ends_it_at_once_and_nothing_is_lost(folder):
    process = started("fit", "table.npz", *LONG, "--set", "loop.save_every_steps=20")
    until_epoch(process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    assert "Traceback" not in err
    assert inside("resume", only_run(folder), "--quiet").code == 0


@pytest.mark.slow
def test_an_interrupted_run_is_told_as_json_too(folder):
    process = started("fit", "table.npz", *LONG, "--json")
    while not list(folder.glob("runs/*/checkpoints/*.json")):
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 143
    assert '"outcome": "interrupted"' in out


@pytest.mark.slow
def test_a_reader_that_goes_away_does_not_end_the_run(folder):
    with started("fit", "table.npz", *QUICK, "--epochs", "50") as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0
    assert ns.open_run(only_run(folder)).outcome is Outcome.FINISHED


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_under_the_output_does_not_end_the_run(folder):
    with open("/dev/full", "w") as full:
        done = subprocess.run([*PROGRAM, "fit", "table.npz", *QUICK], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert ns.open_run(only_run(folder)).outcome is Outcome.FINISHED
    with open("/dev/full", "w") as full:
        done = subprocess.run([*PROGRAM, "init", "-"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_terminal_that_knows_only_ascii_is_written_to_in_ascii(folder):
    told = outside("fit", "table.npz", *QUICK, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert told.code == 0, told.err
    assert told.out.isascii()
    assert "Result: " in told.out


def test_help_and_version_are_told_without_torch():
    code = "import sys; from netsitter.cli.main import run\ntry: run()\nfinally: sys.exit('torch' in sys.modules)"
    for arguments in (("--help",), ("--version",), ("fit", "--help"), ("init", "-")):
        done = subprocess.run([*PROGRAM[:3], "-c", code, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, (arguments, done.stderr)
        assert "Traceback" not in done.stderr


def screen(*arguments: str, columns: int, **variables: str) -> tuple[int, str]:
    """Exit code, and all that a terminal of so many columns was sent."""
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update({"TERM": "xterm", "OMP_NUM_THREADS": "1", "COLUMNS": str(columns), **variables})
        os.execv(PROGRAM[0], [*PROGRAM, *arguments])
    told = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            part = os.read(terminal, 65_536)
        except OSError:  # the other side has closed
            break
        told += part
        if not part:
            break
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), told.decode()


@pytest.mark.slow
@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_terminal_shows_a_bar_and_is_clean_afterwards(columns):
    code, told = screen("fit", "table.npz", *QUICK, "--epochs", "40", columns=columns)
    assert code == 0
    assert "━" in told
    assert told.count("\x1b[?25l") == told.count("\x1b[?25h"), "the cursor stays hidden"
    last = told[told.rindex("━") :]
    assert "\x1b[2K" in last, "the bar was not wiped away"
    lines = [ESCAPE.sub("", line) for line in last[last.rindex("\x1b[2K") :].splitlines()]
    assert any(line.startswith("Result: ") for line in lines)
    assert all(len(line) <= columns or "netsitter " in line for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize(("variables", "bar"), [({"TERM": "dumb"}, False), ({"NO_COLOR": "1"}, True)])
def test_a_terminal_gets_no_more_than_it_asks_for(variables, bar):
    code, told = screen("fit", "table.npz", *QUICK, "--epochs", "40", columns=80, **variables)
    assert code == 0
    assert ("━" in told) == bar
    assert not re.search(r"\x1b\[[0-9;]*m", told.replace("\x1b[0m", "")), "colours"
    if not bar:
        assert "\x1b" not in told
