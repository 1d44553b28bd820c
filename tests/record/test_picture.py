"""Pictures as plain values: the same pixels come back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from netsitter.record.picture import MOST_SIDE, in_grey, packed, unpacked

pictures = arrays(np.uint8, st.tuples(st.integers(1, MOST_SIDE), st.integers(1, MOST_SIDE), st.sampled_from([1, 3])))


@given(pictures)
def test_what_is_packed_comes_back_through_json(pixels_YXC):
    assert np.array_equal(unpacked(json.loads(json.dumps(packed(pixels_YXC)))), pixels_YXC)


def test_a_large_picture_becomes_smaller_with_its_sides_in_proportion():
    small = unpacked(packed(np.zeros((300, 150, 3), np.uint8)))
    assert small.shape == (60, 30, 3)


def test_what_is_no_picture_is_refused():
    with pytest.raises(ValueError, match="not a picture"):
        unpacked({"size": (1, 1, 1), "pixels": "AAAA"})


def test_brightness_runs_from_the_least_to_the_greatest():
    assert in_grey(np.array([0.0, 0.5, 1.0])).tolist() == [0, 128, 255]


def test_around_zero_zero_is_in_the_middle():
    assert in_grey(np.array([-2.0, 0.0, 1.0]), around_zero=True).tolist() == [0, 128, 191]


def test_weights_that_are_no_numbers_make_no_picture_of_noise():
    assert in_grey(np.array([np.nan, np.nan]), around_zero=True).tolist() == [0, 0]
