"""CIFAR-10 as published, whole and broken."""

import io
import pickle
import tarfile

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from netsitter.data.sources.cifar import CLASSES, RECORD, TEST_FILE, TRAIN_FILES, open_cifar
from tests.data.made import cifar_binary, cifar_python, cifar_rows, refused


def archive(path, folder, *, inner, mode="w:gz"):
    with tarfile.open(path, mode) as tar:
        for file in sorted(folder.iterdir()):
            tar.add(file, f"{inner}/{file.name}")
    return path


def test_the_binary_version_is_read_plane_by_plane(tmp_path):
    source = open_cifar(cifar_binary(tmp_path))
    assert {name: len(part) for name, part in source.parts.items()} == {"train": 100, "test": 20}
    assert source.example == (3, 32, 32)
    assert source.parts["train"].x.dtype == np.uint8
    for batch in range(5):
        pixels, labels = cifar_rows(20, seed=batch)
        for row in (0, 7, 19):
            image = source.parts["train"].x.take(np.array([20 * batch + row]))[0]
            for c, y, x in [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (2, 31, 31)]:
                assert image[c, y, x] == pixels[row, 1024 * c + 32 * y + x]
            assert source.parts["train"].y[20 * batch + row] == labels[row]


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_both_versions_and_both_archives_are_the_same_source(tmp_path, protocol):
    binary, python = cifar_binary(tmp_path / "bin"), cifar_python(tmp_path / "py", protocol=protocol)
    sources = [
        open_cifar(binary),
        open_cifar(python),
        open_cifar(archive(tmp_path / "cifar-10-binary.tar.gz", binary, inner="cifar-10-batches-bin")),
        open_cifar(archive(tmp_path / "cifar-10-python.tar.gz", python, inner="cifar-10-batches-py")),
        open_cifar(archive(tmp_path / "plain.tar", binary, inner="./cifar-10-batches-bin", mode="w")),
    ]
    assert len({source.fingerprint for source in sources}) == 1
    assert sources[1].classes == CLASSES
    assert_array_equal(sources[1].parts["train"].x.array, sources[0].parts["train"].x.array)


def test_class_names_are_read_where_they_are(tmp_path):
    names = [f"class {k}".replace(" ", "_") for k in range(10)]
    (cifar_binary(tmp_path / "bin") / "batches.meta.txt").write_text("\n".join(names) + "\n\n")
    (cifar_python(tmp_path / "py") / "batches.meta").write_bytes(
        pickle.dumps({b"label_names": [name.encode() for name in names]}, protocol=2)
    )
    assert open_cifar(tmp_path / "bin").classes == open_cifar(tmp_path / "py").classes == tuple(names)


def test_every_fault_of_a_folder_is_told_at_once(tmp_path):
    cifar_binary(tmp_path)
    first = tmp_path / "data_batch_1.bin"
    content = bytearray(first.read_bytes())
    content[5 * RECORD] = 10
    first.write_bytes(bytes(content))
    (tmp_path / "data_batch_2.bin").write_bytes(content[:-1])
    (tmp_path / "data_batch_3.bin").unlink()
    (tmp_path / "data_batch_4.bin").write_bytes(b"")
    (tmp_path / "batches.meta.txt").write_text("just one")
    with refused(
        "D59",
        "data_batch_1.bin has 1 label outside 0 to 9: row 5 has label 10",
        f"data_batch_2.bin has {20 * RECORD - 1:,} bytes",
        "data_batch_3.bin is missing",
        "data_batch_4.bin has 0 bytes",
        "batches.meta.txt does not name 10 classes",
    ):
        open_cifar(tmp_path)


