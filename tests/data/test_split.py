"""Which rows are for training, validation and test."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from netsitter.data.sources.arrays import source_of
from netsitter.data.split import split
from netsitter.errors import PlanError
from tests.data.made import refused


def classes(counts):
    y = np.repeat(np.arange(len(counts)), counts)
    return source_of((np.zeros((len(y), 1)), y), task="classify")


def reals(rows):
    return source_of((np.zeros((rows, 1)), np.arange(rows) + 0.5))


@settings(deadline=None)
@given(
    st.lists(st.integers(10, 40), min_size=2, max_size=6),
    st.floats(0.1, 0.6),
    st.floats(0.0, 0.6),
    st.integers(0, 2**32 - 1),
)
def test_every_row_is_in_one_part_and_every_class_is_divided_alike(counts, validation, test, seed):
    source = classes(counts)
    y = source.parts["train"].y
    made = split(source, validation=validation, test=test, seed=seed)
    assert_array_equal(np.sort(np.concatenate([made.train.rows, made.val.rows, made.test.rows])), np.arange(len(y)))
    for index in (made.train, made.val, made.test):
        assert index.part == "train"
        assert_array_equal(index.rows, np.sort(index.rows))
    in_test, in_val = (
        np.bincount(y[made.test.rows], minlength=len(counts)),
        np.bincount(y[made.val.rows], minlength=len(counts)),
    )
    assert (np.abs(in_test - np.array(counts) * test) <= 1).all()
    assert (np.abs(in_val - (np.array(counts) - in_test) * validation) <= 1).all()
    assert (np.bincount(y[made.train.rows], minlength=len(counts)) >= 1).all()


def test_the_shares_are_exact_where_they_can_be():
    made = split(classes([50, 30, 20]), validation=0.1, test=0.2, seed=3)
    assert (len(made.train), len(made.val), len(made.test)) == (72, 8, 20)


def test_the_seed_alone_decides():
    one, same, other = (split(reals(50), validation=0.2, test=0.2, seed=seed) for seed in (1, 1, 2))
    assert_array_equal(one.val.rows, same.val.rows)
    assert not np.array_equal(one.val.rows, other.val.rows)


def test_the_rows_drawn_are_known_ones():
    made = split(reals(10), validation=0.25, test=0.2, seed=0)
    assert made.test.rows.tolist() == [1, 3]
    assert made.val.rows.tolist() == [6, 8]


def test_parts_that_the_source_brings_are_taken_whole():
    x, y = np.zeros((10, 1)), np.arange(10) % 2
    made = split(source_of({"train": (x, y), "val": (x, y), "test": (x, y)}), validation=0.5, test=0.5, seed=0)
    for name in ("train", "val", "test"):
        assert getattr(made, name).part == name
        assert_array_equal(getattr(made, name).rows, np.arange(10))


def test_the_test_part_of_a_source_is_never_touched():
    x, y = np.zeros((10, 1)), np.arange(10) % 2
    made = split(source_of({"train": (x, y), "test": (x[:4], y[:4])}), validation=0.2, test=0.5, seed=0)
    assert (made.test.part, len(made.test)) == ("test", 4)
    assert (made.val.part, len(made.val)) == ("train", 2)
    assert len(made.train) == 8


def test_a_test_share_of_nothing_gives_an_empty_test():
    assert len(split(reals(10), validation=0.2, test=0.0, seed=0).test) == 0


def test_a_class_with_one_row_is_refused_by_name_and_only_where_it_would_be_divided():
    lonely = classes([5, 1, 5])
    with refused("D37", "'1'"):
        split(lonely, validation=0.2, test=0.0, seed=0)
    x, y = np.zeros((3, 1)), np.array([0, 1, 0])
    whole = source_of({"train": (x, y), "val": (x, y), "test": (x, y)})
    assert len(split(whole, validation=0.2, test=0.0, seed=0).train) == 3


def test_an_empty_validation_is_refused_with_the_counts():
    with refused("D54", "train 3, val 0, test 0"):
        split(reals(3), validation=0.1, test=0.0, seed=0)


@pytest.mark.parametrize("share", [0.0, 1.0, 1.5, 20, -0.1, float("nan")])
def test_shares_that_are_none_are_refused(share):
    with pytest.raises(PlanError, match=r"data\.validation"):
        split(reals(10), validation=share, test=0.0, seed=0)


def test_a_percentage_is_recognised():
    with pytest.raises(PlanError, match=r"20 % is 0\.2"):
        split(reals(10), validation=0.1, test=20, seed=0)
