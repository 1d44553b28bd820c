"""`netsitter cure RUN` and `netsitter fit --cure`, as typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from .command import inside

pytestmark = pytest.mark.slow

SICK = ("digits", "--net", "mlp:16", "--optim", "sgd", "--lr", "1e-6", "--epochs", "5")


@pytest.fixture
def sick_run(tmp_path, monkeypatch) -> Path:
    """The folder of a run at a rate that is far too low."""
    monkeypatch.chdir(tmp_path)
    assert inside("fit", *SICK).code == 1
    return next((tmp_path / "runs").iterdir())


def test_a_run_is_cured_and_its_plan_can_be_trained(sick_run):
    done = inside("cure", sick_run)
    assert done.code == 0, done.out + done.err
    assert "at most" in done.out.splitlines()[0]
    assert "Against learning-rate-too-low: Raise the learning rate" in done.out
    assert f"The cured plan: {sick_run / 'cured.toml'}" in done.out
    fitted = inside("fit", "--plan", sick_run / "cured.toml", "--json")
    assert fitted.json["metrics"]["test"]["score"] > 0.85


def test_json_is_one_object_with_every_remedy_tried(sick_run):
    told = inside("cure", sick_run, "--json").json
    assert told["schema"] == 1
    kept = told["rounds"][0]["tried"][told["rounds"][0]["kept"]]
    assert kept["verdict"] == "helps"
    assert len(kept["effect"]["before"]) == len(kept["effect"]["after"]) >= told["seeds"] == 3
    assert told["cost"] <= told["most"]
    assert told["plan"]["optim"]["lr"] == told["changes"]["optim.lr"]


def test_fit_cures_what_it_finds_where_it_may(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = inside("fit", *SICK, "--cure", "auto")
    assert done.code == 0, done.out + done.err
    assert "Cured and trained in full" in done.out
    assert len(list((tmp_path / "runs").iterdir())) == 2


def test_a_wrong_word_for_when_and_a_question_without_a_terminal_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    wrong = inside("fit", "digits", "--cure", "sometimes")
    assert (wrong.code, "auto, ask, off" in wrong.err) == (2, True)
    asked = inside("fit", "digits", "--cure", "ask")
    assert (asked.code, "needs a terminal" in asked.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_run_is_refused(tmp_path):
    done = inside("cure", tmp_path)
    assert done.code == 2
    assert "holds no run" in done.err
