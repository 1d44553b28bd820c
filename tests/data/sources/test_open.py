"""A data set is recognised by what is there."""

import numpy as np
import pytest

from netsitter.data.sources.open import open_source
from tests.data.made import cifar_binary, cifar_python, idx_folder, image_folder, refused
from tests.data.sources.test_cifar import archive


def npz(root):
    root.mkdir()
    np.savez(root / "a.npz", x=np.zeros((4, 2)), y=[0, 1, 0, 1])
    return root / "a.npz"


@pytest.mark.parametrize("make", [cifar_binary, cifar_python, idx_folder, image_folder, npz])
def test_every_form_is_recognised_by_itself_and_one_folder_up(tmp_path, make):
    path = make(tmp_path / "set")
    source = open_source(path)
    assert source.parts["train"]
    assert open_source(str(path.parent)).fingerprint == source.fingerprint


def test_an_archive_is_recognised(tmp_path):
    path = archive(tmp_path / "cifar-10-binary.tar.gz", cifar_binary(tmp_path / "bin"), inner="cifar-10-batches-bin")
    assert open_source(path).fingerprint == open_source(tmp_path / "bin").fingerprint


def test_a_known_name_is_opened_unless_a_path_has_it(tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    assert open_source("iris").where == "scikit-learn: iris"
    image_folder(tmp_path / "iris")
    assert open_source("iris").where == "iris"


def test_images_are_resized_wherever_they_lie(tmp_path):
    assert open_source(image_folder(tmp_path / "images"), resize="3x2").example == (3, 2, 3)
    assert open_source(cifar_binary(tmp_path / "cifar", rows=10), resize="16x8").example == (3, 8, 16)
    with refused("D67"):
        open_source(npz(tmp_path / "table"), resize="3x2")


@pytest.mark.parametrize("make", [cifar_binary, idx_folder, image_folder])
def test_classes_cannot_be_regressed(tmp_path, make):
    with refused("D46"):
        open_source(make(tmp_path / "set"), task="regress")


@pytest.mark.parametrize("spec", ["http://127.0.0.1:9/x.npz", "s3://a/b", "file:///etc/passwd"])
def test_addresses_are_refused_and_nothing_is_asked(spec, monkeypatch):
    import socket

    monkeypatch.setattr(socket, "socket", lambda *a, **k: pytest.fail("asked the network"))
    with refused("D35", spec):
        open_source(spec)


@pytest.mark.parametrize(
    ("spec", "meant"), [("cifar-10", "cifar10"), ("Fashion_MNIST", "fashion-mnist"), ("digit", "digits")]
)
def test_the_nearest_name_is_told(spec, meant, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with refused("D10", f"Did you mean '{meant}'?"):
        open_source(spec)


def test_the_nearest_path_is_told(tmp_path):
    npz(tmp_path / "table")
    with refused("D10", "Did you mean 'a.npz'?"):
        open_source(tmp_path / "table" / "b.npz")


def test_several_data_sets_in_a_folder_are_listed(tmp_path):
    image_folder(tmp_path / "a")
    cifar_binary(tmp_path / "b")
    with refused("D76", ": a, b", str(tmp_path / "a")):
        open_source(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "code", "fix"),
    [
        ("a.csv", b"a,b\n1,2\n", "D60", "numpy.savez"),
        ("a.npy", b"\x93NUMPY", "D60", "numpy.savez"),
        ("a.zip", b"PK\x03\x04", "D60", "unpack it"),
        ("a.npz", b"", "D10", "bring it again"),
        ("a.npz", b"<html>", "D60", "one of these forms"),
        ("data_batch_1.bin", b"x", "D60", "give the folder"),
        ("train-images-idx3-ubyte.gz", b"x", "D60", "give the folder"),
        ("a.tar.gz", b"\x1f\x8bxxx", "D59", "bring the archive again"),
    ],
)
def test_other_files_are_refused_with_the_way_out(tmp_path, name, content, code, fix):
    (tmp_path / name).write_bytes(content)
    with refused(code, name, fix):
        open_source(tmp_path / name)


def test_a_folder_of_nothing_known_tells_what_is_in_it(tmp_path):
    (tmp_path / "a.csv").write_text("1")
    with refused("D75", "'a.csv'"):
        open_source(tmp_path)
    (tmp_path / "empty").mkdir()
    with refused("D75", "empty"):
        open_source(tmp_path / "empty")
