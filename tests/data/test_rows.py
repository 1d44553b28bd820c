"""Rows that are taken by number."""

import numpy as np
import torch
from numpy.testing import assert_array_equal

from netsitter.data.rows import ArrayRows, DatasetRows, ImageFileRows
from netsitter.data.sources.layout import Layout
from tests.data.made import refused, write_image


def test_rows_come_in_the_order_asked_for_and_may_repeat():
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    assert_array_equal(ArrayRows(x).take(np.array([3, 0, 3])), x[[3, 0, 3]])


def test_a_mapped_file_is_not_in_memory_and_gives_plain_arrays(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(6, dtype=np.float64).reshape(3, 2))
    rows = ArrayRows(np.load(tmp_path / "x.npy", mmap_mode="r"), dtype=np.float32)
    taken = rows.take(np.array([2]))
    assert not rows.in_memory
    assert type(taken) is np.ndarray
    assert taken.flags.writeable
    assert taken.dtype == rows.dtype == np.float32


def test_what_is_stored_does_not_depend_on_byte_order():
    x = np.arange(6, dtype="<f4").reshape(2, 3)
    assert ArrayRows(x).stored(1) == ArrayRows(x.astype(">f4")).stored(1)


def test_image_files_give_one_shape_and_type(tmp_path):
    paths = [write_image(tmp_path / "a.png"), write_image(tmp_path / "b.png", mode="L")]
    rows = ImageFileRows(paths, (6, 4), "RGB")
    taken = rows.take(np.array([1, 0]))
    assert taken.shape == (2, *rows.example) == (2, 3, 4, 6)
    assert taken.dtype == rows.dtype == np.uint8
    assert rows.take(np.array([], dtype=int)).shape == (0, 3, 4, 6)


def test_a_file_that_breaks_after_it_was_checked_is_named(tmp_path):
    path = write_image(tmp_path / "a.jpg", (60, 40))
    rows = ImageFileRows([path], (60, 40), "RGB")
    path.write_bytes(path.read_bytes()[:300])
    with refused("D59", "a.jpg is cut short"):
        rows.take(np.array([0]))


def test_a_file_that_changes_its_size_or_goes_is_named(tmp_path):
    path = write_image(tmp_path / "a.png")
    rows = ImageFileRows([path], (6, 4), "RGB")
    write_image(path, (3, 3))
    with refused("D59", "a.png is 3x3 now; 6x4"):
        rows.take(np.array([0]))
    path.unlink()
    with refused("D59", "a.png cannot be read"):
        rows.take(np.array([0]))


def test_a_dataset_of_whole_numbers_keeps_one_type_for_all_rows():
    data = [(torch.full((2, 2), value), 0) for value in (255, 256, -1)]
    rows = DatasetRows(data, Layout("plane"))
    assert_array_equal(rows.take(np.arange(3))[:, 0, 0, 0], [255, 256, -1])
    assert rows.dtype == np.float32


def test_pillow_images_from_a_dataset_get_their_channels_first():
    from PIL import Image

    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 9, 3), dtype=np.uint8))
    rows = DatasetRows([(image, 0)], Layout("last"))
    assert rows.example == (3, 8, 9)
    assert_array_equal(rows.take(np.array([0]))[0], np.asarray(image).transpose(2, 0, 1))