def test_fewer_rows_than_published_are_said(tmp_path):
    assert "data_batch_1.bin has 20 rows" in open_cifar(cifar_binary(tmp_path)).notes[0]


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [0]}, "2 images"),
        ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [0, 10]}, "row 1 has label 10"),
        ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [0, True]}, "no whole numbers"),
        ({b"data": np.zeros((2, 3071), np.uint8), b"labels": [0, 1]}, "no data"),
        ({b"data": np.zeros((2, 3072), np.float32), b"labels": [0, 1]}, "dtype"),
        ({b"labels": [0, 1]}, "no data"),
        ({b"data": np.zeros((2, 3072), np.uint8), b"labels": np.array([0, 1], np.uint8)}, "another number"),
    ],
)
def test_python_files_that_hold_something_else_are_refused(tmp_path, held, words):
    (cifar_python(tmp_path) / "data_batch_2").write_bytes(pickle.dumps(held, protocol=2))
    with pytest.raises(ValueError, match="data_batch_2") as caught:
        open_cifar(tmp_path)
    assert words in str(caught.value)


def test_a_pickle_that_asks_for_a_command_is_refused_by_its_name(tmp_path):
    (cifar_python(tmp_path) / TEST_FILE).write_bytes(b"\x80\x02cos\nsystem\nU\x04true\x85R.")
    with refused("D80", "test_batch is not read: it asks for 'os.system'"):
        open_cifar(tmp_path)


def test_a_link_to_a_device_is_refused_and_does_not_hang(tmp_path):
    cifar_binary(tmp_path)
    (tmp_path / "test_batch.bin").unlink()
    (tmp_path / "test_batch.bin").symlink_to("/dev/zero")
    with refused("D76", "test_batch.bin is not a regular file"):
        open_cifar(tmp_path)


def member(name, content=b"x", kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(content) if kind == tarfile.REGTYPE else 0, kind, link
    return info, content


def tar(path, members):
    with tarfile.open(path, "w:gz") as out:
        for info, content in members:
            out.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return path


@pytest.mark.parametrize(
    "members",
    [
        [member("../../evil.py")],
        [member("/tmp/evil.py")],
        [member("cifar-10-batches-bin/../../data_batch_1.bin")],
        [member("cifar-10-batches-bin/data_batch_1.bin", kind=tarfile.SYMTYPE, link="/etc/passwd")],
        [member("cifar-10-batches-bin/data_batch_1.bin", kind=tarfile.LNKTYPE, link="/etc/passwd")],
        [member("cifar-10-batches-bin/data_batch_1.bin"), member("cifar-10-batches-bin/data_batch_1.bin")],
        [member("cifar-10-batches-bin/data_batch_1.bin"), member("cifar-10-batches-py/data_batch_1.bin")],
        [],
    ],
)
def test_hostile_archives_are_refused_and_write_nothing(tmp_path, members):
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    path = tar(inside / "cifar-10-binary.tar.gz", members)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match="cifar-10-binary"):
        open_cifar(path)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_archive_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("netsitter.data.sources.cifar.MOST_ARCHIVE_BYTES", 2**20)
    path = tar(tmp_path / "cifar-10-binary.tar.gz", [member("other", bytes(2**22))])
    with refused("D73", "unpacks to more than"):
        open_cifar(path)


@pytest.mark.parametrize("cut", [1, 100, 20_000])
def test_a_torn_archive_is_refused(tmp_path, cut):
    path = archive(tmp_path / "cifar-10-binary.tar.gz", cifar_binary(tmp_path / "bin"), inner="cifar-10-batches-bin")
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ValueError, match="cifar-10-binary"):
        open_cifar(path)


@pytest.mark.slow
def test_the_real_one_opens_as_bytes(cifar10):
    source = open_cifar(cifar10)
    x_NCYX = source.parts["train"].x.array
    assert x_NCYX.dtype == np.uint8
    assert x_NCYX.shape == (50_000, 3, 32, 32)
    assert np.bincount(source.parts["train"].y).tolist() == [5_000] * 10
    # The published means of the channels are 125.3, 123.0 and 113.9.
    assert np.allclose(x_NCYX.mean(axis=(0, 2, 3)), [125.3, 123.0, 113.9], atol=0.5)
    assert all(f"{name}.bin" in {file.name for file in cifar10.iterdir()} for name in TRAIN_FILES)
