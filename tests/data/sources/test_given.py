"""What a program of the user's own hands in reaches its network and its loss unturned."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from netsitter.data.sources.given import FEWEST_TO_DIVIDE, given_rows, given_source, with_reals
from netsitter.errors import DataError

N = 50
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 3, 4))
Y = RNG.integers(0, 3, N)


def taken(source, part: str = "train"):
    rows = source.parts[part]
    return rows.x.take(np.arange(N)), rows.given


@pytest.mark.parametrize(
    "data", [(X, Y), (torch.tensor(X), torch.tensor(Y)), TensorDataset(torch.tensor(X), torch.tensor(Y))]
)
def test_rows_and_targets_are_those_handed_in_with_floats_as_float32(data):
    x, y = taken(given_source(data))
    assert (x.dtype, y.dtype) == (np.float32, np.int64)
    np.testing.assert_array_equal(x, X.astype(np.float32))
    np.testing.assert_array_equal(y, Y)


@pytest.mark.parametrize(
    ("y", "task", "classes", "read"),
    [
        (Y, "classify", 3, Y),
        (Y + 10, "classify", 3, Y),
        (Y[:, None], "classify", 3, Y),
        (np.eye(3)[Y], "classify", 3, Y),
        ((Y > 0).astype(np.float32), "classify", 2, Y > 0),
        (2.0 * (Y > 0)[:, None] - 1, "classify", 2, Y > 0),
        (X[:, 0, :2], "regress", 0, X[:, 0, :2]),
        (X, "regress", 0, X.reshape(N, -1).mean(axis=1, keepdims=True)),
        (np.arange(N), "regress", 0, np.arange(N)[:, None]),
    ],
)
def test_targets_are_read_for_splitting_and_stay_as_they_are_for_the_loss(y, task, classes, read):
    source = given_source((X, y))
    assert (source.task, len(source.classes)) == (task, classes)
    np.testing.assert_allclose(source.parts["train"].y, read, rtol=1e-5)
    np.testing.assert_allclose(source.parts["train"].given, y, rtol=1e-6)


def test_text_and_bools_become_class_numbers():
    source = given_source((X, np.array(["cat", "dog"])[Y % 2]))
    assert set(source.parts["train"].given.tolist()) == {0, 1}
    assert given_source((X, Y > 0)).parts["train"].given.tolist() == (Y > 0).astype(int).tolist()


def test_parts_are_known_by_many_names_and_kept_apart():
    source = given_source({"train": (X, Y), "validation": (X + 1, Y)})
    assert set(source.parts) == {"train", "val"}
    np.testing.assert_allclose(taken(source, "val")[0], X + 1, rtol=1e-6)


def test_the_four_rows_of_xor_are_trained_on_and_judged_by():
    source = given_source((np.eye(4), np.array([0, 1, 1, 0])))
    assert source.parts["val"] is source.parts["train"]
    assert "4 rows" in source.notes[0]
    assert "val" not in given_source((np.eye(FEWEST_TO_DIVIDE), np.arange(FEWEST_TO_DIVIDE) % 2)).parts


def test_the_fingerprint_changes_with_the_rows_and_not_with_the_kind_of_container():
    one = given_source((X, Y)).fingerprint
    assert given_source((torch.tensor(X), torch.tensor(Y))).fingerprint == one
    other = X.copy()
    other[0] += 1
    assert given_source((other, Y)).fingerprint != one


def test_tokens_stay_whole_and_can_be_made_real():
    words = RNG.integers(0, 9, (N, 6))
    source = given_source((words, Y))
    assert taken(source)[0].dtype == np.int64
    made, _ = taken(with_reals(source))
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, words)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ((X, Y[:-1]), "differ in number"),
        ((X[:0], Y[:0]), "is empty"),
        ({"train": (X, Y), "val": (X[:, :2], Y)}, "different kinds"),
        ({"val": (X, Y)}, "no training part"),
        ({"train": (X, Y), "odd": (X, Y)}, "not known by their names"),
        (7, "no data with targets"),
    ],
)
def test_what_does_not_fit_together_is_refused(data, says):
    with pytest.raises(DataError, match=says):
        given_source(data)


def test_one_row_to_predict_on_may_come_alone_and_another_shape_is_refused():
    assert len(given_rows(X[0], (3, 4))) == 1
    assert len(given_rows(X, (3, 4))) == N
    with pytest.raises(DataError, match="shape of the training data"):
        given_rows(X[:, :2], (3, 4))


def test_a_class_without_training_rows_keeps_its_number():
    x = np.zeros((60, 2), dtype=np.float32)
    y = np.arange(60) % 5
    source = given_source({"train": (x, np.where(y == 2, 3, y)), "val": (x, y)})
    assert source.classes == ("0", "1", "2", "3", "4")
    assert np.array_equal(source.parts["val"].y, y)
