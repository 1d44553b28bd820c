"""`fit --board`: a page beside the run, which does not notice it, whatever becomes of it."""

from __future__ import annotations

import io
import os
import re
import signal
import time
from pathlib import Path

import pytest

from netsitter.board import serve
from netsitter.record.events import Saved, to_json
from netsitter.record.journal import read_journal
from tests.cli.command import QUICK, archive, inside, only_run, started

ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/\?token=\S+#/newest")

TOLD_OF_TIME = ("at", "seconds", "machine")


def test_the_address_is_told_before_the_work_and_the_results_are_as_without(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = archive(tmp_path / "table.npz")
    told = inside("fit", data, *QUICK, "--json", "--board")
    assert told.code == 0
    assert told.json["metrics"]
    assert ADDRESS.search(told.err), told.err
    _end(told.err)
    alone = inside("fit", data, *QUICK, "--json", "--runs", "alone")
    assert told.json["metrics"] == alone.json["metrics"]
    assert told.json["history"] == alone.json["history"]


@pytest.mark.slow
def test_a_board_that_is_killed_leaves_the_run_its_journal_and_its_weights(tmp_path):
    data = archive(tmp_path / "table.npz", rows=3_000)
    plan = ("--net", "mlp:64", "--epochs", "12", "--batch", "8", "--set", "loop.preflight=false")
    plan += ("--set", "loop.threads=1", "--name", "same")
    watched = started("fit", data, *plan, "--runs", tmp_path / "watched", "--board")
    assert watched.stderr is not None
    address = watched.stderr.readline()
    assert ADDRESS.search(address)
    journal = _journal(tmp_path / "watched")
    while not any(event.kind == "measured" for event in read_journal(journal)):
        time.sleep(0.02)
    _end(address, signal.SIGKILL)
    out, err = watched.communicate(timeout=120)
    assert watched.returncode == 0, out + err
    alone = started("fit", data, *plan, "--runs", tmp_path / "alone")
    assert alone.communicate(timeout=120)
    assert alone.returncode == 0
    assert _said(journal) == _said(_journal(tmp_path / "alone"))
    weights = [next((tmp_path / runs).glob("*/model/*.safetensors")).read_bytes() for runs in ("watched", "alone")]
    assert weights[0] == weights[1]


def _journal(runs: Path) -> Path:
    while not (found := list(runs.glob("*/journal.jsonl"))):
        time.sleep(0.02)
    return found[0]


def _said(journal: Path) -> list[dict]:
    """All that a journal says, but for clocks and when checkpoints were due by the clock."""
    events = [to_json(event) for event in read_journal(journal) if not isinstance(event, Saved)]
    return [{key: value for key, value in event.items() if key not in TOLD_OF_TIME} for event in events]


def test_a_board_that_cannot_begin_is_told_of_and_the_run_goes_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "uvicorn.py").write_text("raise SystemExit('no such luck')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'broken'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    told = inside("fit", archive(tmp_path / "table.npz"), *QUICK, "--board")
    assert told.code == 0
    assert "the run goes on without it" in told.err
    assert only_run(tmp_path).is_dir()


def test_a_search_has_one_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = inside(
        "search",
        archive(tmp_path / "table.npz"),
        "--net",
        "mlp:8",
        "--epochs",
        "2",
        "--trials",
        "4",
        "--board",
        "--quiet",
    )
    assert told.code == 0
    assert ADDRESS.search(told.err)
    _end(told.err)


def test_it_ends_by_itself_when_the_run_has_ended_and_nobody_looks(tmp_path, monkeypatch):
    """By the clock of the board: a minute; here it is told that the minute is over."""
    ended, server = [], type("Server", (), {"should_exit": False})()
    watch = type("Watch", (), {"pages": 1, "last_seen": 0.0})()
    monkeypatch.setattr(serve.time, "sleep", lambda seconds: ended.append(watch.pages) or setattr(watch, "pages", 0))
    monkeypatch.setattr(serve, "LINGER_S", 0.0)
    monkeypatch.setattr("sys.stdin", io.StringIO("what the run never says"))
    serve._end_with_the_run(server, watch)
    assert ended == [1], "it waited for the page that was open"
    assert server.should_exit


def _end(told: str, how: int = signal.SIGTERM) -> None:
    """Ends the board at an address; nobody else would for a minute."""
    port = int(ADDRESS.search(told).group(1))
    os.kill(_listener(port), how)


def _listener(port: int) -> int:
    """The process that listens on a port of this machine."""
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    inode = next(row[9] for row in rows if row[1] == f"0100007F:{port:04X}" and row[3] == "0A")
    for process in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(process) == f"socket:[{inode}]":
                return int(process.parts[2])
        except OSError:
            continue
    raise AssertionError(f"nobody listens on {port}")
