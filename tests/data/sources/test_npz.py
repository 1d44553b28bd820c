"""NumPy archives, honest and hostile."""

import io
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from netsitter.data.sources.npz import open_npz
from tests.data.made import refused

X = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
Y = np.arange(8) % 2


def npy(array=None, *, header=None):
    """The bytes of an array file, or of one with this header and no data."""
    out = io.BytesIO()
    if header is None:
        np.save(out, array, allow_pickle=True)
    else:
        text = header.encode().ljust(118) + b"\n"
        out.write(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text)
    return out.getvalue()


def packed(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def test_parts_and_names_are_read(tmp_path):
    np.savez(
        tmp_path / "a.npz",
        x_train=X,
        y_train=Y,
        x_test=X[:4],
        y_test=Y[:4],
        feature_names=["a", "b", "c"],
        class_names=["no", "yes"],
        ids=Y,
    )
    source = open_npz(tmp_path / "a.npz")
    assert source.classes == ("no", "yes")
    assert source.features == ("a", "b", "c")
    assert_array_equal(source.parts["train"].x.take(np.arange(8)), X)
    assert len(source.parts["test"]) == 4
    assert source.notes == ("not used: ids",)


def test_packed_and_plain_archives_are_the_same(tmp_path):
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    np.savez_compressed(tmp_path / "b.npz", x=X, y=Y)
    assert open_npz(tmp_path / "a.npz").fingerprint == open_npz(tmp_path / "b.npz").fingerprint


def test_unknown_names_are_told(tmp_path):
    np.savez(tmp_path / "a.npz", weights=X, bias=Y)
    with refused("D14", "'weights', 'bias'", "x_train"):
        open_npz(tmp_path / "a.npz")


DEEP = "{'descr': " + "[('a', " * 1_000 + "'<f8'" + ")]" * 1_000 + ", 'fortran_order': False, 'shape': (1,), }"


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([("x.npy", npy(np.array([{}], dtype=object)))], "never unpickled"),
        (
            [("x.npy", npy(header="{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000,), }"))],
            "800,000,000,000 bytes; 0 are there",
        ),
        ([("x.npy", npy(header="{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 8), }"))], "claims"),
        ([("x.npy", npy(header="__import__('os').system('true')"))], "no readable header"),
        ([("x.npy", npy(header=DEEP))], "no readable header"),
        ([("x.npy", npy(header="{" * 20_000))], "no readable header"),
        ([("x.npy", npy(np.zeros(2, dtype="datetime64[D]")))], "holds type"),
        ([("x.npy", b"no array")], "no readable header"),
        ([("x.npy", b"")], "no readable header"),
        ([("../../x.npy", npy(X))], "no array"),
        ([("/tmp/x.npy", npy(X))], "no array"),
        ([("a\\x.npy", npy(X))], "no array"),
        ([("x.py", b"print()")], "no array"),
        ([("x.npy", npy(np.zeros(40_000_000, np.uint8)))], "a zip bomb"),
    ],
)
def test_hostile_members_are_refused_before_they_are_read(tmp_path, members, words):
    path = packed(tmp_path / "a.npz", [*members, ("y.npy", npy(Y))])
    before = sorted(tmp_path.parent.rglob("*"))
    with refused("D80", "a.npz", words):
        open_npz(path)
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_a_name_that_is_there_twice_is_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        path = packed(tmp_path / "a.npz", [("x.npy", npy(X)), ("x.npy", npy(X)), ("y.npy", npy(Y))])
    with refused("D80", "there twice"):
        open_npz(path)


def test_all_faults_are_told_at_once(tmp_path):
    path = packed(tmp_path / "a.npz", [("x.npy", b"no"), ("y.npy", npy(np.array([None], dtype=object)))])
    with refused("D80", "'x' has no readable header", "'y' holds type"):
        open_npz(path)


@pytest.mark.parametrize("cut", [1, 50, 300])
def test_a_torn_archive_is_refused(tmp_path, cut):
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    path = tmp_path / "a.npz"
    path.write_bytes(path.read_bytes()[:-cut])
    with refused("D80", "a.npz"):
        open_npz(path)


def test_changed_bytes_are_noticed(tmp_path):
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[200] ^= 1
    (tmp_path / "a.npz").write_bytes(content)
    with refused("D80", "a.npz"):
        open_npz(tmp_path / "a.npz")
