"""The simulation of random search, against its closed form and slow second implementations."""

from __future__ import annotations

from functools import partial
from itertools import product
from math import prod, sqrt

import numpy as np
import pytest
from benchmarks.search.bergstra import (
    DIMENSIONS,
    NEVER,
    RANDOM,
    SHAPES,
    SOBOL,
    VOLUME,
    by_chance,
    first_hits,
    grids,
    shares_hit,
    targets,
)

TRIALS = [8, 32, 100]


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dimensions", DIMENSIONS)
def test_random_points_hit_as_often_as_the_closed_form_says(dimensions, shape):
    for most, (share, error) in zip(TRIALS, shares_hit(RANDOM, shape, dimensions, TRIALS, 40, 200), strict=True):
        assert abs(share - by_chance(most)) < 4 * error
        assert error < 0.02


@pytest.mark.slow
def test_sobol_hits_more_often_than_chance_on_a_hundred_trials():
    (share, error), *_ = shares_hit(SOBOL, "cube", 3, [100], 30, 200)
    assert share - by_chance(100) > 4 * error


def test_the_closed_form_has_the_values_of_the_paper():
    assert by_chance(1) == pytest.approx(VOLUME)
    assert by_chance(100) == pytest.approx(0.634, abs=5e-4)
    assert by_chance(512) == pytest.approx(0.994, abs=5e-4)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dimensions", DIMENSIONS)
def test_targets_lie_within_the_cube_and_have_one_hundredth_of_it(dimensions, shape):
    low, high = targets(shape, dimensions, 500, np.random.default_rng(0))
    assert (low >= 0).all()
    assert (high <= 1 + 1e-12).all()
    assert np.prod(high - low, axis=1) == pytest.approx(VOLUME)
    lengths = (high - low).std(axis=1)
    assert (lengths < 1e-12).all() if shape == "cube" else (lengths > 1e-3).all()


def test_first_hits_are_those_that_one_finds_point_by_point():
    stream = np.random.default_rng(1)
    points, (low, high) = stream.random((60, 3)), targets("box", 3, 200, stream)
    found = first_hits(points, low, high)
    for target, hit in enumerate(found):
        inside = [all(low[target][axis] <= point[axis] < high[target][axis] for axis in range(3)) for point in points]
        assert hit == (inside.index(True) + 1 if any(inside) else NEVER)
    assert (found == NEVER).any()
    assert (found <= 60).any()


@pytest.mark.parametrize(("trials", "dimensions"), [(8, 3), (30, 3), (32, 5)])
def test_grids_are_all_whose_levels_do_not_fall_and_that_use_most_of_the_trials(trials, dimensions):
    found = sorted(tuple(len(np.unique(axis)) for axis in points.T) for points in grids(trials, dimensions))
    wanted = []
    for levels in product(range(1, trials + 1), repeat=dimensions) if dimensions < 4 else _few(trials, dimensions):
        fullest = prod(levels) <= trials < prod(levels[:-1]) * (levels[-1] + 1)
        if list(levels) == sorted(levels) and fullest and prod(levels) >= 0.9 * trials:
            wanted.append(levels)
    assert found == sorted(wanted)
    assert all(prod(levels) <= trials for levels in found)


def _few(trials, dimensions):
    """Levels of which the first ones are few: where none falls, the first is the root of all at most."""
    most = int(trials ** (1 / 2)) + 1
    return product(*[range(1, most + 1)] * (dimensions - 1), range(1, trials + 1))


def test_a_standard_error_covers_the_truth_as_often_as_it_should():
    def draw(trials, dimensions, seed, more):
        return np.random.default_rng([99, seed, more]).random((trials, dimensions))

    off = []
    for more in range(20):
        [(share, error)] = shares_hit(partial(draw, more=more), "cube", 3, [16], 10, 100)
        off.append(abs(share - by_chance(16)) / error)
    assert sqrt(np.mean(np.square(off))) < 1.6
