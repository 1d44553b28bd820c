"""Long series made short: spikes, gaps, ends and order stay."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from netsitter.report.figures.thinned import plain, thinned

series = arrays(np.float64, st.integers(1, 600), elements=st.floats(-1e9, 1e9) | st.sampled_from([np.nan, np.inf]))


@given(series)
def test_what_is_short_enough_stays_whole(values_S):
    assert thinned(values_S, 600).tolist() == list(range(len(values_S)))


@given(series, st.integers(6, 100))
def test_the_lowest_and_the_highest_are_always_drawn(values_S, most):
    finite = values_S[np.isfinite(values_S)]
    drawn = values_S[thinned(values_S, most)]
    if len(finite):
        assert finite.min() in drawn
        assert finite.max() in drawn


@given(series, st.integers(6, 100))
def test_the_ends_stay_the_order_stays_and_no_more_than_asked_is_drawn(values_S, most):
    kept = thinned(values_S, most)
    assert (kept[0], kept[-1]) == (0, len(values_S) - 1)
    assert (np.diff(kept) > 0).all()
    assert len(kept) <= most + 2


@given(series, st.integers(6, 100))
def test_a_stretch_with_a_gap_keeps_a_gap(values_S, most):
    drawn = values_S[thinned(values_S, most)]
    assert np.isfinite(drawn).all() == np.isfinite(values_S).all()


def test_numbers_become_plain_json_and_what_is_no_number_nothing():
    assert plain([1.23456789, float("nan"), float("-inf"), 2e-9]) == [1.2346, None, None, 2e-9]
