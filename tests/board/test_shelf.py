"""The runs of a folder: how each stands, what is new, and what is none of the board's business."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace

import pytest

from netsitter.board import shelf as module
from netsitter.board.digest import SPARKS, Digest, State, thinned
from netsitter.board.library import Library
from netsitter.board.shelf import Shelf, run_id
from netsitter.errors import RunError
from netsitter.record.events import Concluded, Crowned, Outcome, Resumed, SearchBegan, Searched, StageBegan
from netsitter.record.journal import Journal
from tests.board.folders import ended, epoch, found, measured, started, write


def versions(shelf: Shelf) -> dict[str, int]:
    """The version of each run, after a look."""
    shelf.look()
    return {run.digest.name: run.version for run in shelf.newest()}


def shown(shelf: Shelf) -> dict[str, State]:
    return {run.digest.name: run.state for run in shelf.newest()}


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.FINISHED, State.FINISHED),
        (Outcome.STOPPED_EARLY, State.FINISHED),
        (Outcome.USELESS, State.STOPPED),
        (Outcome.INTERRUPTED, State.STOPPED),
        (Outcome.DIVERGED, State.DIVERGED),
    ],
)
def test_a_run_that_is_over_stands_as_it_said(tmp_path, outcome, state):
    write(tmp_path / "run", [started(), ended(outcome)])
    shelf = Shelf(tmp_path)
    shelf.look()
    assert shown(shelf) == {"run": state}


def test_a_run_is_running_while_a_process_holds_its_journal_and_has_crashed_when_none_does(tmp_path):
    folder = write(tmp_path / "run", [started(), measured(1, 2.0)])
    shelf = Shelf(tmp_path)
    with Journal(folder / "journal.jsonl") as journal:
        before = versions(shelf)["run"]
        assert shown(shelf) == {"run": State.RUNNING}
        assert versions(shelf)["run"] == before, "nothing is new"
        journal.take(epoch(1, 0.7))
        assert versions(shelf)["run"] == before + 1
    assert versions(shelf)["run"] == before + 2, "its end is news too"
    assert shown(shelf) == {"run": State.CRASHED}


def test_a_stopped_run_that_is_resumed_runs_again(tmp_path):
    folder = write(tmp_path / "run", [started(), epoch(1, 0.5), epoch(2, 0.9), ended(Outcome.INTERRUPTED)])
    shelf = Shelf(tmp_path)
    shelf.look()
    with Journal(folder / "journal.jsonl") as journal:
        journal.take(Resumed(1, 2, 1.0))
        shelf.look()
        (run,) = shelf.newest()
        assert run.state is State.RUNNING
        assert (run.digest.done, run.digest.score) == (1, 0.5)


def test_a_search_is_told_by_its_trials(tmp_path):
    events = [SearchBegan(3, 1, "random", {}), StageBegan("1", 2, 0, 3, {"optim.lr": "1e-5 .. 0.1 (log)"})]
    events += [
        Searched(i, "1", {"optim.lr": 0.1}, s, 1.0, 2.0, (0.5,), "finished", 1.0) for i, s in enumerate([0.5, None])
    ]
    folder = write(tmp_path / "search", events)
    shelf = Shelf(tmp_path)
    shelf.look()
    (run,) = shelf.newest()
    assert (run.digest.search, run.digest.done, run.digest.of, run.digest.score) == (True, 2, 3, 0.5)
    assert run.state is State.CRASHED
    write(folder, [Searched(2, "1", {"optim.lr": 0.2}, 0.8, 1.0, 2.0, (0.8,), "finished", 1.0)])
    shelf.look()
    assert (run.digest.score, run.state) == (0.8, State.FINISHED)


def test_a_search_that_ran_out_of_time_is_finished_with_the_trials_it_had(tmp_path):
    trial = Searched(0, "1", {"optim.lr": 0.1}, 0.5, 1.0, 2.0, (0.5,), "finished", 1.0)
    digest = Digest("search")
    for event in (SearchBegan(100, 1, "random", {}), StageBegan("1", 2, 0, 2, {}), trial):
        digest.take(event)
    assert digest.state(written=False) is State.CRASHED
    digest.take(replace(trial, number=1, score=0.7))
    assert digest.state(written=False) is State.FINISHED, "its winner is in training"
    for event in (Crowned(1, {"test": {"score": 0.6}}, {"test": 10}), Concluded((found().finding,))):
        digest.take(event)
    assert digest.state(written=False) is State.FINISHED
    told = digest.as_json()
    assert (told["score"], told["part"], told["warnings"]) == (0.6, "test", 1)


def test_findings_are_counted_and_the_verdict_of_the_whole_run_counts_anew(tmp_path):
    digest = Digest("run")
    for event in (started(), found(), found("dead-relu", "error", "act2"), found("x", "note", "act3")):
        digest.take(event)
    assert [digest.as_json()[each] for each in ("errors", "warnings", "notes")] == [1, 1, 1]
    digest.take(Concluded((found().finding,)))
    assert [digest.as_json()[each] for each in ("errors", "warnings", "notes")] == [0, 1, 0]


def test_running_ones_come_first_then_the_newest(tmp_path):
    for age, name in enumerate(("old", "older", "oldest")):
        os.utime(write(tmp_path / name) / "journal.jsonl", (1e9 - age, 1e9 - age))
    shelf = Shelf(tmp_path)
    with Journal(tmp_path / "oldest" / "journal.jsonl") as journal:
        journal.take(started())
        os.utime(tmp_path / "oldest" / "journal.jsonl", (1e8, 1e8))
        shelf.look()
        assert list(shown(shelf)) == ["oldest", "old", "older"]


def test_links_out_of_the_folder_and_what_is_no_run_are_not_followed(tmp_path):
    elsewhere = write(tmp_path / "elsewhere" / "secret")
    runs = tmp_path / "runs"
    write(runs / "run")
    (runs / "link").symlink_to(elsewhere, target_is_directory=True)
    (runs / "inner").mkdir()
    (runs / "inner" / "journal.jsonl").symlink_to(elsewhere / "journal.jsonl")
    (runs / "pipe").mkdir()
    os.mkfifo(runs / "pipe" / "journal.jsonl")
    (runs / "notes.txt").write_text("no folder")
    (runs / "empty").mkdir()
    shelf = Shelf(runs)
    shelf.look()
    assert list(shown(shelf)) == ["run"]


def test_runs_that_come_and_go_are_told_once(tmp_path):
    library = Library(tmp_path)
    nothing = {"changed": [], "gone": [], "reload": False, "total": 0, "unread": 0}
    assert library.news() == nothing
    write(tmp_path / "run")
    library.runs()  # what one page asks is no news less for the others
    news = library.news()
    assert ([run["name"] for run in news["changed"]], news["gone"]) == (["run"], [])
    assert library.news() == nothing | {"total": 1}
    shutil.rmtree(tmp_path / "run")
    assert library.news() == nothing | {"gone": [run_id("run")]}
    assert library.runs()["runs"] == []


def test_of_very_many_changes_a_page_is_told_to_ask_for_the_list(tmp_path, monkeypatch):
    monkeypatch.setattr("netsitter.board.library.MOST_NEWS", 2)
    for name in ("a", "b", "c"):
        write(tmp_path / name)
    news = Library(tmp_path).news()
    assert (news["reload"], news["changed"], news["total"]) == (True, [], 3)


def test_a_name_of_any_bytes_has_an_address_and_can_be_read(tmp_path):
    name = os.fsdecode(b"caf\xe9 <b>\x1b[31m")
    write(tmp_path / name)
    shelf = Shelf(tmp_path)
    shelf.look()
    (run,) = shelf.newest()
    assert run.id.isalnum()
    assert run.digest.name == "caf\\xe9 <b>\\x1b[31m"
    run.digest.name.encode()


def test_the_folder_of_one_run_is_a_shelf_of_one(tmp_path):
    write(tmp_path / "runs" / "mine")
    write(tmp_path / "runs" / "other")
    shelf = Shelf(tmp_path / "runs" / "mine")
    shelf.look()
    assert list(shown(shelf)) == ["mine"]


def test_a_folder_that_is_not_there_is_refused_unless_it_may_come(tmp_path):
    with pytest.raises(RunError, match="is no folder") as caught:
        Shelf(tmp_path / "nowhere")
    assert "netsitter board FOLDER" in caught.value.fix
    shelf = Shelf(tmp_path / "runs", waits=True)
    assert versions(shelf) == {}
    write(tmp_path / "runs" / "run")
    assert versions(shelf).keys() == {"run"}


def test_many_runs_are_read_bit_by_bit_the_newest_first(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BUDGET_S", 0.0)
    for age in range(30):
        os.utime(write(tmp_path / f"run{age}") / "journal.jsonl", (1e9 - age, 1e9 - age))
    shelf = Shelf(tmp_path)
    shelf.look()
    assert list(shown(shelf)) == ["run0"]
    assert shelf.unread == 29
    looks = 1
    while shelf.unread:
        shelf.look()
        looks += 1
    assert len(shown(shelf)) == 30
    assert looks == 30


def test_runs_that_are_over_are_looked_at_by_turns_and_none_is_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "COLD", 3)
    for number in range(10):
        os.utime(write(tmp_path / f"run{number}") / "journal.jsonl", (1e9, 1e9))
    shelf = Shelf(tmp_path)
    while not shelf.runs or shelf.unread:
        shelf.look()
    write(tmp_path / "run7", [found()])
    os.utime(tmp_path / "run7" / "journal.jsonl", (1e9, 1e9))
    before = {run.digest.name: run.version for run in shelf.newest()}
    for _ in range(4):
        after = versions(shelf)
    assert {name for name in after if after[name] != before[name]} == {"run7"}


def test_a_small_curve_keeps_both_ends():
    assert thinned([1.0, 2.0]) == [1.0, 2.0]
    short = thinned([float(i) for i in range(1_000)])
    assert (len(short), short[0], short[-1]) == (SPARKS, 0.0, 999.0)
