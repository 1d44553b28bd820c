"""Targets of every common form."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from netsitter.data.sources.labels import targets_of
from tests.data.made import refused


def targets(train, **options):
    return targets_of({"train": train}, where="here", **options)


@given(st.lists(st.sampled_from(["b", "a", "ü", "B", "10", "9"]), min_size=1))
def test_the_class_number_leads_back_to_the_label(labels):
    found = targets(labels)
    assert [found.classes[k] for k in found.y["train"]] == labels
    assert list(found.classes) == sorted(set(labels))


@given(st.lists(st.integers(0, 50), min_size=1).map(lambda labels: labels * 2))
def test_whole_numbers_are_numbered_by_size(labels):
    found = targets(labels)
    assert [int(found.classes[k]) for k in found.y["train"]] == labels
    assert found.y["train"].dtype == np.int64


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([True, False], ("False", "True")),
        (np.array([[1.0], [0.0]]), ("0", "1")),
        ([1.0, 2.0, 1.0], ("1", "2")),
        (np.array([[0], [1]], np.uint8), ("0", "1")),
        (torch.tensor([1, 0], dtype=torch.int32), ("0", "1")),
        ([b"yes", b"no"], ("no", "yes")),
        ([-1, 1, 1], ("-1", "1")),
        (np.array(["a", "b"], dtype=object), ("a", "b")),
    ],
)
def test_labels_of_every_type_are_classes(labels, classes):
    found = targets(labels)
    assert found.task == "classify"
    assert found.classes == classes


def test_one_hot_rows_are_classes():
    found = targets(np.eye(3)[[2, 0, 1, 2]])
    assert_array_equal(found.y["train"], [2, 0, 1, 2])
    assert "one-hot" in found.notes[0]


def test_names_given_are_kept_for_their_numbers():
    found = targets([0, 2, 2], names=["a", "b", "c"])
    assert found.classes == ("a", "b", "c")
    assert_array_equal(found.y["train"], [0, 2, 2])


@pytest.mark.parametrize("y", [[0.5, 1.5, 2.0], np.zeros((3, 2)) + 0.25])
def test_real_numbers_are_regressed_as_float32_columns(y):
    found = targets(y)
    assert found.task == "regress"
    assert found.y["train"].dtype == np.float32
    assert found.y["train"].shape == (3, np.asarray(y).reshape(3, -1).shape[1])


def test_whole_reals_of_many_values_are_regressed_and_it_is_said():
    found = targets(np.arange(100.0))
    assert found.task == "regress"
    assert "100 values" in found.notes[0]


def test_whole_numbers_that_rarely_repeat_need_a_task():
    with refused("D46", "100 rows hold 100"):
        targets(np.arange(100))
    assert targets(np.arange(100), task="regress").y["train"].shape == (100, 1)
    assert len(targets(np.arange(100), task="classify").classes) == 100


def test_a_task_that_does_not_fit_is_refused():
    with refused("D46", "row 1: 1.5", "regress"):
        targets([1.0, 1.5], task="classify")
    with refused("D46", "'cat'"):
        targets(["cat", "dog"], task="regress")
    with refused("D46"):
        targets([0, 1], task="guess")


@pytest.mark.parametrize(
    ("labels", "row"),
    [([1.0, float("nan")], 1), ([None, "a"], 0), (["a", "", "b"], 1), ([0.5, float("inf")], 1), ([1, None], 1)],
)
def test_missing_labels_are_told_by_row(labels, row):
    with refused("D47", f"row {row}:"):
        targets(labels)


def test_missing_labels_of_all_parts_are_told_at_once():
    with refused("D47", "2 labels", "train, row 1", "test, row 0"):
        targets_of({"train": ["a", ""], "test": ["", "a"]}, where="here")


@pytest.mark.parametrize("label", [-1, -100])
def test_negative_labels_are_refused_with_their_rows(label):
    with refused("D40", f"row 2: {label}", "unlabelled"):
        targets([0, 1, label, 2])


def test_classes_unknown_to_the_training_part_are_refused():
    with refused("D48", "test, row 1: 'c'"):
        targets_of({"train": ["a", "b"], "test": ["a", "c"]}, where="here")
    with refused("D48", "row 1: 3", "0, 1, 2"):
        targets([0, 3], names=["a", "b", "c"])


def test_a_gap_in_the_numbers_is_closed_and_said():
    found = targets([1, 2, 4])
    assert_array_equal(found.y["train"], [0, 1, 2])
    assert "1, 2, 4 became classes 0 to 2" in found.notes[0]


def test_a_class_called_none_is_a_class_and_it_is_said():
    assert "'None'" in targets(["None", "some"]).notes[0]


def test_targets_too_large_for_float32_are_refused():
    with refused("D57", "row 1"):
        targets([0.5, 1e39])


def test_text_in_one_part_and_numbers_in_another_is_refused():
    with pytest.raises(ValueError, match="text in one part"):
        targets_of({"train": ["0", "1"], "test": [0, 1]}, where="here")
