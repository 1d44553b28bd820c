"""Labels that follow from the rows are told from labels that were shuffled."""

from __future__ import annotations

import numpy as np
import pytest

from netsitter.data.signal import FEWEST_ROWS, label_signal


def clouds(rows: int = 600, *, classes: int = 3, sides: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y_N = rng.integers(0, classes, rows)
    return rng.normal(size=(classes, sides))[y_N] * 2 + rng.normal(size=(rows, sides)), y_N


@pytest.mark.parametrize("method", ["neighbours", "linear"])
def test_true_classes_are_seen_and_shuffled_ones_are_not(method):
    x_ND, y_N = clouds()
    true = label_signal(x_ND, y_N, classify=True)
    shuffled = label_signal(x_ND, np.random.default_rng(1).permutation(y_N), classify=True)
    assert true[method] > 0.8
    assert shuffled[method] < 3 * shuffled["noise"]


@pytest.mark.parametrize("method", ["neighbours", "linear"])
def test_a_true_real_target_is_seen_and_a_shuffled_one_is_not(method):
    rng = np.random.default_rng(0)
    x_ND = rng.normal(size=(600, 4))
    y_NO = (x_ND @ [1.0, 2.0, 0.0, -1.0])[:, None] * 1e3 + 7e5
    assert label_signal(x_ND, y_NO, classify=False)[method] > 0.7
    shuffled = label_signal(x_ND, rng.permutation(y_NO), classify=False)
    assert shuffled[method] < 3 * shuffled["noise"]


def test_what_only_neighbours_see_is_not_seen_by_a_line():
    rng = np.random.default_rng(0)
    corner = rng.integers(0, 2, (600, 2))
    x_ND, y_N = corner + 0.15 * rng.normal(size=(600, 2)), corner[:, 0] ^ corner[:, 1]
    found = label_signal(x_ND, y_N, classify=True)
    assert found["neighbours"] > 0.9
    assert found["linear"] < 0.25


def test_each_row_is_judged_by_others_alone():
    rng = np.random.default_rng(0)
    found = label_signal(rng.normal(size=(200, 150)), rng.integers(0, 2, 200), classify=True)
    assert max(found["neighbours"], found["linear"]) < 3 * found["noise"]


def test_scale_and_place_of_the_features_do_not_matter():
    x_ND, y_N = clouds()
    plain = label_signal(x_ND, y_N, classify=True)
    moved = label_signal(x_ND * np.geomspace(1e-6, 1e6, 6) + 5.0, y_N, classify=True)
    assert moved == pytest.approx(plain, abs=1e-3)


def test_pictures_holes_and_a_column_that_never_varies_are_borne():
    x_ND, y_N = clouds()
    x = np.concatenate([x_ND, np.full((600, 2), 3.0)], axis=1)
    x[0, 0] = np.nan
    found = label_signal(x.reshape(600, 1, 2, 4), y_N, classify=True)
    assert found["linear"] > 0.8
    assert found["rows"] == 600


def test_the_noise_is_a_standard_error_of_the_share_that_can_be_gained():
    _, y_N = clouds()
    largest = np.bincount(y_N).max() / 600
    noise = (largest / (1 - largest) / 600) ** 0.5
    assert label_signal(clouds()[0], y_N, classify=True)["noise"] == pytest.approx(noise)


def test_of_too_few_rows_nothing_is_said():
    x_ND, y_N = clouds(FEWEST_ROWS - 1)
    assert label_signal(x_ND, y_N, classify=True) == {}
