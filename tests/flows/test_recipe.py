"""The classic course's numbers, on the real data that they were taken from, and the defaults on real data."""

from __future__ import annotations

import io
import re

import pytest

import netsitter as ns
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


@pytest.mark.slow
def test_fifty_hidden_units_reach_0_48_on_cifar_10_by_default(cifar10):
    run = ns.fit(cifar10, net="mlp:50", epochs=15, runs=None, show=False, options={"loop.threads": 1})
    assert run.scores["test"]["score"] >= 0.48


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
