"""IDX files, whole and broken."""

import gzip

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from netsitter.data.sources.idx import FASHION, idx_array, open_idx
from tests.data.made import idx_bytes, idx_folder, refused


@pytest.mark.parametrize(("packed", "joint"), [(False, "-"), (True, "-"), (False, "."), (True, ".")])
def test_every_spelling_of_the_files_is_the_same_source(tmp_path, packed, joint):
    source = open_idx(idx_folder(tmp_path / "set", packed=packed, joint=joint))
    assert source.fingerprint == open_idx(idx_folder(tmp_path / "plain")).fingerprint
    assert source.example == (1, 5, 4)
    assert {name: len(part) for name, part in source.parts.items()} == {"train": 20, "test": 20}
    assert source.classes == tuple("0123456789")


def test_an_array_is_read_as_it_was_written(tmp_path):
    array = np.random.default_rng(0).integers(0, 256, (3, 4, 5)).astype(np.uint8)
    (tmp_path / "a").write_bytes(idx_bytes(array))
    assert_array_equal(idx_array(tmp_path / "a", 3), array)


def test_the_classes_of_fashion_mnist_are_named(tmp_path):
    assert open_idx(idx_folder(tmp_path / "fashion-mnist")).classes == FASHION


GOOD = idx_bytes(np.zeros((3, 4, 5)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "begins with b''"),
        (b"<html>404", "begins with b'<htm'"),
        (idx_bytes(np.zeros(3)), "which says 3 axes"),
        (b"\0\0\x0d\x03" + GOOD[4:], "begins with"),
        (GOOD[:9], "ends within its header"),
        (GOOD[:-1], "holds 59 bytes"),
        (GOOD + b"x", "holds more than 60 bytes"),
        (b"\0\0\x08\x03" + b"\xff" * 12, "claims"),
        (b"\0\0\x08\x03\0\1\0\0\0\1\0\0\0\0\0\1", "claims"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_file_is_refused_by_what_is_wrong(tmp_path, content, words, packed):
    path = tmp_path / ("a.gz" if packed else "a")
    path.write_bytes(gzip.compress(content) if packed else content)
    with refused("D59", path.name, words):
        idx_array(path, 3)


def test_torn_gzip_is_refused(tmp_path):
    path = tmp_path / "a.gz"
    for content in (gzip.compress(GOOD)[:-9], b"no gzip"):
        path.write_bytes(content)
        with refused("D59", "a.gz"):
            idx_array(path, 3)


def test_a_missing_file_is_named(tmp_path):
    (idx_folder(tmp_path) / "t10k-labels-idx1-ubyte").unlink()
    with refused("D51", "t10k-labels-idx1-ubyte"):
        open_idx(tmp_path)


def test_images_and_labels_of_different_number_are_refused(tmp_path):
    (idx_folder(tmp_path) / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.arange(19) % 10))
    with refused("D51", "20 examples", "19 labels"):
        open_idx(tmp_path)


def test_the_real_one_is_as_published(fashion_mnist):
    source = open_idx(fashion_mnist)
    assert (len(source.parts["train"]), len(source.parts["test"])) == (60_000, 10_000)
    assert np.bincount(source.parts["train"].y).tolist() == [6_000] * 10
    # The published mean of all pixels is 0.2860 of 255.
    assert source.parts["train"].x.array.mean() / 255 == pytest.approx(0.2860, abs=1e-4)
    assert source.classes == FASHION
