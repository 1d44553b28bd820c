"""Arrays of any common shape become (N, C, Y, X) or (N, D)."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from netsitter.data.sources.layout import array_of, layout_of, shaped
from tests.data.made import refused


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((5, 7), (5, 7)),
        ((5, 8, 9), (5, 1, 8, 9)),
        ((5, 3, 8, 9), (5, 3, 8, 9)),
        ((5, 8, 9, 3), (5, 3, 8, 9)),
        ((5, 8, 9, 1), (5, 1, 8, 9)),
        ((5, 1, 28, 1), (5, 1, 28, 1)),
        ((5, 6, 8, 9), (5, 6, 8, 9)),
        ((5,), (5, 1)),
    ],
)
def test_shapes_are_read_as_people_mean_them(given, expected):
    array, layout, _ = shaped(np.zeros(given, np.float32), "x")
    assert array.shape == expected
    assert layout.image == (len(expected) == 4)


def test_channels_move_with_their_pixels():
    x_NYXC = np.random.default_rng(0).integers(0, 256, (4, 8, 9, 3), dtype=np.uint8)
    x_NCYX, _, notes = shaped(x_NYXC, "x")
    for n, y, x, c in np.ndindex(x_NYXC.shape):
        assert x_NCYX[n, c, y, x] == x_NYXC[n, y, x, c]
    assert "turned to (N, C, Y, X)" in notes[0]


def test_bytes_stay_bytes_and_share_their_memory():
    x = np.zeros((3, 1, 4, 4), np.uint8)
    assert np.shares_memory(shaped(x, "x")[0], x)


@pytest.mark.parametrize(
    ("pixels", "dtype", "value"),
    [
        (np.full((2, 4, 4), 65535, np.uint16), np.float32, 1.0),
        (np.full((2, 4, 4), 255, np.int64), np.uint8, 255),
        (np.full((2, 4, 4), -1, np.int64), np.float32, -1.0),
        (np.full((2, 4, 4), 0.5, np.float64), np.float32, 0.5),
    ],
)
def test_pixels_become_uint8_or_float32_and_it_is_said(pixels, dtype, value):
    array, _, notes = shaped(pixels, "x")
    assert array.dtype == dtype
    assert (array == value).all()
    assert notes


def test_whole_numbers_too_large_for_float32_keep_their_value():
    x_ND = np.array([[16_777_217, 1]])
    assert_array_equal(shaped(x_ND, "x")[0], [[16_777_217.0, 1.0]])
    assert shaped(np.array([[3, 1]]), "x")[0].dtype == np.float32


def test_tensors_lists_and_half_precision_are_read():
    assert_array_equal(array_of(torch.tensor([[1.5, 2.0]], dtype=torch.bfloat16, requires_grad=True)), [[1.5, 2.0]])
    assert_array_equal(array_of([[1, 2], [3, 4]]), [[1, 2], [3, 4]])
    assert_array_equal(array_of(np.array([[1, 2.5]], dtype=object)), [[1.0, 2.5]])


def test_text_among_numbers_is_told_by_row_and_column():
    with refused("D4", "row 1, column 0", "'x'"):
        array_of(np.array([[1.0, 2.0], ["x", 3.0]], dtype=object))


def test_ragged_rows_are_refused():
    with refused("D80"):
        array_of([[1, 2], [3]])


def test_dates_are_refused():
    with refused("D4", "datetime64"):
        array_of(np.array(["2020-01-01"], dtype="datetime64[D]"))


@pytest.mark.parametrize("shape", [(), (1, 2, 3, 4), (0,), (3, 0, 5)])
def test_shapes_that_are_no_example_are_refused(shape):
    with refused("D69"):
        layout_of(shape, "x")
