"""Each event as a line that a stranger understands."""

from __future__ import annotations

import pytest

from netsitter.record.events import Outcome
from netsitter.report.text import (
    clock,
    counted,
    depth_lines,
    ended_lines,
    epoch_line,
    finding_lines,
    shape,
    started_lines,
    wrapped,
)

from .told import ended, epoch, finding, started


def test_the_first_lines_say_what_is_trained_on_what():
    lines = started_lines(started())
    assert lines[0] == "pets: images of 4 x 6 x 3, 2 classes; 90 to train, 10 to validate, 25 untouched for the test"
    assert lines[1:] == ["network: mlp, 1,234 parameters; on cpu", "note: grey was made RGB"]


def test_an_epoch_is_told_in_the_words_of_the_course():
    told = "Finished epoch 1 / 2: cost 2.302576, train: 0.080000, val 0.103000, lr 1.000000e-06"
    assert epoch_line(epoch(1, best=False)) == told
    assert epoch_line(epoch(1)) == told + "  best"


def test_the_result_stands_beside_its_error_and_beside_guessing():
    lines = ended_lines(ended(), started(), "runs/a")
    assert lines[0] == (
        "Result: 0.8000 ± 0.0800 right on the untouched test part (25 rows); "
        "always guessing the largest class scores 0.6000. It took 1 min 15 s."
    )
    assert lines[-1] == "Use it:  netsitter predict runs/a DATA"


def test_real_targets_have_a_share_of_their_spread_explained():
    (line,) = ended_lines(ended(score=0.25), started(classes=()), "")
    assert line.startswith(
        "Result: R² 0.2500 on the untouched test part (25 rows); always answering the mean scores 0."
    )


def test_commands_that_are_told_can_be_pasted():
    for outcome, verb in ((Outcome.FINISHED, "predict"), (Outcome.INTERRUPTED, "resume")):
        command = ended_lines(ended(outcome), started(), "my runs/it's")[-1].partition("netsitter ")[2]
        assert command.startswith(f"""{verb} 'my runs/it'"'"'s'""")


def test_a_run_that_diverged_says_what_to_try():
    assert "--lr" in ended_lines(ended(Outcome.DIVERGED), started(), "")[0]


def test_a_finding_says_what_where_and_what_to_do():
    assert finding_lines(finding().finding) == [
        "note DAT003 constant-feature (the training part): 4 of 64 features never vary",
        "    x 0",
        "    do: Drop them.",
    ]


def test_names_from_files_cannot_steer_the_terminal():
    lines = started_lines(started(name="\x1b]0;owned\x07", notes=("\x1b[2J\r",))) + finding_lines(
        finding("\x1b[1A").finding
    )
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.2, "0 s"), (59, "59 s"), (75, "1 min 15 s"), (3600, "1 h 00 min"), (7620, "2 h 07 min")]
)
def test_time_is_told_as_people_do(seconds, told):
    assert clock(seconds) == told


@pytest.mark.parametrize(
    ("example", "image", "told"),
    [((3, 24, 32), True, "24 x 32 x 3"), ((10,), False, "10 numbers"), ((3072,), False, "3,072 numbers")],
)
def test_shapes_are_told_as_people_do(example, image, told):
    assert shape(example, image) == told


def test_one_is_not_many():
    assert [counted(number, "step") for number in (0, 1, 2, 1200)] == ["0 steps", "1 step", "2 steps", "1,200 steps"]


def test_long_lines_break_between_words_and_commands_do_not():
    line = "  ok       first loss: " + "word " * 40
    parts = wrapped(line, 50)
    assert all(len(part) <= 50 for part in parts)
    assert " ".join(part.strip() for part in parts).split() == line.split()
    assert parts[1].startswith(" " * 6)
    command = "Use it:  netsitter predict " + "x" * 100
    assert wrapped(command, 50) == [command]
    assert wrapped("short", 50) == ["short"]


def test_the_table_of_layers_is_aligned_and_shows_saturation_only_where_there_are_flat_ends():
    layers = [
        {"name": "dense1", "kind": "Linear", "mean": 0.1, "std": 1.234, "dead": 0.0, "saturated": None},
        {"name": "a\x1b[2J", "kind": "Tanh", "mean": -0.02, "std": 0.5, "dead": 0.25, "saturated": 0.125},
    ]
    header, first, second = depth_lines(layers)
    assert header.split() == ["layer", "kind", "mean", "spread", "dead", "saturated"]
    assert first.split() == ["dense1", "Linear", "0.1", "1.23", "0.0%"]
    assert second.split() == [r"a\x1b[2J", "Tanh", "-0.02", "0.5", "25.0%", "12.5%"]
    assert len(header) == len(second)
