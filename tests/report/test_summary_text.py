"""The summary as plain text: columns that stand under each other, and nothing left out."""

from __future__ import annotations

from netsitter.record.net_facts import LayerFacts, Summary
from netsitter.report.summary_text import shape, size, summary_text

FACTS = Summary(
    example=(3, 32, 32),
    layers=(
        LayerFacts("conv", "Conv2d", (10, 32, 32), 760, 768_000, 40_960, (5, 5)),
        LayerFacts("act\x1b[31m", "ReLU", (10, 32, 32), 0, 0, 40_960, (5, 5), calls=2),
        LayerFacts("lost", "Linear", None, 12, 0, 0, None, calls=0),
    ),
    parameters=772,
    trainable=760,
    multiply_adds=768_000,
    parameter_bytes=3_088,
    output_bytes=81_920,
    warnings=("conv: 1 row is never read",),
)


def test_each_layer_stands_in_a_row_whose_columns_end_together():
    lines = summary_text(FACTS).splitlines()
    assert lines[0].split() == ["layer", "type", "output", "parameters", "multiply-adds", "memory", "sees"]
    assert " ".join(lines[2].split()) == "conv Conv2d 32 x 32 x 10 760 768,000 40.0 KiB 5 x 5"
    assert len({len(line) for line in lines[:5]}) == 1


def test_sums_notes_and_warnings_follow():
    text = summary_text(FACTS)
    assert "772 parameters (12 of them frozen) take 3.0 KiB" in text
    assert "input 32 x 32 x 3" in text
    assert "never ran by itself" in text
    assert text.endswith("warning: conv: 1 row is never read")


def test_a_name_cannot_steer_the_terminal():
    assert "\x1b" not in summary_text(FACTS)


def test_shapes_are_written_height_width_channels():
    assert [shape(sides) for sides in ((3, 32, 20), (100,), (5, 7), ())] == ["32 x 20 x 3", "100", "5 x 7", "1"]


def test_sizes_are_written_in_the_unit_that_fits():
    assert [size(n) for n in (0, 1023, 1024, 3 * 2**20, 5 * 2**40)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "3.0 MiB",
        "5.0 TiB",
    ]
