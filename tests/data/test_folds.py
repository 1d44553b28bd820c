"""Folds and groups: every row is judged by once, classes are divided alike, no group is torn apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from netsitter.data.sources.arrays import source_of
from netsitter.data.sources.given import given_source
from netsitter.data.split import split
from netsitter.errors import PlanError
from tests.data.made import refused


def labelled(counts, groups=None):
    y = np.repeat(np.arange(len(counts)), counts)
    data = {"train": (np.arange(len(y), dtype=float)[:, None], y)}
    return source_of(data if groups is None else {**data, "groups": groups(len(y))}, task="classify")


def folds(source, count, *, test=0.0, seed=0):
    return [split(source, validation=0.1, test=test, seed=seed, folds=count, fold=fold) for fold in range(count)]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(6, 30), min_size=2, max_size=4), st.integers(2, 6), st.floats(0, 0.4), st.integers(0, 99))
def test_every_row_is_validated_by_once_and_classes_are_divided_alike(counts, count, test, seed):
    source = labelled(counts)
    y = source.parts["train"].y
    made = folds(source, count, test=test, seed=seed)
    rest = np.setdiff1d(np.arange(len(y)), made[0].test.rows)
    assert_array_equal(np.sort(np.concatenate([one.val.rows for one in made])), rest)
    for one in made:
        assert_array_equal(np.sort(np.concatenate([one.train.rows, one.val.rows])), rest)
        assert_array_equal(one.test.rows, made[0].test.rows)
        held, left = (np.bincount(y[rows], minlength=len(counts)) for rows in (one.val.rows, rest))
        if left.max() >= count:
            assert (np.abs(held - left / count) <= 1).all()


@settings(deadline=None, max_examples=25)
@given(st.integers(6, 20), st.integers(2, 5), st.integers(0, 99))
def test_no_group_is_in_two_parts(groups, count, seed):
    source = labelled([60, 40], groups=lambda rows: np.random.default_rng(seed).integers(0, groups, rows))
    group = source.parts["train"].groups
    for one in [*folds(source, count, test=0.2, seed=seed), split(source, validation=0.2, test=0.2, seed=seed)]:
        parts = [set(group[index.rows].tolist()) for index in (one.train, one.val, one.test)]
        assert all(parts)
        assert parts[0].isdisjoint(parts[1] | parts[2])
        assert parts[1].isdisjoint(parts[2])


def test_the_hold_out_of_groups_comes_near_to_its_share():
    source = labelled([300, 300], groups=lambda rows: np.arange(rows) % 60)
    made = split(source, validation=0.2, test=0.25, seed=1)
    assert len(made.test) == 150
    assert len(made.val) == 90


def test_groups_may_be_words_and_reach_a_program_of_the_users_own():
    x, y = np.zeros((60, 2)), np.arange(60) % 2
    source = given_source({"train": (x, y), "groups": [f"patient {row % 7}" for row in range(60)]})
    assert len(np.unique(source.parts["train"].groups)) == 7


def test_groups_of_another_number_than_rows_are_refused():
    with refused("D51", "one group for each"):
        source_of({"train": (np.zeros((9, 1)), np.arange(9) % 2), "groups": [1]})


def test_real_targets_are_divided_too_and_the_validation_part_of_a_source_is_left_aside():
    x, y = np.zeros((20, 1)), np.arange(20) + 0.5
    made = folds(source_of({"train": (x, y), "val": (x[:3], y[:3])}), 4)
    assert [len(one.val) for one in made] == [5] * 4
    assert {one.val.part for one in made} == {"train"}


def test_the_seed_alone_decides():
    one, same, other = (folds(labelled([30, 30]), 3, seed=seed)[0].val.rows for seed in (1, 1, 2))
    assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_too_many_folds_and_a_fold_that_is_not_there_are_refused():
    few = labelled([3, 3])
    with refused("D52", "7 folds need at least 7 rows"):
        split(few, validation=0.1, test=0.0, seed=0, folds=7)
    grouped = labelled([30, 30], groups=lambda rows: np.arange(rows) % 2)
    with refused("D52", "2 groups"):
        split(grouped, validation=0.1, test=0.0, seed=0, folds=3)
    with pytest.raises(PlanError, match="no fold 3"):
        split(few, validation=0.1, test=0.0, seed=0, folds=3, fold=3)
