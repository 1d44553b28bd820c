"""Sources from what a Python program holds."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from torch.utils.data import DataLoader, Dataset, TensorDataset

from netsitter.data.rows import DatasetRows
from netsitter.data.sources.arrays import inputs_of, source_of
from tests.data.made import refused

X = np.random.default_rng(0).normal(size=(6, 4))
Y = np.array([0, 1, 2, 0, 1, 2])


class Pairs(Dataset):
    """A Dataset of images with channels last, and text labels."""

    def __init__(self, rows=6, odd=None):
        self.x = np.random.default_rng(0).integers(0, 256, (rows, 8, 9, 3), dtype=np.uint8)
        self.odd = odd

    def __len__(self):
        return len(self.x)

    def __getitem__(self, row):
        return (self.x[row, :4] if row == self.odd else self.x[row]), "ab"[row % 2]


class Frame:
    """What of a data frame is read."""

    def __init__(self, values, columns):
        self.values, self.columns = values, columns

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)


@pytest.mark.parametrize(
    "data",
    [
        (X, Y),
        [X, Y],
        {"train": (X, Y)},
        {"x": X, "y": Y},
        (torch.tensor(X), torch.tensor(Y)),
        TensorDataset(torch.tensor(X), torch.tensor(Y)),
    ],
)
def test_every_form_gives_the_same_source(data):
    found = source_of(data)
    assert_array_equal(found.parts["train"].x.take(np.arange(6)), X)
    assert_array_equal(found.parts["train"].y, Y)
    assert found.fingerprint == source_of((X, Y)).fingerprint
    assert not found.image


def test_parts_keep_their_names_whatever_they_are_called():
    found = source_of({"training": (X, Y), "valid": (X[:3], Y[:3]), "Test": (X[3:], Y[3:])})
    assert {name: len(part) for name, part in found.parts.items()} == {"train": 6, "val": 3, "test": 3}


def test_columns_of_a_data_frame_are_the_features():
    assert source_of((Frame(X, ["a", "b", "c", "d"]), Y)).features == ("a", "b", "c", "d")


def test_a_dataset_is_read_row_by_row_and_turned():
    pairs = Pairs()
    found = source_of(pairs)
    assert isinstance(found.parts["train"].x, DatasetRows)
    assert found.example == (3, 8, 9)
    assert_array_equal(found.parts["train"].x.take(np.array([4, 0])), pairs.x[[4, 0]].transpose(0, 3, 1, 2))
    assert found.classes == ("a", "b")


def test_a_dataset_of_mixed_shapes_is_refused_with_the_row():
    rows = source_of(Pairs(odd=3)).parts["train"].x
    with refused("D67", "row 3"):
        rows.take(np.arange(6))


def test_tables_of_two_types_are_brought_to_the_wider():
    found = source_of({"train": (X, Y), "test": (X.astype(np.float32), Y)})
    assert {part.x.dtype for part in found.parts.values()} == {np.dtype(np.float64)}


def test_examples_and_labels_of_different_number_are_refused():
    with refused("D51", "6 examples", "5 labels"):
        source_of((X, Y[:5]))


@pytest.mark.parametrize("data", [X, torch.tensor(X), 3, DataLoader(TensorDataset(torch.tensor(X)), batch_size=2)])
def test_data_without_labels_is_refused(data):
    with pytest.raises(ValueError, match="no data with labels"):
        source_of(data)


def test_a_dataset_without_labels_is_refused():
    with refused("D45", "row 0"):
        source_of(TensorDataset(torch.tensor(X)))


def test_unknown_names_are_told():
    with refused("D14", "'a', 'b'"):
        source_of({"a": X, "b": Y})


def test_parts_of_different_shape_are_refused():
    with refused("D67", "(4,)", "(3,)"):
        source_of({"train": (X, Y), "test": (X[:, :3], Y)})


def test_one_class_only_is_refused_by_name():
    with refused("D36", "'cat'", "6 rows"):
        source_of((X, ["cat"] * 6))


def test_nearly_equal_class_names_are_said():
    assert "'Cat', 'cat', 'cat '" in source_of((X, ["Cat", "cat", "cat ", "dog", "dog", "dog"])).notes[0]


@pytest.mark.parametrize(
    ("given", "example", "image"),
    [
        ((4,), (4,), False),
        ((2, 4), (4,), False),
        ((5,), (1,), False),
        ((8, 9), (1, 8, 9), True),
        ((2, 8, 9), (1, 8, 9), True),
        ((1, 8, 9), (1, 8, 9), True),
        ((2, 1, 8, 9), (1, 8, 9), True),
        ((8, 9, 3), (3, 8, 9), True),
        ((2, 8, 9, 3), (3, 8, 9), True),
        ((2, 3, 8, 9), (3, 8, 9), True),
        ((2, 4, 4, 3), (4, 4, 3), True),
    ],
)
def test_inputs_to_predict_on_are_shaped_as_in_training(given, example, image):
    x = np.random.default_rng(0).normal(size=given).astype(np.float32)
    found = inputs_of(x, example, image)
    assert found.shape[1:] == example
    assert found.size == x.size
    assert np.isclose(found.sum(), x.sum(), rtol=1e-4)


def test_inputs_of_another_shape_are_refused_with_both_shapes():
    with refused("D32", "(2, 3)", "(N, 4)"):
        inputs_of(np.zeros((2, 3)), (4,), False)


def test_the_rows_that_are_taken_are_a_copy():
    found = source_of((X, Y))
    found.parts["train"].x.take(np.array([0]))[:] = 7
    assert found.parts["train"].x.take(np.array([0]))[0, 0] == X[0, 0]
