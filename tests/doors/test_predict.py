"""Predictions for files, as a table that neither a terminal nor a spreadsheet can be steered by."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from PIL import Image

from netsitter.doors.predict import Predictions, predictions
from netsitter.errors import DataError

from .small import CLASSES, LABELS, PICTURES, REALS, TABLE, quick


@pytest.fixture(scope="module")
def run():
    return quick((PICTURES, LABELS), epochs=10)


def table(found: Predictions) -> list[list[str]]:
    return list(csv.reader(io.StringIO(found.as_csv())))


def test_image_files_are_predicted_as_the_arrays_they_hold(run, tmp_path):
    for row in (2, 0, 1):
        Image.fromarray(PICTURES[row]).save(tmp_path / f"{row}.png")
    (tmp_path / "notes.txt").write_text("no image")
    found = predictions(run, tmp_path)
    assert [name.rpartition("/")[2] for name in found.rows] == ["0.png", "1.png", "2.png"]
    np.testing.assert_allclose(found.probabilities, run.predict_proba(PICTURES[:3]), rtol=1e-5)
    assert np.array_equal(predictions(run, tmp_path / "1.png").values, run.predict(PICTURES[1:2]))


def test_an_archive_without_labels_is_predicted(run, tmp_path):
    for arrays in ({"x": PICTURES}, {"pictures": PICTURES}, {"images": PICTURES, "taken_at": np.arange(5)}):
        np.savez(tmp_path / "new.npz", **arrays)
        found = predictions(run, tmp_path / "new.npz")
        assert found.score is None
        assert np.array_equal(found.values, run.predict(PICTURES))


def test_labelled_data_is_scored_too(run, tmp_path):
    np.savez(tmp_path / "labelled.npz", x_train=PICTURES[:8], y_train=LABELS[:8], x_test=PICTURES, y_test=LABELS)
    found = predictions(run, tmp_path / "labelled.npz")
    assert len(found.rows) == len(PICTURES)
    assert found.score == run.evaluate((PICTURES, LABELS))


def test_the_table_has_a_row_a_prediction_and_a_column_a_class(run, tmp_path):
    np.savez(tmp_path / "new.npz", x=PICTURES)
    head, *rows = table(predictions(run, tmp_path / "new.npz"))
    assert head == ["row", "prediction", *(f"p({k})" for k in range(CLASSES))]
    assert [int(row[1]) for row in rows] == run.predict(PICTURES).tolist()
    assert all(sum(map(float, row[2:])) == pytest.approx(1, abs=1e-5) for row in rows)


def test_real_predictions_have_a_column_an_output(tmp_path):
    run = quick((TABLE, np.stack([REALS, -REALS], axis=1)))
    np.savez(tmp_path / "new.npz", x=TABLE[:3])
    head, *rows = table(predictions(run, tmp_path / "new.npz"))
    assert head == ["row", "prediction 0", "prediction 1"]
    np.testing.assert_allclose(np.array(rows)[:, 1:].astype(float), run.predict(TABLE[:3]), rtol=1e-6)


def test_names_reach_neither_the_terminal_nor_a_spreadsheet_as_commands():
    names = ("=cmd|'/C calc'!A0", "\x1b]0;owned\x07\x1b[2J", 'a,b\r\n"c"')
    found = Predictions(["+1.png", "-x", "@x"], np.array(names), np.eye(3), names, None)
    text = found.as_csv()
    assert not {"\x1b", "\x07", "\r"} & set(text)
    for row in table(found):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: Image.new("L", (8, 8)).save(path / "a.png") or (path / "a.png").write_bytes(b"\x89PNG"), "a.png"),
        (lambda path: np.savez(path / "a.npz", x=PICTURES[:, :5]), "(N, 1, 8, 8)"),
        (lambda path: np.savez(path / "a.npz", x=PICTURES[:, :5], y=LABELS), "(1, 5, 8)"),
        (lambda path: np.savez(path / "a.npz", x=np.array([None])), "objects"),
        (lambda path: (path / "a.npz").write_bytes(b"PK\x03\x04"), "cannot be read"),
        (lambda path: (path / "a.png").write_text("<html>"), "HTML"),
    ],
    ids=["cut-image", "shape", "labelled-shape", "objects", "cut-archive", "html"],
)
def test_what_cannot_be_predicted_is_named(run, make, words, tmp_path):
    make(tmp_path)
    with pytest.raises(DataError) as caught:
        predictions(run, next(tmp_path.iterdir()))
    assert words in str(caught.value)


def test_a_network_for_tables_refuses_images(tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="not images"):
        predictions(quick((TABLE, LABELS)), tmp_path)
