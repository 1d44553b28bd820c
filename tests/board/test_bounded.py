"""A trace in bounded memory says what the whole trace says, but for points between the lowest and the highest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsitter.board import bounded as module
from netsitter.board.bounded import BoundedTrace
from netsitter.record.events import Measured, Resumed
from netsitter.record.trace import Trace
from tests.board.folders import WHOLE, epoch, measured, started


def test_of_a_short_run_it_has_the_same_curves_and_events(tmp_path):
    whole, bounded = Trace(WHOLE), BoundedTrace(WHOLE)
    assert bounded.names() == whole.names()
    for name in whole.names():
        assert np.array_equal(bounded.curve(name).steps, whole.curve(name).steps)
        assert np.array_equal(bounded.curve(name).values, whole.curve(name).values)
    assert bounded.events == [event for event in WHOLE if not isinstance(event, Measured)]
    assert bounded.curve("nothing").values.shape == whole.curve("nothing").values.shape


@given(st.integers(0, 8))
def test_what_a_resume_undid_is_forgotten_as_in_the_whole_trace(step):
    events = [started(), *(measured(i, 1.0 / i) for i in range(1, 5)), epoch(1, 0.5), epoch(2, 0.7)]
    events += [Resumed(1, step, 1.0), measured(step + 1, 9.0)]
    whole, bounded = Trace(events), BoundedTrace(events)
    for name in whole.names():
        assert np.array_equal(bounded.curve(name).steps, whole.curve(name).steps)
        assert np.array_equal(bounded.curve(name).values, whole.curve(name).values)


@pytest.mark.parametrize("block", [1, 7, 1_000])
def test_a_long_series_is_kept_short_with_every_spike_and_gap_in_it(monkeypatch, block):
    monkeypatch.setattr(module, "MOST_READINGS", 2_000)
    monkeypatch.setattr(module, "BLOCK", 300)
    losses = np.random.default_rng(0).normal(size=20_000)
    losses[[3, 9_000, 19_990]] = [50.0, 60.0, -70.0]
    losses[12_345] = np.nan
    trace = BoundedTrace([started()])
    for at in range(0, len(losses), block):
        part = losses[at : at + block]
        steps = tuple(range(at + 1, at + 1 + len(part)))
        trace.take(Measured(1, steps, {"loss": tuple((float(loss),) for loss in part)}))
    curve = trace.curve("loss")
    assert len(curve.steps) < 4_000
    assert np.all(np.diff(curve.steps) > 0)
    assert np.array_equal(losses[curve.steps - 1], curve.values[:, 0], equal_nan=True), "what is kept is unchanged"
    assert {4, 9_001, 19_991, 12_346} <= set(curve.steps.tolist())
    thirds = np.histogram(curve.steps, bins=[1, 6_667, 13_334, 20_001])[0]
    assert thirds.min() > 150, "the beginning is not thinned away"


def test_a_wide_series_is_bounded_by_its_numbers(monkeypatch):
    monkeypatch.setattr(module, "MOST_NUMBERS", 40_000)
    trace = BoundedTrace([started()])
    for step in range(1, 3_000):
        trace.take(Measured(1, (step,), {"act/mean": ((tuple(range(100)),),)}))
    assert trace.curve("act/mean").values.size <= 2 * 40_000
    assert trace.curve("act/mean").values.shape[1:] == (1, 100)


def test_a_run_that_starts_again_forgets_what_stood_before():
    trace = BoundedTrace([*WHOLE, started("again"), measured(1, 5.0)])
    assert trace.curve("loss").values.tolist() == [[5.0]]
