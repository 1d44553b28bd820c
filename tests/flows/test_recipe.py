"""The classic course's numbers, on the real data that they were taken from, and the defaults on real data."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
import torch
from torch import nn

import netsitter as ns
from netsitter.data.sources.open import open_source
from netsitter.errors import NetError
from netsitter.plan.plan import Plan, changed
from netsitter.record.events import EpochEnded, Outcome, Verdict
from netsitter.report.text import epoch_line

LECTURE = changed(
    Plan(),
    {
        "net": "mlp:50",
        "net.norm": "none",
        "net.init": "normal:0.0001",
        "data.pixels": "0..255",
        "data.prepare": "center",
        "optim.kind": "sgd",
        "optim.schedule": "constant",
        "loop.batch": 200,
        "loop.epochs": 10,
        "loop.threads": 1,
    },
)
"""CIFAR-10 as pixels of 0..255 less the mean image, 3072-50-10, small random weights, plain SGD."""


@pytest.fixture(scope="module")
def checks(cifar10):
    report = ns.check(cifar10, plan=LECTURE, show=False)
    return {check.check: check for check in report.checks}


@pytest.mark.slow
def test_the_first_loss_is_that_of_guessing(checks):
    assert checks["first loss"].numbers["first_loss"] == pytest.approx(2.3026, abs=0.0005)


@pytest.mark.slow
def test_the_loss_rises_to_3_07_when_regularisation_is_turned_up(checks):
    assert checks["regularisation"].numbers["with"] == pytest.approx(3.07, abs=0.01)


@pytest.mark.slow
def test_twenty_examples_are_learned_by_heart(checks):
    check = checks["tiny subset"]
    assert check.verdict is Verdict.PASSED
    assert check.numbers["score"] == 1.0
    assert check.numbers["end_loss"] < 0.01
    assert check.numbers["epochs"] <= 200


@pytest.mark.slow
def test_a_rate_of_1e_6_hardly_moves_the_cost_while_accuracy_rises(cifar10):
    run = ns.fit(cifar10, plan=LECTURE, lr=1e-6, runs=None, show=False, options={"loop.preflight": False})
    first, last = run.history[0], run.history[-1]
    assert first["cost"] == pytest.approx(2.3026, abs=0.001)
    assert last["cost"] == pytest.approx(2.3025, abs=0.0005)
    assert last["val"] > 0.15
    line = epoch_line(run.trace.of(EpochEnded)[0])
    number = r"\d+\.\d{6}"
    assert re.match(rf"Finished epoch 1 / 10: cost {number}, train: {number}, val {number}, lr 1\.000000e-06", line)


@pytest.mark.slow
def test_a_rate_of_1e6_ends_at_once_and_names_the_step(cifar10):
    run = ns.fit(cifar10, plan=LECTURE, lr=1e6, runs=None, show=False, options={"loop.preflight": False})
    assert run.outcome is Outcome.DIVERGED
    assert run.trace.ended.step <= 20


@pytest.fixture(scope="module")
def few(cifar10):
    """Gives the first pictures of CIFAR-10's training part, as pixels of 0..255, with their classes."""
    part = open_source(str(cifar10)).parts["train"]
    return lambda rows: (part.x.take(np.arange(rows)), part.y[:rows])


def told(findings) -> list[str]:
    """The slugs of all findings, each root followed by its echoes."""
    return [one.slug for finding in findings for one in (finding, *finding.echoes)]


def grave(findings) -> list[str]:
    """The slugs of the roots above a note."""
    return [finding.slug for finding in findings if finding.severity != "note"]


def quick(**options):
    """Options of a short run without a file or a line."""
    return {"norm": "none", "show": False, **options, "options": {"loop.threads": 1}}


# B3: why activations


@pytest.mark.parametrize(("task", "line", "bent"), [((0, 0, 0, 1), 1.0, 1.0), ((0, 1, 1, 0), 0.75, 1.0)])
def test_a_stack_of_linear_layers_solves_and_but_not_xor_and_a_bent_one_both(task, line, bent):
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32).repeat(60, axis=0)
    y = np.array(task).repeat(60)
    scores = {}
    for act in ("identity", "tanh"):
        options = {"epochs": 20, "batch": 20, "lr": 0.05, "act": act, "runs": None}
        run = ns.fit((x, y), net="mlp:8", **{**quick(**options), "options": {"loop.preflight": False}})
        scores[act] = run.evaluate((x, y))["score"]
    assert scores["identity"] <= line
    assert scores["tanh"] == bent


