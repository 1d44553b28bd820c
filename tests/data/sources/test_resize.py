"""Images in memory scaled to one size."""

import numpy as np
import pytest

from netsitter.data.sources.arrays import source_of
from netsitter.data.sources.resize import resized_source
from tests.data.made import refused


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_images_get_the_size_and_keep_their_levels(dtype):
    x_NCYX = np.stack([np.full((3, 8, 10), level, dtype) for level in (0, 1, 2, 3)])
    made = resized_source(source_of((x_NCYX, [0, 1, 0, 1])), (5, 4))
    assert made.example == (3, 4, 5)
    assert made.parts["train"].x.dtype == dtype
    assert [set(np.unique(image)) for image in made.parts["train"].x.take(np.arange(4))] == [{0}, {1}, {2}, {3}]
    assert made.notes == ("images were resized from 10x8 to 5x4",)


def test_halving_takes_the_mean_of_what_is_covered():
    x_NYX = np.zeros((2, 4, 4), np.float32)
    x_NYX[:, :, 2:] = 8
    made = resized_source(source_of((x_NYX, [0, 1])), (2, 2))
    row = made.parts["train"].x.take(np.array([0]))[0, 0, 0]
    assert row[0] < 2
    assert row[1] > 6
    assert row.mean() == pytest.approx(4)


def test_the_same_size_changes_nothing():
    source = source_of((np.zeros((2, 4, 6), np.uint8), [0, 1]))
    assert resized_source(source, (6, 4)) is source


def test_a_table_is_refused():
    with refused("D67", "3 features"):
        resized_source(source_of((np.zeros((2, 3)), [0, 1])), (6, 4))
