"""Reports that are written by themselves, and what a notebook shows."""

from __future__ import annotations

import re

import pytest

import netsitter as ns
from netsitter.report import page_file
from netsitter.report.figures.registry import Figures

from .small import LABELS, PICTURES, quick

NAMES = {0: "cat", 1: "<b>dog</b>", 2: "</script><img src=x onerror=alert(1)>", 3: "javascript:alert(1)"}


def text_of(path) -> str:
    """The words of a page, without what is packed in it."""
    page = path.read_text(encoding="utf-8")
    return re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)


def test_a_run_leaves_its_report_in_its_folder(tmp_path):
    run = quick((PICTURES, LABELS), runs=tmp_path)
    text = text_of(run.path / "report.html")
    for words in (
        "Is it learning?",
        "Which layer is sick?",
        "What was trained",
        "What to do next",
        f"predict {run.path}",
    ):
        assert words in text
    assert set(re.findall(r'data-figure="([a-z-]+)"', text)) == {entry.slug for entry in run.figures}


def test_nothing_is_kept_on_disk_without_a_folder_but_where_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = quick((PICTURES, LABELS))
    assert list(tmp_path.iterdir()) == []
    assert run.report(tmp_path / "mine.html") == tmp_path / "mine.html"
    assert "Is it learning?" in text_of(tmp_path / "mine.html")


def test_a_report_that_cannot_be_written_is_said_and_the_run_is_whole(tmp_path, monkeypatch, capsys):
    def broken(*_):
        raise ValueError("no ink")

    monkeypatch.setattr(page_file, "page", broken)
    run = quick((PICTURES, LABELS), runs=tmp_path)
    assert run.outcome == "finished"
    assert "the report was not written: no ink; netsitter report" in capsys.readouterr().err
    assert not (run.path / "report.html").exists()


def test_names_of_classes_are_text_in_page_and_notebook(tmp_path):
    run = quick((PICTURES, [NAMES[label] for label in LABELS]), runs=tmp_path)
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<img|<b>dog", page)
    assert "<img" not in run._repr_html_()


def test_a_notebook_shows_answers_and_figures(tmp_path):
    run = quick((PICTURES, LABELS))
    assert isinstance(run.figures, Figures)
    assert len(run.figures.loss().data) == 3
    shown = run._repr_html_()
    assert "Is it learning?" in shown
    assert "<script" not in shown


def test_a_notebook_shows_what_a_check_said():
    shown = ns.check((PICTURES, LABELS), net="mlp:16", optimizer="sgd", lr=1e-6, epochs=6, show=False)._repr_html_()
    assert "Can it learn?" in shown
    assert "learning-rate-too-low" in shown


@pytest.mark.slow
def test_a_cure_is_told_in_the_report_of_the_run_that_was_cured(tmp_path):
    slow = ns.fit(
        (PICTURES, LABELS), net="mlp:16", optimizer="sgd", lr=1e-6, epochs=6, runs=tmp_path / "runs", show=False
    )
    assert "What was done" not in text_of(slow.path / "report.html")
    cured = ns.cure(slow, train=True, runs=tmp_path / "runs", show=False)
    text = text_of(slow.path / "report.html")
    for words in ("What was wrong", "learning-rate-too-low", "What was done", "helps, kept", str(cured.run.path)):
        assert words in text
    assert "as it was" in text, "the score before stands beside the score after"
    assert "effect" in repr(cured.figures)
    assert "Take what helped" in cured._repr_html_()


@pytest.mark.slow
def test_a_search_leaves_its_report_with_the_winner_s_test_score(tmp_path):
    found = ns.search((PICTURES, LABELS), net="mlp:16", trials=10, epochs=4, runs=tmp_path, show=False)
    text = text_of(found.path / "report.html")
    for words in ("What was searched", "Is it settled?", "the winner, trained in full", str(found.run.path)):
        assert words.lower() in text.lower()
    assert {"scatter", "parallel", "ranges", "importance"} <= set(re.findall(r'data-figure="([a-z-]+)"', text))
    assert "What was the best?" in found._repr_html_()
    assert found.report(tmp_path / "again.html").exists()
