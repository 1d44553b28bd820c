"""The console tells a run in order, once each, and never ends it, whatever becomes of its stream."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest

from netsitter.record.events import Resumed
from netsitter.report.console import Console, _steps

from .told import epoch, finding, started, whole_run


def told(events, **options: object) -> str:
    stream = io.StringIO()
    console = Console(stream=stream, **options)
    for event in events:
        console.take(event)
    console.close()
    return stream.getvalue()


def test_a_run_is_told_in_blocks_with_one_blank_line_between():
    text = told(whole_run(), where=Path("runs/a"))
    blocks = [block.splitlines()[0] for block in text.rstrip("\n").split("\n\n")]
    assert [block.partition(":")[0] for block in blocks] == [
        "pets",
        "Chosen, since you left it open",
        "Found before training",
        "Checked before training",
        "Finished epoch 1 / 2",
        "Result",
    ]
    assert "\n\n\n" not in text


def test_choices_stand_in_columns():
    lines = told(whole_run()).splitlines()
    first, second = (
        lines.index("Chosen, since you left it open:") + 1,
        lines.index("Chosen, since you left it open:") + 2,
    )
    assert lines[first] == "  optim.lr   0.001  the usual start"
    assert lines[second] == "  net.sizes  100    one layer"


def test_nothing_but_text_goes_where_there_is_no_terminal():
    assert all(line.isprintable() for line in told(whole_run()).splitlines())


def test_a_finding_in_mid_run_stands_between_the_epochs():
    text = told([started(), epoch(1), finding(), epoch(2)])
    assert text.index("epoch 1") < text.index("DAT003") < text.index("epoch 2")
    assert "Found in the data" not in text


def test_a_resume_says_whether_the_bits_will_be_the_same():
    assert "after 1 step; with the same bits" in told([Resumed(0, 1, 0.0)])
    assert "not bit for bit: torch was 1, is 2" in told([Resumed(1, 3, 0.0, "torch was 1, is 2")])


class Broken(io.StringIO):
    """A stream that fails from its third line on."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error, self.lines = error, 0

    def write(self, text: str) -> int:
        self.lines += text.count("\n")
        if self.lines > 2:
            raise self.error
        return super().write(text)


@pytest.mark.parametrize(
    "error",
    [BrokenPipeError(errno.EPIPE, "gone"), OSError(errno.ENOSPC, "full"), ValueError("I/O operation on closed file")],
    ids=["pipe", "disk", "closed"],
)
def test_a_stream_that_breaks_does_not_break_the_run(error):
    stream = Broken(error)
    console = Console(stream=stream)
    for event in whole_run():
        console.take(event)
    console.close()
    assert stream.getvalue().startswith("pets: ")


def test_a_stream_that_knows_only_ascii_gets_ascii():
    raw = io.BytesIO()
    console = Console(stream=io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    for event in whole_run():
        console.take(event)
    assert b"0.8000 \\xb1 0.0800 right" in raw.getvalue()


@pytest.mark.parametrize(
    ("rows", "batch", "steps"), [(90, 30, 3), (91, 30, 3), (92, 30, 4), (1, 30, 1), (30, 30, 1), (5, 1, 5)]
)
def test_the_bar_knows_how_many_steps_there_are(rows, batch, steps):
    from netsitter.data.batches import batch_bounds

    assert len(batch_bounds(rows, batch)) == steps
    event = started(rows={"train": rows, "val": 1})
    event.plans[0]["loop"]["batch"] = batch
    assert _steps(event) == 2 * steps
