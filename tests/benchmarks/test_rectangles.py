"""Rectangles as they are drawn, and the efficiency curve against a slow second implementation."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.search.rectangles import (
    APART,
    GRID,
    GRID_TRIALS,
    PREPARED,
    SHORTEST,
    SIDE,
    SPACE,
    Came,
    efficiency,
    rectangles,
    weighted,
)

from netsitter.plan.space import Pick
from netsitter.searching.samplers import SAMPLERS, drawn


@pytest.fixture(scope="module")
def drawn_rectangles():
    return rectangles(400, np.random.default_rng(0))


def test_each_picture_is_the_outline_of_one_rectangle_whose_label_says_which_way_it_lies(drawn_rectangles):
    for picture, wide in zip(*drawn_rectangles, strict=True):
        rows, columns = np.nonzero(picture.any(axis=1))[0], np.nonzero(picture.any(axis=0))[0]
        height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
        assert min(height, width) >= SHORTEST
        assert abs(height - width) >= APART
        assert wide == (width > height)
        assert (picture > 0).sum() == 2 * (height + width) - 4
        assert set(np.unique(picture)) == {0, 255}
        for edge in (picture[rows[0]], picture[rows[-1]]):
            assert (edge[columns[0] : columns[-1] + 1] == 255).all()


def test_both_kinds_and_all_places_come_up(drawn_rectangles):
    x, y = drawn_rectangles
    assert 0.4 < y.mean() < 0.6
    assert (x > 0).any(axis=0).all(), "every pixel is white somewhere"
    assert x.shape == (400, SIDE, SIDE)


def test_the_pixels_alone_do_not_tell_the_label(drawn_rectangles):
    x, y = drawn_rectangles
    white = (x > 0).reshape(len(x), -1).sum(axis=1)
    assert abs(np.corrcoef(white, y)[0, 1]) < 0.15


def test_the_same_stream_gives_the_same_rectangles():
    first, second = (rectangles(20, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])


def test_the_grid_has_about_a_hundred_points_of_the_space():
    points = np.unique(SAMPLERS["grid"](GRID, range(GRID_TRIALS), 0, "1"), axis=0)
    assert 90 <= len(points) <= 110
    assert set(GRID) == set(SPACE)
    assert set(PREPARED) == {*SPACE, "data.prepare"}


def test_half_of_the_trials_have_no_penalty():
    values = [trial["optim.l2"] for trial in drawn(SPACE, SAMPLERS["random"](SPACE, range(2_000), 0, "1"))]
    assert np.mean([value == 0 for value in values]) == pytest.approx(0.5, abs=0.04)
    assert min(value for value in values if value) == pytest.approx(3.1e-7)
    assert isinstance(SPACE["optim.l2"], Pick)


CAME = [Came(val, test, 10) for val, test in np.random.default_rng(2).uniform(0.5, 0.95, (64, 2))]


def slow(came, size, rows, draws):
    """Search by search, draw by draw."""
    stream, searches = np.random.default_rng(5), []
    for first in range(0, len(came), size):
        part = came[first : first + size]
        wins = [0] * len(part)
        for _ in range(draws):
            seen = [stream.normal(one.val, np.sqrt(one.val * (1 - one.val) / (rows - 1))) for one in part]
            wins[seen.index(max(seen))] += 1
        searches.append(sum(count * one.test for count, one in zip(wins, part, strict=True)) / draws)
    return searches


@pytest.mark.parametrize("size", [1, 4, 32])
def test_the_efficiency_curve_is_what_one_gets_search_by_search(size):
    fast, twin = efficiency(CAME, size, 200, np.random.default_rng(0)), slow(CAME, size, 200, 3_000)
    assert len(fast) == len(twin) == 64 // size
    assert fast == pytest.approx(twin, abs=0.03)
    if size == 1:
        assert fast == pytest.approx([one.test for one in CAME])


def test_trials_that_fill_no_search_are_left_out():
    assert len(efficiency(CAME, 48, 200, np.random.default_rng(0))) == 1


def test_a_clear_winner_has_all_the_weight_and_equals_share_it():
    assert weighted([0.9, 0.5], [0.7, 0.1], 100_000, np.random.default_rng(0)) == pytest.approx(0.7)
    assert weighted([0.8, 0.8], [0.7, 0.1], 200, np.random.default_rng(0)) == pytest.approx(0.4, abs=0.03)
