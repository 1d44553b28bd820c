"""Scores: sums over batches of any size give the exact figure, in every form that targets are written in."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from netsitter.train.scores import Measure, answers, form_of, row_sums, scorer_of, stacked_row_sums, threshold_of

RNG = torch.Generator().manual_seed(0)
N = 60
REAL = torch.randn(N, 3, generator=RNG) * torch.tensor([1.0, 10.0, 0.0]) + 5
LOGITS = torch.randn(N, 4, generator=RNG)
CLASSES = torch.randint(0, 4, (N,), generator=RNG)
PIXELS = torch.randint(0, 4, (N, 5, 5), generator=RNG)
SEVERAL = (torch.randn(N, 4, generator=RNG) > 0).float()

FORMS = {
    "classes": (LOGITS, CLASSES, (LOGITS.argmax(dim=1) == CLASSES).float().mean()),
    "one-hot": (LOGITS, F.one_hot(CLASSES).float(), (LOGITS.argmax(dim=1) == CLASSES).float().mean()),
    "several": (LOGITS, SEVERAL, ((LOGITS > 0.5) == SEVERAL.bool()).float().mean()),
    "yes-no": (LOGITS[:, :1], SEVERAL[:, :1], ((LOGITS[:, :1] > 0.5) == SEVERAL[:, :1].bool()).float().mean()),
    "signs": (LOGITS[:, 0], 2 * SEVERAL[:, 0] - 1, ((LOGITS[:, 0] > 0.5) == SEVERAL[:, 0].bool()).float().mean()),
}


@pytest.mark.parametrize("batch", [1, 7, N])
@pytest.mark.parametrize("form", FORMS)
def test_batches_of_any_size_add_up_to_the_share_that_is_right(form, batch):
    outputs, y, right = FORMS[form]
    measure = Measure(form)
    sums = sum(row_sums(o, t, measure) for o, t in zip(outputs.split(batch), y.split(batch), strict=True))
    assert scorer_of(y, measure).score(sums) == pytest.approx(float(right))


def test_of_pixels_the_share_that_is_right_is_counted_wherever_the_axis_of_classes_stands():
    outputs = torch.randn(N, 4, 5, 5, generator=RNG)
    right = (outputs.argmax(dim=1) == PIXELS).float().mean()
    for given in (outputs, outputs.movedim(1, -1)):
        sums = row_sums(given, PIXELS, Measure("classes"))
        assert scorer_of(PIXELS, Measure("classes")).score(sums) == pytest.approx(float(right))


@pytest.mark.parametrize("pooled", [False, True])
def test_r2_is_that_of_its_formula(pooled):
    measure = Measure("real", pooled=pooled)
    outputs = REAL + torch.randn(N, 3, generator=RNG)
    sums = row_sums(outputs[:20], REAL[:20], measure) + row_sums(outputs[20:], REAL[20:], measure)
    errors, spread = (outputs - REAL).square(), (REAL - REAL.mean(dim=0)).square()
    each = 1 - errors.sum(dim=0)[:2] / spread.sum(dim=0)[:2]  # the third never varies
    known = 1 - errors.sum() / spread.sum() if pooled else each.mean()
    assert scorer_of(REAL, measure).score(sums) == pytest.approx(float(known), rel=1e-4)


def test_always_answering_the_mean_has_an_r2_of_0_and_the_targets_themselves_of_1():
    for guess, score in ((REAL.mean(dim=0).expand_as(REAL), 0.0), (REAL, 1.0)):
        assert scorer_of(REAL, Measure("real")).score(row_sums(guess, REAL, Measure("real"))) == pytest.approx(
            score, abs=1e-5
        )


@pytest.mark.parametrize(
    ("outputs", "y", "form"),
    [
        (LOGITS, REAL, "real"),
        (LOGITS, SEVERAL[:, :3], "several"),
        (LOGITS[:, :2], F.one_hot(CLASSES).float(), "one-hot"),
    ],
)
def test_outputs_that_do_not_go_with_the_targets_have_no_score(outputs, y, form):
    measure = Measure(form)
    assert math.isnan(scorer_of(y, measure).score(row_sums(outputs, y, measure)))


def test_a_target_that_never_varies_has_no_r2():
    y = torch.ones(5, 1)
    assert math.isnan(scorer_of(y, Measure("real")).score(row_sums(y, y, Measure("real"))))


def test_a_column_of_classes_is_answered_as_a_row_of_them_is():
    column = answers(LOGITS, CLASSES[:, None], Measure("classes"))
    assert torch.equal(column[:, 0], answers(LOGITS, CLASSES, Measure("classes")))


@pytest.mark.parametrize(
    ("y", "form"),
    [
        (torch.tensor([3, 0, 7]), "classes"),
        (PIXELS, "classes"),
        (torch.eye(3), "one-hot"),
        (torch.ones(3, 3).tril(), "several"),
        (torch.tensor([0.0, 1.0]), "yes-no"),
        (torch.tensor([[0.0], [1.0]]), "yes-no"),
        (torch.tensor([-1.0, 1.0]), "signs"),
        (torch.tensor([0.0, 2.0]), "real"),
        (torch.tensor([0.0, 0.5, 1.0]), "real"),
    ],
)
def test_the_form_is_seen_from_the_values(y, form):
    assert form_of(y) == form


@pytest.mark.parametrize(
    ("loss", "form", "threshold"),
    [
        (F.binary_cross_entropy, "yes-no", 0.5),
        (F.mse_loss, "yes-no", 0.5),
        (F.binary_cross_entropy_with_logits, "yes-no", 0.0),
        (F.binary_cross_entropy_with_logits, "several", 0.0),
        (F.soft_margin_loss, "signs", 0.0),
        (F.mse_loss, "signs", 0.0),
        (lambda outputs, y: F.binary_cross_entropy_with_logits(outputs - 1.5, y), "yes-no", 1.5),
    ],
)
def test_the_threshold_is_where_yes_and_no_cost_the_same(loss, form, threshold):
    y = {"signs": torch.tensor([[1.0], [-1.0]]), "several": torch.eye(2)}.get(form, torch.tensor([[1.0], [0.0]]))
    assert threshold_of(loss, y, form) == pytest.approx(threshold, abs=0.02)


@pytest.mark.parametrize("case", ["apart", "tied", "not a number"])
def test_stacked_sums_are_those_of_each_trial(case):
    draws = torch.Generator().manual_seed(0)
    out_TKB, targets_B = torch.randn(3, 4, 20, generator=draws), torch.randint(0, 4, (20,), generator=draws)
    if case == "tied":
        out_TKB = out_TKB.round()
    if case == "not a number":
        out_TKB[1, 2, 3] = float("nan")
    each = [row_sums(out_KB.t(), targets_B, Measure("classes")) for out_KB in out_TKB]
    assert torch.equal(stacked_row_sums(out_TKB, targets_B, Measure("classes")), torch.stack(each))
