"""The facts of a data set: what is planted is found, with its place, and what is not planted is not."""

from __future__ import annotations

import numpy as np
import pytest

from netsitter.data import facts as module
from netsitter.data.facts import facts_of
from netsitter.data.rows import ArrayRows
from netsitter.data.source import Part, Source


class OnDisk(ArrayRows):
    """Rows that say they are read from disk."""

    def __init__(self, array: np.ndarray) -> None:
        super().__init__(array)
        self.in_memory = False


def made(x, y, *, task="classify", features=(), rows=ArrayRows, cut=(60, 80)):
    """A source of one table or stack of pictures, cut into parts in order."""
    parts = {
        name: Part(rows(xs), ys)
        for name, xs, ys in zip(("train", "val", "test"), np.split(x, cut), np.split(y, cut), strict=True)
    }
    classes = tuple(f"c{k}" for k in range(int(y.max()) + 1)) if task == "classify" else ()
    return Source("made", "made", x.ndim == 4, task, classes, tuple(features), parts, (), ""), parts


def clean(rows=100, features=4):
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, features)).astype(np.float32), np.arange(rows) % 2


def test_clean_data_has_no_faults_and_its_numbers_are_numpys():
    x, y = clean()
    found = facts_of(*made(x, y, features=("a", "b", "c", "d")))
    np.testing.assert_allclose(found.features.mean, x[:60].mean(0, dtype=np.float64), rtol=1e-9)
    np.testing.assert_allclose(found.features.std, x[:60].std(0, dtype=np.float64), rtol=1e-9)
    assert found.features.low == tuple(x[:60].min(0).tolist())
    assert found.features.high == tuple(x[:60].max(0).tolist())
    assert found.features.names == ("a", "b", "c", "d")
    assert (found.kind, found.task, found.example, found.dtype) == ("table", "classify", (4,), "float32")
    assert found.parts["train"].class_counts == (30, 30)
    assert {name: part.rows for name, part in found.parts.items()} == {"train": 60, "val": 20, "test": 20}
    faults = (found.duplicates, found.conflicts, sum(found.leaks.values()), found.non_finite_count)
    assert faults == (0, 0, 0, 0)
    assert (found.identifiers, found.copies_target, found.not_checked) == ((), (), ())


def test_copies_conflicts_and_leaks_are_told_apart():
    x, y = clean()
    x[7], y[7] = x[3], y[3]  # a copy
    x[11], y[11] = x[4], 1 - y[4]  # the same features, another label
    x[65], x[90] = x[20], x[21]  # in validation, in test
    found = facts_of(*made(x, y))
    assert (found.duplicates, found.duplicate_pairs) == (1, ((7, 3),))
    assert (found.conflicts, found.conflict_pairs) == (1, ((11, 4),))
    assert found.leaks == {"val": 1, "test": 1}
    assert found.leak_pairs == (("val", 5, 20), ("test", 10, 21))


def test_rows_are_named_as_the_source_counts_them():
    x, y = clean()
    x[7], y[7], x[65] = x[3], y[3], x[20]
    numbers = {"train": np.arange(60) * 10, "val": np.arange(20) + 1_000}
    found = facts_of(*made(x, y), numbers=numbers)
    assert found.duplicate_pairs == ((70, 30),)
    assert found.leak_pairs == (("val", 1_005, 200),)


def test_conflicts_count_the_rows_that_no_function_can_get_right():
    x, y = clean()
    x[:5], y[:5] = x[0], [0, 0, 0, 1, 1]
    found = facts_of(*made(x, y))
    assert found.conflicts == 2
    assert found.duplicates == 3


def test_equal_rows_with_different_real_targets_are_no_conflict():
    x, _ = clean()
    x[7] = x[3]
    found = facts_of(*made(x, np.linspace(0, 1, 100, dtype=np.float32)[:, None], task="regress"))
    assert (found.conflicts, found.duplicates) == (0, 0)


def test_negative_zero_is_zero():
    x, y = clean()
    x[3] = 0.0
    x[7], y[7] = -x[3], y[3]
    assert facts_of(*made(x, y)).duplicates == 1


def test_values_that_are_not_finite_are_counted_in_all_parts_with_the_first_places():
    x, y = clean()
    x[5, 2], x[9, 0], x[85, 1] = np.nan, np.inf, -np.inf
    found = facts_of(*made(x, y))
    assert found.non_finite_count == 3
    assert found.non_finite == (("train", 5, 2), ("train", 9, 0), ("test", 5, 1))
    whole = np.delete(x[:60], [5, 9], axis=0)
    np.testing.assert_allclose(found.features.mean, whole.mean(0, dtype=np.float64), rtol=1e-9)