@pytest.mark.slow
def test_layers_with_nothing_between_them_are_named_as_one_line(few):
    linear = ns.check(few(1_000), net="mlp:50,50", act="identity", epochs=2, **quick())
    assert linear.findings[0].slug == "linear-collapse"
    assert "linear-collapse" not in told(ns.check(few(1_000), net="mlp:50,50", epochs=2, **quick()).findings)


# B4, D2, D3: the start


@pytest.mark.slow
@pytest.mark.parametrize(
    ("act", "init", "root"),
    [
        ("tanh", "normal:0.01", "shrinking-start"),
        ("tanh", "normal:1.0", "saturated-start"),
        ("tanh", "xavier", None),
        ("sigmoid", "xavier", "saturating-hidden"),
    ],
)
def test_ten_layers_collapse_saturate_or_stay_as_their_start_has_it(few, act, init, root):
    deep = "mlp:" + ",".join(["30"] * 10)
    report = ns.check(few(1_000), net=deep, act=act, init=init, epochs=5, **quick())
    assert [finding.slug for finding in report.findings if finding.severity != "note"][:1] == ([root] if root else [])


@pytest.mark.slow
def test_zero_weights_are_named_as_the_root_before_training(few):
    report = ns.check(few(1_000), net="mlp:50", init="zeros", epochs=2, **quick())
    assert report.findings[0].slug == "symmetric-units"
    assert report.findings[0].severity == "error"


@pytest.mark.slow
def test_pixels_that_are_all_positive_are_told_and_less_the_mean_image_not(few):
    bare = ns.check(few(1_000), net="mlp:50", prepare="none", epochs=2, **quick())
    (finding,) = [found for found in bare.findings if found.slug == "uncentred-input"]
    assert "no value is negative" in finding.seen
    assert "uncentred-input" not in told(ns.check(few(1_000), net="mlp:50", epochs=2, **quick()).findings)


# E2, E4: batch normalisation


def own(*hidden: nn.Module) -> nn.Module:
    """A network of the user's own on pictures, with these layers behind its hidden one."""
    return nn.Sequential(nn.Flatten(), nn.Linear(3072, 50), *hidden, nn.Linear(50, 10))


@pytest.mark.slow
def test_a_norm_behind_the_activation_and_a_bias_before_a_norm_are_named_with_their_layer(few):
    x, y = few(1_000)
    data = (torch.from_numpy(x).float() / 255 - 0.5, torch.from_numpy(y).long())
    norm, relu = nn.BatchNorm1d(50), nn.ReLU()
    for hidden, slug, layer in (((relu, norm), "norm-after-activation", "3"), ((norm, relu), "bias-before-norm", "1")):
        report = ns.check(own(*hidden), data, loss="cross_entropy", epochs=2, show=False)
        where = {finding.slug: finding.where for finding in report.findings}
        assert {"norm-after-activation", "bias-before-norm"} & where.keys() == {slug}
        assert layer in where[slug]


@pytest.mark.slow
def test_batches_too_small_for_a_norm_are_named_and_those_of_one_refused(few):
    report = ns.check(few(1_000), net="mlp:20", norm="batch", batch=2, epochs=1, show=False)
    assert grave(report.findings) == ["tiny-batch"]
    with pytest.raises(NetError, match="more than one number a channel") as refused:
        ns.check(few(500), net="mlp:20", norm="batch", batch=1, epochs=1, show=False)
    assert "norm1" in str(refused.value)


# F4, F5, F7, F8, F9: babysitting


@pytest.fixture(scope="module")
def babysat(few):
    """Runs of the lecture's net on 3,000 pictures at the rates 1e-6, 1e-3 and 1e6, checked before and watched."""
    rates = (1e-6, 1e-3, 1e6)
    return {lr: ns.fit(few(3_000), plan=LECTURE, lr=lr, runs=None, show=False) for lr in rates}


