"""A finished run answers questions, and answers the same after it was read back from disk."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import netsitter as ns
from netsitter.doors.run import named
from netsitter.errors import DataError, RunError
from netsitter.record.events import Outcome

from .small import CLASSES, LABELS, PICTURES, REALS, TABLE, quick


class Tied(nn.Module):
    """Two layers that share a weight, and a buffer that is not kept."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(inputs, inputs), nn.Linear(inputs, inputs)
        self.second.weight = self.first.weight
        self.register_buffer("twos", torch.full((inputs,), 2.0), persistent=False)
        self.last = nn.Linear(inputs, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(self.first(x.flatten(1)) * self.twos)
        return self.last(torch.relu(self.second(hidden)))


@pytest.fixture(scope="module")
def run():
    return quick((PICTURES, LABELS), epochs=3)


@pytest.mark.parametrize(
    ("data", "options"),
    [
        ((PICTURES, LABELS), {"net": "mlp:8,8"}),
        ((PICTURES, LABELS), {"net": "conv:4,8"}),
        ((PICTURES, LABELS), {"net": "mlp:8", "act": "maxout", "norm": "none", "dropout": 0.3}),
        ((PICTURES, LABELS), {"net": "mlp:8", "act": "prelu", "prepare": "zca:0.9"}),
        ((TABLE, LABELS), {"net": "mlp:8", "prepare": "pca:0.9"}),
        ((TABLE, REALS), {"net": "mlp:8"}),
        ((TABLE, np.stack([REALS, -REALS], axis=1)), {"net": "mlp:8"}),
        ((PICTURES, LABELS), {"net": Tied}),
    ],
    ids=["mlp", "conv", "maxout", "prelu-zca", "pca", "real", "reals", "own"],
)
def test_a_run_read_back_from_disk_answers_with_the_same_bits(data, options, tmp_path):
    run = quick(data, runs=tmp_path, **options)
    net = options["net"] if options["net"] is Tied else None
    back = ns.open_run(run.path, net=net)
    answer = "predict" if data[1].dtype.kind == "f" else "predict_proba"
    assert np.array_equal(getattr(back, answer)(data[0]), getattr(run, answer)(data[0]))
    assert (back.history, back.scores, back.classes, back.plan) == (run.history, run.scores, run.classes, run.plan)
    assert back.outcome is Outcome.FINISHED
    assert back.evaluate(data) == run.evaluate(data)


def test_history_has_a_row_an_epoch(run):
    assert [row["epoch"] for row in run.history] == [1, 2, 3]
    assert run.history[-1].keys() == {"epoch", "step", "cost", "train", "val", "train_loss", "val_loss", "lr"}


def test_the_kept_weights_are_those_of_the_best_epoch(run):
    assert run.scores["val"]["score"] == max(row["val"] for row in run.history)


def test_evaluation_of_the_runs_own_parts_agrees_with_what_was_told_at_its_end(run):
    for part in ("val", "test"):
        assert run.evaluate(part)["score"] == run.scores[part]["score"]
        assert run.evaluate(part)["loss"] == pytest.approx(run.scores[part]["loss"], rel=1e-5)
    assert run.evaluate("train")["rows"] == 144


def test_the_score_is_the_share_of_right_predictions(run):
    right = (run.predict(PICTURES) == LABELS).mean()
    found = run.evaluate((PICTURES, LABELS))
    assert found["score"] == pytest.approx(right)
    assert found["error"] == pytest.approx(np.sqrt(right * (1 - right) / len(LABELS)))


def test_labels_in_another_order_or_only_some_of_them_are_understood(run):
    some = LABELS > 1
    right = (run.predict(PICTURES[some]) == LABELS[some]).mean()
    assert run.evaluate((PICTURES[some], LABELS[some]))["score"] == pytest.approx(right)


@pytest.mark.parametrize(
    "labels",
    [
        LABELS + 7,
        LABELS > 1,
        LABELS.astype(np.float64),
        np.array(["pear", "fig", "Fig tree", "ü"])[LABELS],
        np.array(["007", "08", "7", "8"])[LABELS],
        np.array([b"a", b"b", b"c", b"d"])[LABELS],
    ],
    ids=["ints", "bools", "whole-reals", "text", "leading-zeros", "bytes"],
)
def test_predictions_are_labels_as_they_were_given(labels):
    run = quick((PICTURES, labels), epochs=20)
    told = run.predict(PICTURES)
    given = np.char.decode(labels) if labels.dtype.kind == "S" else labels
    assert (told == given).mean() > 0.9
    assert set(told.tolist()) <= set(given.tolist())


def test_names_become_numbers_only_where_nothing_is_lost():
    assert named(("0", "1", "-3")).tolist() == [0, 1, -3]
    assert named(("1", "01")).tolist() == ["1", "01"]
    assert named(("1", "²")).tolist() == ["1", "²"]
    assert named(("False", "True")).tolist() == [False, True]


def test_probabilities_are_in_the_order_of_the_classes(run):
    chances = run.predict_proba(PICTURES)
    assert chances.shape == (len(PICTURES), CLASSES)
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-5)
    assert np.array_equal(named(run.classes)[chances.argmax(axis=1)], run.predict(PICTURES))


