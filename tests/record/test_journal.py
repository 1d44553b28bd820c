"""The journal: what was written is read, what was torn is cut, and one process writes."""

from __future__ import annotations

import fcntl
import math
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsitter.errors import RunError
from netsitter.record.events import (
    Checked,
    Chosen,
    Ended,
    EpochEnded,
    Found,
    Measured,
    Outcome,
    Resumed,
    Saved,
    Started,
    TrialEnded,
    Verdict,
    from_json,
    to_json,
)
from netsitter.record.findings import Finding, Remedy
from netsitter.record.journal import Journal, event_in, is_being_written, line_of, read_journal

EVENTS = [
    Started("a run", ({"optim": {"lr": 0.1}},), {"name": "digits"}, {"kind": "mlp"}, {"threads": 1}, 1.5),
    Chosen("net.sizes", (100, 50), "two layers"),
    Found(
        Finding(
            "DAT003", "constant-feature", "warning", "column é\n", "spread 0", (Remedy("drop it", {"a.b": 1}),), step=3
        )
    ),
    Checked("first loss", Verdict.PASSED, "2.3026", {"first_loss": 2.3026, "layers": ({"std": 1.0},)}),
    Measured(1, (1, 2), {"loss": ((2.5, math.inf), (-math.inf, 0.1))}),
    EpochEnded(1, 3, 2, {"epoch/val": (0.5, 0.25)}, (True, False), 0.5),
    Saved(1, 2, "step-00000002.safetensors"),
    Resumed(1, 2, 3.5),
    TrialEnded(1, 0, 2, Outcome.DIVERGED, "at step 2"),
    Ended(Outcome.FINISHED, 3, 6, 1.0, "", {"test": {"score": (0.9, 0.1)}}),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_every_event_goes_to_json_and_back_unchanged(event):
    assert from_json(to_json(event)) == event
    assert event_in(line_of(event)) == event


@given(st.lists(st.floats(), min_size=1, max_size=5))
def test_every_number_survives_not_a_number_included(numbers):
    event = Measured(1, (1,), {"loss": (tuple(numbers),)})
    back = event_in(line_of(event))
    assert repr(back) == repr(event)


def test_a_journal_holds_what_it_took(tmp_path):
    with Journal(tmp_path / "j") as journal:
        for event in EVENTS:
            journal.take(event)
    assert list(read_journal(tmp_path / "j")) == EVENTS


def test_a_tear_at_any_byte_of_the_last_line_loses_that_line_only_and_writing_goes_on(tmp_path):
    file = tmp_path / "j"
    lines = [line_of(event) for event in EVENTS]
    for cut in range(len(lines[-1])):
        file.write_bytes(b"".join(lines[:-1]) + lines[-1][:cut])
        assert list(read_journal(file)) == EVENTS[:-1]
        with Journal(file) as journal:
            journal.take(EVENTS[0])
        assert list(read_journal(file)) == [*EVENTS[:-1], EVENTS[0]]


def test_no_flipped_bit_is_read_as_an_event(tmp_path):
    line = line_of(EVENTS[5])
    for at in range(len(line)):
        for bit in range(8):
            bent = bytearray(line)
            bent[at] ^= 1 << bit
            # Letter case of a CRC's digits is the only freedom, and we do not take it.
            assert event_in(bytes(bent)) is None


def test_a_line_of_another_kind_of_event_is_left_out(tmp_path):
    file = tmp_path / "j"
    file.write_bytes(line_of(EVENTS[0]) + b'{"kind":"epoch"}\nnot json\n\n' + line_of(EVENTS[1]))
    assert list(read_journal(file)) == EVENTS[:2]


@pytest.mark.slow
def test_a_second_writer_is_refused_and_a_killed_one_leaves_the_journal_free(tmp_path):
    file = tmp_path / "j"
    code = (
        f"from netsitter.record.journal import Journal; j = Journal({str(file)!r}); print('ready', flush=True); input()"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "ready\n"
    with pytest.raises(RunError, match="another process"):
        Journal(file)
    holder.kill()
    holder.communicate()
    Journal(file).close()


def test_a_missing_journal_is_told_by_name(tmp_path):
    with pytest.raises(RunError, match="nowhere"):
        list(read_journal(tmp_path / "nowhere"))


def test_record_and_plan_need_no_torch():
    rooms = [
        "record.journal",
        "record.trace",
        "plan.files",
        "plan.choose",
        "report.console",
        "diagnose.doctor",
        "cli.main",
    ]
    code = f"import sys, {', '.join('netsitter.' + room for room in rooms)}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_reader_that_asks_who_writes_keeps_no_writer_out(tmp_path):
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.take(EVENTS[0])
        with open(path, "rb") as reader:
            assert is_being_written(reader.fileno()) is True
    with open(path, "rb") as reader:
        assert is_being_written(reader.fileno()) is False
        with Journal(path):
            assert is_being_written(reader.fileno()) is True


def test_a_writer_that_meets_a_reader_who_asks_waits_for_it(tmp_path, monkeypatch):
    path = tmp_path / "journal.jsonl"
    path.touch()
    asking = open(path, "rb")  # noqa: SIM115 - closed when the writer waits
    fcntl.flock(asking.fileno(), fcntl.LOCK_SH)
    monkeypatch.setattr(time, "sleep", lambda seconds: asking.close())
    with Journal(path) as journal:
        journal.take(EVENTS[0])
    assert asking.closed
