"""`search` from Python and from the command line: folders, plans, resumes, refusals."""

from __future__ import annotations

import pytest

import netsitter as ns
from netsitter.diagnose.doctor import examine_search
from netsitter.errors import PlanError
from netsitter.plan.files import read_plan
from netsitter.record.events import Concluded, Searched
from netsitter.record.journal import read_journal
from netsitter.record.search_facts import search_of
from tests.cli.command import inside

from .small import LABELS, PICTURES

SMALL = {"net": "mlp:16", "trials": 9, "epochs": 6, "batch": 10, "show": False}


@pytest.mark.slow
def test_a_search_keeps_every_trial_and_the_winner_is_trained_in_full(tmp_path):
    found = ns.search((PICTURES, LABELS), runs=tmp_path, **SMALL)
    told = [event for event in read_journal(found.path / "journal.jsonl") if isinstance(event, Searched)]
    assert sorted(event.number for event in told) == list(range(9))
    assert read_plan(found.path / "best.toml") == found.plan
    assert found.run.scores["test"]["score"] > 0.5
    assert found.run.plan.optim.lr == found.best.values["optim.lr"]
    assert max(row["val"] for row in found.run.history) == pytest.approx(found.best.score, abs=0.11)


@pytest.mark.slow
@pytest.mark.parametrize(("rates", "short_trainings"), [("log:1e-3:1e-1", False), ("log:1e-12:1e-9", True)])
def test_short_trainings_come_before_the_winners_own_only_where_no_trial_learned(rates, short_trainings):
    found = ns.search((PICTURES, LABELS), space={"optim.lr": rates}, runs=None, **SMALL)
    assert found.study.learns != short_trainings
    assert bool(found.run.trace.start.attempts) == short_trainings
    assert found.run.trace.start.weights, "the other checks are made"


@pytest.mark.slow
def test_a_search_goes_on_where_its_journal_ends(tmp_path):
    whole = ns.search((PICTURES, LABELS), runs=tmp_path / "a", train=False, **SMALL)
    journal = whole.path / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    cut = [i for i, line in enumerate(lines) if b'"searched"' in line][2]
    journal.write_bytes(b"".join(lines[: cut + 1]) + lines[cut + 1][:20])
    again = ns.search((PICTURES, LABELS), resume=whole.path, train=False, show=False)
    assert [event.curve for event in again.trials] == [event.curve for event in whole.trials]
    told = [event.number for event in read_journal(journal) if isinstance(event, Searched)]
    assert sorted(told) == list(range(9)), "none lost, none twice"


@pytest.mark.slow
def test_the_command_prints_stages_trials_and_the_winner(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = inside("search", "digits", "--net", "mlp:8", "--trials", "8", "--epochs", "4", "--seed", "3")
    assert done.code == 0, done.err
    assert "Stage 1: 4 trials of 1 epoch at most" in done.out
    assert "optim.lr: 1e-05 .. 0.1 (log)" in done.out
    assert sum(line.startswith("val_acc: ") for line in done.out.splitlines()) == 8
    assert "Best on validation: " in done.out
    assert "right on the untouched test part" in done.out


@pytest.mark.slow
def test_json_has_every_trial_and_the_test_score(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = inside("search", "digits", "--net", "mlp:8", "--trials", "4", "--epochs", "2", "--json").json
    assert [trial["number"] for trial in told["trials"]] == [0, 1, 2, 3]
    assert told["metrics"]["test"]["score"] > 0
    assert told["best"]["score"] == max(t["score"] for t in told["trials"] if len(t["curve"]) == 2)


@pytest.mark.slow
def test_the_doctor_looks_at_the_search_and_the_journal_and_the_exit_code_say_what_it_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    low = ["--space", "optim.lr=log:1e-12:1e-9", "--trials", "10", "--epochs", "2", "--net", "mlp:8"]
    done = inside("search", "digits", *low)
    assert done.code == 1, done.err
    assert "What is wrong with the search, the gravest first:" in done.out
    assert "error SEA003 mostly-dead" in done.out
    [folder] = [path for path in (tmp_path / "runs").iterdir() if path.name.endswith("search")]
    facts = search_of(read_journal(folder / "journal.jsonl"))
    assert facts.crowned.scores["test"]["score"] < 0.3
    told = [event for event in read_journal(folder / "journal.jsonl") if isinstance(event, Concluded)]
    assert next(finding.slug for finding in told[-1].findings) == "mostly-dead"
    assert list(told[-1].findings) == examine_search(facts, read_plan(folder / "plan.toml")), "asked for again later"
    silent = inside("search", "digits", *low, "--fail-on", "never", "--json")
    assert silent.code == 0
    assert next(finding["slug"] for finding in silent.json["findings"]) == "mostly-dead"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"trials": 1}, "trials must be from"),
        ({"stages": 7}, "stages must be from"),
        ({"sampler": "randon"}, "random"),
        ({"space": ["optim.rate=log:1:2"]}, "no option"),
        ({"space": ["optim.lr=log:0:1"]}, "begins above 0"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_any_work(options, said, tmp_path):
    with pytest.raises(PlanError, match=said):
        ns.search((PICTURES, LABELS), runs=tmp_path, **{**SMALL, **options})
    assert list(tmp_path.iterdir()) == []