@pytest.mark.slow
def test_a_rate_of_1e_6_is_the_first_finding_with_its_numbers_and_the_rate_to_take(babysat):
    first = babysat[1e-6].findings[0]
    assert (first.slug, first.severity) == ("learning-rate-too-low", "error")
    assert "loss 2.3026 -> 2.302" in first.seen
    assert 1e-4 <= first.remedies[0].changes["optim.lr"] <= 1e-2


@pytest.mark.slow
def test_a_rate_of_1e6_is_the_root_of_a_nan_named_by_step_layer_and_rows(babysat):
    run = babysat[1e6]
    root = run.findings[0]
    assert run.outcome is Outcome.DIVERGED
    assert (root.slug, root.severity) == ("learning-rate-too-high", "error")
    (nan,) = [echo for echo in root.echoes if echo.slug == "non-finite-loss"]
    assert f"the loss of step {run.trace.ended.step} is nan" in nan.seen
    assert "what the layer output gives" in nan.seen
    assert "rows" in nan.places[0]
    assert 1e-5 <= root.remedies[0].changes["optim.lr"] <= 1e-2


@pytest.mark.slow
def test_a_rate_of_1e_3_is_told_neither_too_low_nor_too_high(babysat):
    assert not {"learning-rate-too-low", "learning-rate-too-high"} & set(told(babysat[1e-3].findings))
    assert babysat[1e-3].history[-1]["cost"] < 2.0


@pytest.mark.slow
def test_updates_are_a_thousand_times_smaller_at_a_thousandth_of_the_rate(babysat):
    ratios = {lr: run.trace.curve("update/ratio").values[0, 0] for lr, run in babysat.items() if lr < 1}
    np.testing.assert_allclose(ratios[1e-3] / ratios[1e-6], 1_000, rtol=0.02)
    names = babysat[1e-3].trace.watched["weights"]
    assert tuple(names) == ("dense1.weight", "output.weight")
    shares = babysat[1e-3].trace.curve("act/histogram").values
    np.testing.assert_allclose(shares.sum(axis=-1), 1.0, atol=1e-6)


@pytest.mark.slow
def test_rows_learned_by_heart_and_a_net_that_learns_too_little_are_told_apart(few, babysat):
    by_heart = ns.fit(few(600), net="mlp:100", lr=1e-3, batch=20, epochs=20, runs=None, **quick(norm="batch"))
    assert {"overfit", "too-large"} & set(told(by_heart.findings))
    assert "underfit" not in told(by_heart.findings)
    assert "underfit" in told(babysat[1e-3].findings)
    assert not {"overfit", "too-large"} & set(told(babysat[1e-3].findings))


@pytest.mark.slow
def test_fifty_hidden_units_reach_0_48_on_cifar_10_by_default(cifar10):
    run = ns.fit(cifar10, net="mlp:50", epochs=15, runs=None, show=False, options={"loop.threads": 1})
    assert run.scores["test"]["score"] >= 0.48
    assert grave(run.findings) == []


@pytest.mark.slow
def test_digits_reach_0_95_by_default():
    pytest.importorskip("sklearn")
    run = ns.fit("digits", runs=None, show=False)
    assert run.scores["test"]["score"] >= 0.95
    assert run.evaluate()["score"] == run.scores["test"]["score"]


@pytest.mark.slow
def test_diabetes_is_predicted_in_its_own_unit():
    pytest.importorskip("sklearn")
    run = ns.fit("diabetes", runs=None, show=False)
    assert run.scores["test"]["score"] > 0.35
    measured = run.evaluate()
    assert 40 < measured["error"] < 70  # the target's own spread is 77
    assert measured["score"] == pytest.approx(run.scores["test"]["score"], abs=1e-4)


@pytest.mark.slow
def test_idx_files_are_trained_on(fashion_mnist):
    run = ns.fit(fashion_mnist, net="mlp:50", epochs=2, runs=None, show=False, options={"loop.threads": 1})
    assert run.scores["test"]["score"] > 0.82
    assert run.classes[0] == "T-shirt/top"


def test_a_run_says_what_it_chose_and_why():
    pytest.importorskip("sklearn")
    told = io.StringIO()
    from netsitter.report.console import Console

    ns.fit("digits", net="mlp:20", epochs=1, runs=None, show=Console(stream=told))
    text = told.getvalue()
    assert "data.prepare    center         images: the mean image is subtracted" in text
    assert "Checked before training:" in text
    assert "right on the untouched test part" in text