def test_a_table_without_a_whole_row_has_no_feature_facts():
    x, y = clean()
    x[:, 1] = np.nan
    found = facts_of(*made(x, y))
    assert found.features.mean == ()
    assert found.non_finite_count == 100
    assert len(found.non_finite) == module.MOST_PLACES


def test_row_numbers_are_found_shuffled_or_not_and_measurements_are_not_taken_for_them():
    x, y = clean()
    x[:, 0] = np.random.default_rng(1).permutation(100) + 5_000  # a shuffled numbering
    x[:, 1] = np.cumsum(np.random.default_rng(2).integers(1, 1_000, 100))  # account numbers, rising
    x[:, 2] = np.random.default_rng(3).permutation(100_000)[:100]  # whole and unique, as prices may be
    assert facts_of(*made(x, y)).identifiers == (0, 1)


def test_pixels_are_never_taken_for_row_numbers():
    x = np.zeros((100, 1, 2, 2), dtype=np.float32)
    x[:, 0, 0, 0] = np.arange(100)
    x[:, 0, 1, 1] = np.arange(100) % 2
    found = facts_of(*made(x, np.arange(100) % 2))
    assert (found.kind, found.identifiers, found.copies_target) == ("image", (), ())


def test_a_feature_that_tells_the_class_is_found_and_one_that_nearly_does_is_not():
    x, y = clean()
    x[:, 1] = 10 - 3 * y
    x[:, 2] = y
    x[7, 2] = 1 - y[7]
    assert facts_of(*made(x, y)).copies_target == (1,)


def test_a_feature_that_is_the_target_in_another_unit_is_found():
    x, _ = clean()
    target = np.random.default_rng(5).normal(20, 8, (100, 1)).astype(np.float32)
    x[:, 3] = 32 + 1.8 * target[:, 0]
    x[:, 2] = target[:, 0] + np.random.default_rng(6).normal(0, 0.1, 100)
    assert facts_of(*made(x, target, task="regress")).copies_target == (3,)


def test_the_only_feature_of_a_table_may_lie_on_a_line_with_the_target():
    x = np.linspace(0, 1, 100, dtype=np.float32)[:, None]
    assert facts_of(*made(x, 2 * x + 1, task="regress")).copies_target == ()


def test_larger_data_is_sampled_evenly_and_that_is_said():
    x, y = clean()
    found = facts_of(*made(x, y), most_rows=10)
    assert found.sampled == 10
    assert found.not_checked == ("features were measured on 10 of 60 training rows",)
    rows = np.linspace(0, 59, 10).astype(int)
    np.testing.assert_allclose(found.features.mean, x[rows].mean(0, dtype=np.float64), rtol=1e-9)


def test_rows_on_disk_are_compared_as_they_are_stored_and_what_is_left_out_is_said(monkeypatch):
    x, y = clean()
    x[7], y[7], x[65] = x[3], y[3], x[20]
    monkeypatch.setattr(module, "STREAMED_ROWS", 10)
    found = facts_of(*made(x, y, rows=OnDisk))
    assert (found.duplicates, found.leaks["val"], found.sampled) == (1, 1, 10)
    assert any("not finite" in said for said in found.not_checked)
    monkeypatch.setattr(module, "MOST_STREAMED_BYTES", 100)
    found = facts_of(*made(x, y, rows=OnDisk))
    assert (found.duplicates, found.leaks) == (0, {})
    assert any("occur twice were not searched" in said for said in found.not_checked)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_places_in_pictures_are_told_by_channel_and_pixel(dtype):
    x = np.random.default_rng(0).integers(0, 255, (100, 3, 4, 5)).astype(dtype)
    found = facts_of(*made(x, np.arange(100) % 2))
    assert found.feature(0) == "channel 0, y 0, x 0"
    assert found.feature(1 * 20 + 2 * 5 + 3) == "channel 1, y 2, x 3"
    assert found.features.mean[33] == pytest.approx(x[:60, 1, 2, 3].mean())


def test_the_mean_and_spread_of_a_real_target_are_per_output():
    x, _ = clean()
    y = np.random.default_rng(0).normal([5, 100], [1, 30], (100, 2)).astype(np.float32)
    train = facts_of(*made(x, y, task="regress")).parts["train"]
    np.testing.assert_allclose(train.target_mean, y[:60].mean(0, dtype=np.float64))
    np.testing.assert_allclose(train.target_std, y[:60].std(0, dtype=np.float64))
