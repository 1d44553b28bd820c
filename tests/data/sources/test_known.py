"""Data sets that are known by name."""

import hashlib

import numpy as np
import pytest

from netsitter.data.sources import known
from netsitter.data.sources.known import BUNDLED, ON_DISK, open_known
from tests.data.made import cifar_binary, cifar_python, idx_folder, refused


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """A home and a working folder without any data."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("NETSITTER_DATA", raising=False)
    monkeypatch.chdir(home)
    monkeypatch.setattr(known, "ON_DISK", {name: without_absolute(kind) for name, kind in ON_DISK.items()})
    return home


def without_absolute(kind):
    from dataclasses import replace

    return replace(kind, places=tuple(place for place in kind.places if not place.startswith("/")))


SIZES = {"digits": 1797, "diabetes": 442, "iris": 150, "breast-cancer": 569, "wine": 178}


@pytest.mark.parametrize("name", BUNDLED)
def test_what_comes_with_scikit_learn_is_read(name):
    pytest.importorskip("sklearn")
    source = open_known(name)
    assert (source.name, len(source.parts["train"])) == (name, SIZES[name])
    assert source.task == ("regress" if name == "diabetes" else "classify")
    assert len(source.features) in (0, source.example[0])


def test_digits_are_grey_images_from_0_to_1():
    pytest.importorskip("sklearn")
    x_NCYX = open_known("digits").parts["train"].x.array
    assert x_NCYX.shape == (1797, 1, 8, 8)
    assert (x_NCYX.min(), x_NCYX.max(), x_NCYX.dtype) == (0, 1, np.float32)


def test_diabetes_comes_as_measured():
    pytest.importorskip("sklearn")
    source = open_known("diabetes")
    ages = source.parts["train"].x.array[:, source.features.index("age")]
    assert (ages.min(), ages.max()) == (19, 79)


@pytest.mark.parametrize(
    ("name", "place", "make"),
    [
        ("cifar10", "cifar-10-batches-bin", cifar_binary),
        ("cifar10", "cifar-10-batches-py", cifar_python),
        ("mnist", "mnist", idx_folder),
        ("mnist", "MNIST/raw", idx_folder),
        ("fashion-mnist", "FashionMNIST/raw", idx_folder),
    ],
)
@pytest.mark.parametrize("way", ["data_dir", "variable", "data", "cache"])
def test_the_folders_are_looked_through(tmp_path, nowhere, monkeypatch, name, place, make, way):
    base = {"data": nowhere / "data", "cache": nowhere / ".cache" / "netsitter"}.get(way, tmp_path / "given")
    make(base / place)
    if way == "variable":
        monkeypatch.setenv("NETSITTER_DATA", str(base))
    source = open_known(name, data_dir=base if way == "data_dir" else None)
    assert source.name == name
    assert len(source.classes) == 10


def test_what_is_missing_is_told_with_the_files_and_their_places(tmp_path):
    with refused("D10", "4 files (12 MB)", "--download", str(tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz")):
        open_known("mnist", data_dir=tmp_path)


def test_nothing_is_fetched_unless_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(known, "fetch", lambda *a, **k: pytest.fail("fetched"))
    with refused("D10"):
        open_known("cifar10", data_dir=tmp_path)


@pytest.mark.parametrize(("name", "files"), [("mnist", 4), ("fashion-mnist", 4)])
def test_what_is_fetched_is_put_where_it_is_found_again(tmp_path, monkeypatch, name, files):
    made = idx_folder(tmp_path / "made", packed=True)
    asked = []

    def fetched(url, target, *, sha256, size):
        asked.append(url)
        assert url.startswith("https://")
        assert len(sha256) == len(hashlib.sha256().hexdigest())
        assert size > 1_000
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((made / target.name).read_bytes())
        return target

    monkeypatch.setattr(known, "fetch", fetched)
    first = open_known(name, data_dir=tmp_path / "new", download=True)
    assert len(asked) == files
    assert open_known(name, data_dir=tmp_path / "new").fingerprint == first.fingerprint
    assert len(asked) == files
