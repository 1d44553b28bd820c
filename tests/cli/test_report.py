"""`netsitter report`: of runs that are over, cut off or going on, from the journal alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from .command import QUICK, archive, inside, only_run


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder to stand in, with one data set."""
    monkeypatch.chdir(tmp_path)
    archive(tmp_path / "table.npz")
    return tmp_path


@pytest.fixture
def run(folder):
    inside("fit", "table.npz", *QUICK, "--quiet")
    return only_run(folder)


def test_it_writes_the_page_and_says_where(run, folder):
    (run / "report.html").unlink()
    told = inside("report", f"runs/{run.name}")
    assert (told.code, told.out, told.err) == (0, f"the report: runs/{run.name}/report.html\n", "")
    assert (run / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_it_writes_where_it_is_told_to_and_says_so_as_json(run, folder):
    told = inside("report", f"runs/{run.name}", "--out", "mine.html", "--json")
    assert told.json == {"schema": 1, "report": "mine.html", "bytes": (folder / "mine.html").stat().st_size}


@pytest.mark.parametrize("events", [1, 8, 20])
def test_a_run_that_is_cut_off_or_goes_on_has_a_report_too(run, events):
    journal = run / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:events]) + lines[events][:10])
    told = inside("report", f"runs/{run.name}")
    assert told.code == 0, told.err
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "not training yet" in page or "still training" in page
    assert f"netsitter resume runs/{run.name}" in page


def test_only_the_journal_is_needed(run, folder):
    (folder / "other").mkdir()
    (run / "journal.jsonl").rename(folder / "other" / "journal.jsonl")
    assert inside("report", "other").code == 0


def test_it_needs_no_torch(run):
    code = (
        "import sys; from netsitter.cli.main import app; "
        f"app(['report', 'runs/{run.name}'], standalone_mode=False); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], timeout=60).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere",), "nowhere holds no run"),
        (("runs",), "one of its folders"),
        (("empty",), "no whole line yet"),
        (("{run}", "--out", "nowhere/x.html"), "nowhere"),
        (("{run}", "--out", "."), "cannot"),
    ],
)
def test_what_cannot_be_told_is_refused(run, folder, arguments, words):
    (folder / "empty").mkdir()
    (folder / "empty" / "journal.jsonl").touch()
    told = inside("report", *(argument.format(run=f"runs/{run.name}") for argument in arguments))
    assert told.code in (2, 3)
    assert words in told.err
