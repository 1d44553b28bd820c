"""What lines say where there is no number, and where a finding stands."""

from __future__ import annotations

import numpy as np
import pytest

from netsitter.record.events import Concluded, Measured
from netsitter.record.findings import Finding
from netsitter.record.trace import Trace
from netsitter.report.figures.lines import MOST_LINES, add_line, picked
from netsitter.report.figures.look import canvas
from netsitter.report.figures.registry import Figures


def line(values, *, log=False):
    """The curves that a line of these values becomes."""
    figure = canvas("step", "loss", log_y=log)
    add_line(figure, np.arange(1, len(values) + 1), np.array(values, float), "loss", "#000")
    return figure.data


@pytest.mark.parametrize(("bad", "log"), [(np.nan, False), (np.inf, False), (0.0, True), (-1.0, True)])
def test_what_cannot_be_drawn_is_a_gap_with_a_cross_at_its_beginning(bad, log):
    curve, cross = line([1.0, 2.0, bad, bad, 4.0], log=log)
    assert curve.y == (1.0, 2.0, None, None, 4.0)
    assert not curve.connectgaps
    assert (cross.marker.symbol, cross.x, cross.y) == ("x", (3,), (2.0,))


def test_a_zero_is_drawn_where_the_axis_is_not_logarithmic():
    (curve,) = line([1.0, 0.0, -1.0])
    assert curve.y == (1.0, 0.0, -1.0)


def test_a_line_that_is_nothing_but_gaps_still_has_its_cross():
    curve, cross = line([np.nan, np.nan])
    assert curve.y == (None, None)
    assert cross.x == (1,)


def test_a_number_between_two_gaps_is_drawn_as_a_dot():
    values = [1.0] * 100
    assert line(values)[0].mode == "lines"
    values[49], values[51] = np.nan, np.nan
    assert line(values)[0].mode == "lines+markers"


def test_a_spike_in_a_hundred_thousand_steps_is_drawn():
    values = np.ones(100_000)
    values[77_777] = 50.0
    (curve,) = line(values)
    assert curve.x[curve.y.index(50.0)] == 77_778


def test_of_many_layers_the_lowest_and_the_highest_are_drawn():
    values_SL = np.ones((5, 100))
    values_SL[:, 41], values_SL[:, 77] = 1e-9, 1e9
    shown = picked(values_SL)
    assert {0, 41, 77, 99} <= set(shown)
    assert len(shown) == MOST_LINES
    assert picked(values_SL[:, :3]) == [0, 1, 2]
    assert picked(values_SL[:, :0]) == []


def test_a_finding_stands_at_its_step_and_a_note_does_not():
    loss = Measured(1, (1, 2, 3), {"loss": ((3.0,), (2.0,), (1.0,))})
    grave = Finding("LOS002", "loss-spike", "warning", "the loss", "9 times <b>", step=2)
    note = Finding("FIT002", "underfit", "note", "the network", "0.4", step=3)
    drawn = Figures(Trace([loss, Concluded((grave, note))])).loss()
    assert [shape.x0 for shape in drawn.layout.shapes] == [2]
    assert [(mark.text, mark.hovertext) for mark in drawn.layout.annotations] == [
        ("LOS002", "loss-spike: 9 times &lt;b&gt;")
    ]