def test_one_row_and_no_row_are_rows_too(run):
    assert np.array_equal(run.predict(PICTURES[3]), run.predict(PICTURES[3:4]))
    assert run.predict(PICTURES[:0]).shape == (0,)
    assert run.predict_proba(PICTURES[:0]).shape == (0, CLASSES)


def test_the_network_and_its_preparation_are_all_that_an_answer_needs(run):
    raw = torch.from_numpy(PICTURES)[:, None]
    with torch.no_grad():
        outputs = run.network(run.preparation.apply(raw).float())
    np.testing.assert_allclose(outputs.softmax(dim=1).numpy(), run.predict_proba(PICTURES), rtol=1e-5)


def test_a_row_with_a_hole_in_it_is_not_answered():
    run = quick((TABLE, LABELS))
    holed = TABLE.copy()
    holed[[3, 170], 5] = np.nan
    with pytest.raises(DataError, match="2 rows") as caught:
        run.predict(holed)
    assert "row 3, row 170" in str(caught.value)


def test_a_network_that_diverged_gives_no_answer():
    run = quick((TABLE, REALS), lr=1e12, optim="sgd", norm="none", epochs=3)
    assert run.outcome is Outcome.DIVERGED
    with pytest.raises(RunError, match="NaN or infinity"):
        run.predict(TABLE)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda run: run.predict(PICTURES[:, :7]), "(N, 1, 8, 8)"),
        (lambda run: run.predict("picture"), "not numbers"),
        (lambda run: run.evaluate((PICTURES, LABELS + 2)), "4, 5"),
        (lambda run: run.evaluate((PICTURES, REALS)), "real numbers"),
        (lambda run: run.evaluate("tset"), "tset"),
    ],
)
def test_what_does_not_fit_the_run_is_named(run, ask, words):
    with pytest.raises(DataError) as caught:
        ask(run)
    assert words in str(caught.value)


def test_real_targets_have_no_probabilities():
    with pytest.raises(DataError, match="probabilities"):
        quick((TABLE, REALS)).predict_proba(TABLE)


def test_a_run_from_disk_has_no_data_of_its_own(tmp_path):
    back = ns.open_run(quick((PICTURES, LABELS), runs=tmp_path).path)
    with pytest.raises(RunError, match="evaluate"):
        back.evaluate("test")


def test_code_is_never_run_from_a_runs_folder(tmp_path):
    run = quick((PICTURES, LABELS), runs=tmp_path, net=Tied)
    with pytest.raises(RunError, match="never run"):
        ns.open_run(run.path)
    with pytest.raises(RunError, match="other shapes"):
        ns.open_run(run.path, net=lambda inputs, outputs: nn.Sequential(nn.Flatten(), nn.Linear(inputs, outputs)))


def test_a_folder_without_a_run_says_where_runs_are(tmp_path):
    run = quick((PICTURES, LABELS), runs=tmp_path)
    with pytest.raises(RunError, match=run.path.name):
        ns.open_run(tmp_path)
    with pytest.raises(RunError, match="holds no run"):
        ns.open_run("x" * 5000)
