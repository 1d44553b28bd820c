"""A journal that grows is told once, whole, and in order, however it was torn."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsitter.board import tail as module
from netsitter.board.tail import Tail
from netsitter.record.events import EpochEnded, Measured, Resumed
from netsitter.record.journal import Journal, line_of, read_journal
from tests.board.folders import WHOLE, epoch, measured, started, write

LINES = b"".join(map(line_of, WHOLE))


@given(st.lists(st.integers(0, len(LINES)), max_size=8))
def test_wherever_it_is_cut_while_it_grows_every_event_is_told_once(cuts):
    with TemporaryDirectory() as folder:
        file = Path(folder) / "journal.jsonl"
        tail, told = Tail(file), []
        for end in [*sorted(cuts), len(LINES)]:
            file.write_bytes(LINES[:end])
            told += tail.look().events
    assert told == WHOLE


def test_a_torn_line_is_passed_over_as_readers_of_the_whole_file_do(tmp_path):
    file = tmp_path / "journal.jsonl"
    lines = [line_of(event) for event in WHOLE]
    lines[2] = lines[2][:-30] + b"\n"
    lines[4] = lines[4].replace(b"0.9", b"0.8")
    file.write_bytes(b"".join(lines) + b'{"crc":"00')
    assert list(Tail(file).look().events) == list(read_journal(file)) == [WHOLE[i] for i in (0, 1, 3, 5, 6)]


def test_what_a_writer_cuts_off_and_writes_anew_is_neither_lost_nor_told_twice(tmp_path):
    run = write(tmp_path / "run", WHOLE[:3])
    file = run / "journal.jsonl"
    tail = Tail(file)
    assert len(tail.look().events) == 3
    with open(file, "ab") as torn:
        torn.write(line_of(WHOLE[3])[:-40] + b"\n" + b'{"crc":')
    assert tail.look().events == ()
    write(run, [Resumed(1, 2, 3.0), *WHOLE[3:5]])  # the torn end is cut, and the file grows past where it was
    look = tail.look()
    assert list(look.events) == [Resumed(1, 2, 3.0), *WHOLE[3:5]]
    assert not look.again


def test_another_journal_in_its_place_is_told_from_its_beginning(tmp_path):
    file = write(tmp_path / "run") / "journal.jsonl"
    tail = Tail(file)
    tail.look()
    other = write(tmp_path / "other", [started("another")]) / "journal.jsonl"
    os.replace(other, file)
    look = tail.look()
    assert look.again
    assert look.events == (started("another"),)


def test_of_kinds_that_are_passed_over_the_last_is_told(tmp_path):
    file = write(tmp_path / "run", [started(), *(measured(i, 1.0 / i) for i in range(1, 50))]) / "journal.jsonl"
    assert Tail(file, ("measured",)).look().events == (started(), measured(49, 1.0 / 49))


def test_a_passed_over_event_that_others_have_overtaken_is_not_told(tmp_path):
    file = write(tmp_path / "run", [started(), measured(1, 2.0), epoch(1, 0.5)]) / "journal.jsonl"
    kinds = [type(event) for event in Tail(file, ("measured",)).look().events]
    assert EpochEnded in kinds
    assert Measured not in kinds


def test_a_long_journal_is_told_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 1_000)
    events = [started(), *(measured(i, 1.0) for i in range(1, 100))]
    tail, told = Tail(write(tmp_path / "run", events) / "journal.jsonl"), []
    while True:
        look = tail.look()
        told += look.events
        if not look.more:
            break
    assert told == events


def test_a_process_that_writes_it_is_noticed_and_not_disturbed(tmp_path):
    file = write(tmp_path / "run") / "journal.jsonl"
    tail = Tail(file)
    assert not tail.look().written
    with Journal(file):
        assert tail.look().written
    assert not tail.look().written
    with Journal(file):  # the look has left no lock behind
        pass


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "nothing"])
def test_what_is_no_regular_file_is_not_read(tmp_path, kind):
    file = tmp_path / "journal.jsonl"
    if kind == "link":
        file.symlink_to(write(tmp_path / "other") / "journal.jsonl")
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    with pytest.raises(OSError, match="journal"):
        Tail(file).look()
