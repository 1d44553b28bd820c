"""What every source must be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netsitter.data.rows import ArrayRows
from netsitter.data.source import Part, whole_source
from tests.data.made import refused


def part(y, shape=(2,), seed=0):
    x = np.random.default_rng(seed).normal(size=(len(y), *shape)).astype(np.float32)
    return Part(ArrayRows(x), np.asarray(y, dtype=np.int64))


def source(parts, classes=("a", "b", "c"), **options):
    return whole_source(
        parts, name="s", where=options.pop("where", "here"), task="classify", classes=classes, **options
    )


def test_the_fingerprint_is_of_the_content_not_of_the_place():
    one, other = source({"train": part([0, 1, 2])}), source({"train": part([0, 1, 2])}, where="there")
    assert one.fingerprint == other.fingerprint


@given(st.sampled_from(["label", "pixel", "class", "part"]))
def test_the_fingerprint_changes_with_anything_that_matters(what):
    before = source({"train": part([0, 1, 2, 0])}).fingerprint
    changed = {
        "label": lambda: source({"train": part([0, 1, 2, 1])}),
        "pixel": lambda: source({"train": part([0, 1, 2, 0], seed=1)}),
        "class": lambda: source({"train": part([0, 1, 2, 0])}, classes=("a", "b", "d")),
        "part": lambda: source({"train": part([0, 1, 2, 0]), "test": part([0])}),
    }
    assert changed[what]().fingerprint != before


def test_the_fingerprint_is_a_known_one():
    rows = ArrayRows(np.arange(6, dtype=np.uint8).reshape(3, 2).astype(np.float32))
    made = source({"train": Part(rows, np.array([0, 1, 2]))})
    assert made.fingerprint == "0200e0f4d863c5ba59f6aa79dee189b410866712ec9c17e23c91a0f5ee1a3176"


def test_parts_come_in_the_order_train_val_test():
    made = source({"test": part([0]), "train": part([0, 1, 2]), "val": part([1])})
    assert list(made.parts) == ["train", "val", "test"]
    assert made.example == (2,)
    assert not made.image


def test_labels_out_of_range_are_told_with_part_row_and_classes():
    with refused("D39", "2 labels are", "train, row 2: 3", "test, row 0: -1", "0 to 2"):
        source({"train": part([0, 1, 3]), "test": part([-1])})


def test_a_class_that_only_the_test_has_is_refused():
    with refused("D48", "'c' (test: 1)"):
        source({"train": part([0, 1]), "test": part([2])})


def test_a_class_without_any_rows_is_said():
    assert source({"train": part([0, 1])}).notes == ("no rows of class c",)


def test_one_class_only_is_refused():
    with refused("D36", "all 3 rows are 'b'"):
        source({"train": part([1, 1, 1])})


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"test": part([0])}, "D54"),
        ({"train": part([0, 1]), "val": part([])}, "D54"),
        ({"train": part([0, 1]), "val": part([0], (3,))}, "D67"),
        ({"train": Part(ArrayRows(np.zeros((3, 2), np.float32)), np.array([0, 1]))}, "D51"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(parts, code):
    with refused(code):
        source(parts)
