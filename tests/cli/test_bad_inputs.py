"""Bad inputs are refused before any work, with the place, the value and the way out; or handled, and that is told."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.made import image_folder, write_image

from .catalogue import REFUSED
from .command import QUICK, Told, inside, only_run, outside
from .spoilt import Build, Row, arrays, options, pictures, row


def tree(folder: Path) -> str:
    """A checksum of all names, kinds and contents in a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(repr((str(path.relative_to(folder)), path.lstat().st_mode)).encode())
        if path.is_file() and not path.is_symlink():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def must_be_refused(told: Told, row: Row) -> None:
    assert told.code == 2, (told.out, told.err)
    assert told.err.startswith("error: ")
    assert "Traceback" not in told.err
    assert "\x1b" not in told.err
    assert told.out == ""
    for words in row.words:
        assert words in told.err, told.err
    assert "fix: " in told.err or "allowed: " in told.err, told.err


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.name.replace(" ", "-"))
def test_is_refused_with_the_place_the_value_and_the_way_out(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = row.build(tmp_path)
    before = tree(tmp_path)
    must_be_refused(inside(*arguments), row)
    assert tree(tmp_path) == before


FROM_OUTSIDE = (
    "one class only",
    "zip bomb",
    "bomb",
    "CIFAR-10 that runs code",
    "three faults",
    "plan nested without end",
)


@pytest.mark.slow
@pytest.mark.parametrize("row", [row for row in REFUSED if row.name in FROM_OUTSIDE], ids=lambda row: row.name)
def test_is_refused_in_a_process_of_its_own_too(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = row.build(tmp_path)
    before = tree(tmp_path)
    must_be_refused(outside(*arguments), row)
    assert tree(tmp_path) == before
    assert len(FROM_OUTSIDE) == len([row for row in REFUSED if row.name in FROM_OUTSIDE])


RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 3)), np.arange(40) % 2
TWINS = np.concatenate([X[:20], X[:20]])


def added(make, name: str = "x.png") -> Build:
    """The pictures with one more, of another kind."""
    return pictures(lambda p: make(p / "cat" / name), *QUICK)


def turned(path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    write_image(path, (4, 6), exif=exif)


def animated(path: Path) -> None:
    frames = [Image.new("RGB", (6, 4), (i * 90, 0, 0)) for i in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:])


HANDLED = (
    row("classes from 1 to K", arrays(*QUICK, y=Y + 1), "2 classes"),
    row("text as classes", arrays(*QUICK, y=np.array(["b", "a"])[Y]), "2 classes"),
    row(
        "nearly equal classes",
        arrays(*QUICK, y=np.array(["Cat", "cat "])[Y]),
        "nearly equal class names: 'Cat', 'cat '",
    ),
    row("reals as classes", arrays(*QUICK, y=Y.astype(float)), "2 whole numbers written as reals were read as classes"),
    row("bools as classes", arrays(*QUICK, y=Y > 0), "2 classes"),
    row("one-hot classes", arrays(*QUICK, y=np.eye(2)[Y]), "one-hot targets were read as classes"),
    row("class without rows", arrays(*QUICK, y=Y, class_names=["a", "b", "c"]), "no rows of class c"),
    row("99 to 1", arrays(*QUICK, x=RNG.normal(size=(400, 3)), y=np.arange(400) % 50 == 0), "imbalanced-classes"),
    row("large targets", arrays(*QUICK, y=X[:, 0] * 1e9), "a real target", "standardised for training and undone"),
    row("constant column", arrays(*QUICK, x=X * [1, 1, 0]), "constant-feature", "feature 2"),
    row("same rows twice", arrays(*QUICK, x=TWINS, y=np.tile(Y[:20], 2)), "duplicate-rows", "20"),
    row("same rows, other labels", arrays(*QUICK, x=TWINS, y=np.repeat([0, 1], 20)), "conflicting-labels"),
    row("same rows in the test", arrays(*QUICK, x_test=X[:5], y_test=Y[:5], x=X, y=Y), "leaked-split", "5"),
    row("column of row numbers", arrays(*QUICK, x=np.column_stack([X, np.arange(40)])), "identifier-feature"),
    row("arrays not used", arrays(*QUICK, weights=np.ones(40)), "not used: weights"),
    row("channels last", arrays(*QUICK, x=RNG.random((40, 6, 6, 3))), "turned to (N, C, Y, X)"),
    row("pixels of 16 bits", arrays(*QUICK, x=RNG.integers(0, 65536, (40, 4, 4), np.uint16)), "from 0 to 1"),
    row("grey among colour", added(lambda p: write_image(p, mode="L")), "1 image of grey were made RGB", "cat/x.png"),
    row("CMYK", added(lambda p: write_image(p, mode="CMYK"), "x.jpg"), "made RGB from CMYK", "cat/x.jpg"),
    row("transparent", added(lambda p: write_image(p, mode="RGBA")), "laid over white", "cat/x.png"),
    row("palette", added(lambda p: write_image(p, mode="P")), "made RGB from a palette", "cat/x.png"),
    row("turned by EXIF", added(turned, "x.jpg"), "turned as their EXIF tag says", "cat/x.jpg"),
    row("animated", added(animated, "x.gif"), "first frame was taken", "cat/x.gif"),
    row(
        "text beside pictures", added(lambda p: p.write_text("notes"), "notes.txt"), "1 entry left out", "cat/notes.txt"
    ),
    row(
        "other sizes, resized",
        pictures(lambda p: write_image(p / "cat" / "x.png", (9, 9)), *QUICK, "--resize", "5x5"),
        "resized to 5x5",
    ),
    row("pictures named oddly", added(write_image, "-x ü'\"$(id)\n.png"), "images of 4 x 6 x 3"),
    row("a last batch of 1", options(*QUICK, "--batch", "17"), "86 to train", "Finished epoch 2"),
    row("patience longer than the run", options(*QUICK, "--set", "loop.patience=50"), "Finished epoch 2"),
)


@pytest.mark.parametrize("row", HANDLED, ids=lambda row: row.name.replace(" ", "-"))
def test_is_handled_and_told(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = inside(*row.build(tmp_path))
    assert told.code == 0, (told.out, told.err)
    for words in row.words:
        assert words in told.out, told.out
    assert "Result: " in told.out


@pytest.mark.parametrize("litter", [".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX"])
def test_what_systems_leave_behind_is_not_worth_a_word(litter, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    image_folder(tmp_path / "pets", each=4)
    (tmp_path / "pets" / "cat" / litter).write_text("x")
    told = inside("fit", "pets", *QUICK)
    assert told.code == 0
    assert "left out" not in told.out


@pytest.mark.parametrize(
    "name", ["with blank", "ünï-日本", "quote'\"", "-x", "n" * 200, "$(id)", "a\nb", "CON", "[red]x[bold]"]
)
def test_data_and_runs_may_lie_in_folders_of_any_name(name, tmp_path, monkeypatch):
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.chdir(folder)
    options()(folder)
    told = inside("fit", folder / "good.npz", *QUICK, "--runs", folder / "runs")
    assert told.code == 0, told.err
    run = only_run(folder)
    assert inside("predict", run, folder / "good.npz").code == 0
    assert "Traceback" not in told.out + told.err
