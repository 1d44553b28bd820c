"""The rules as they are listed, explained, chosen and set on the command line, and what their findings do to a run."""

from __future__ import annotations

import json

import numpy as np
import pytest

from netsitter.diagnose.registry import rules

from .command import QUICK, archive, inside, only_run

SICK = ("table.npz", "--net", "mlp:4", "--init", "zeros", "--norm", "none", "--set", "loop.threads=1")
SICK += ("--epochs", "2")
"""A network whose units all start the same: an error, INI001."""

CONSTANT = "constant.npz"
"""Data with a column that never varies: a note, DAT003, and nothing graver."""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder to stand in, with two data sets."""
    monkeypatch.chdir(tmp_path)
    x, y = (np.load(archive(tmp_path / "table.npz"))[name] for name in "xy")
    np.savez(tmp_path / CONSTANT, x=np.concatenate([x, np.ones((len(x), 1), x.dtype)], axis=1), y=y)
    return tmp_path


def codes(told) -> list[str]:
    """The codes of all findings of a command's JSON, echoes too."""
    found = told.json["findings"]
    return [one["code"] for finding in found for one in (finding, *finding["echoes"])]


# listing and explaining


def test_every_rule_is_listed_once_with_its_fault_and_how_many_there_are():
    lines = inside("rules").out.splitlines()
    assert [line.split()[:3] for line in lines[: len(rules())]] == [[r.code, r.slug, r.severity] for r in rules()]
    assert lines[-1].startswith(f"{len(rules())} rules.")


def test_rules_of_one_family_are_listed_alone_in_either_case():
    told = inside("rules", "--family", "act")
    assert told.out == inside("rules", "--family", "ACT").out
    named = {line.split()[0] for line in told.out.splitlines()[:-2]}
    assert named == {rule.code for rule in rules() if rule.code.startswith("ACT")}


def test_rules_as_json_give_their_thresholds():
    listed = inside("rules", "--json").json["rules"]
    assert [one["code"] for one in listed] == [rule.code for rule in rules()]
    dead = next(one for one in listed if one["slug"] == "dead-relu")
    assert 0 < dead["thresholds"]["SHARE"] <= 1


def test_a_rule_is_explained_by_code_or_slug_with_all_its_headings():
    told = inside("explain", "ACT001")
    assert told.code == 0
    assert told.out == inside("explain", "dead-relu").out == inside("explain", "act001").out
    assert told.out.startswith("ACT001 dead-relu  (at its gravest: ")
    lines = told.out.splitlines()
    assert {"What it sees", "Why it hurts", "Threshold", "Remedy", "Fine when", "Sources"} <= set(lines)
    assert max(map(len, lines)) <= 96


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.slug)
def test_every_rule_is_explained_with_an_example_of_its_own(rule):
    told = inside("explain", rule.code)
    example = told.out.partition("An example\n")[2].split()
    assert told.code == 0
    assert example[1:3] == [rule.code, f"{rule.slug}"]


@pytest.mark.parametrize(("name", "meant"), [("dead-rleu", "'dead-relu'"), ("overfitt", "'overfit'")])
def test_a_rule_that_there_is_not_is_answered_with_the_nearest(name, meant):
    told = inside("explain", name)
    assert told.code == 2
    assert f"there is no rule '{name}'. Did you mean {meant}?" in told.err
    assert inside("explain", name, "--json").json["error"]["code"] == "P66"


# choosing


@pytest.mark.parametrize("name", ["INI001", "symmetric-units", "INI", "ini", "DAT,INI001"])
def test_select_lets_the_named_rules_speak_and_no_other(name):
    told = codes(inside("check", *SICK, "--select", name, "--json", "--fail-on", "never"))
    assert "INI001" in told
    assert all(code == "INI001" or (name.lower() == "ini" and code.startswith("INI")) for code in told)


def test_ignore_silences_the_named_rules_and_no_other():
    sick = ("check", CONSTANT, *SICK[1:], "--json", "--fail-on", "never")
    everything = codes(inside(*sick))
    assert {"INI001", "DAT003"} <= set(everything)
    for names in ("INI001", "symmetric-units", "INI"):
        told = codes(inside(*sick, "--ignore", names))
        silenced = {code for code in everything if code == "INI001" or (names == "INI" and code.startswith("INI"))}
        assert not silenced & set(told)
        assert set(everything) - silenced <= set(told)


def test_what_is_selected_and_ignored_is_silent():
    told = inside("check", *SICK, "--select", "INI", "--ignore", "INI001,INI002", "--json", "--fail-on", "never")
    assert not {"INI001", "INI002"} & set(codes(told))
    assert all(code.startswith("INI") for code in codes(told))


@pytest.mark.parametrize("option", ["--select", "--ignore"])
@pytest.mark.parametrize("command", ["fit", "check"])
def test_an_unknown_rule_is_refused_before_any_work_with_the_nearest_name(command, option, folder):
    told = inside(command, "table.npz", option, "dead-rleu")
    assert told.code == 2
    assert "Did you mean 'dead-relu'?" in told.err
    assert "nothing was written" in told.err
    assert not (folder / "runs").exists()


def test_a_plan_file_chooses_as_the_options_do(folder):
    (folder / "mine.toml").write_text('[rules]\nignore = ["DAT003"]\n')
    assert codes(inside("fit", CONSTANT, *QUICK, "--json")).count("DAT003") == 1
    assert "DAT003" not in codes(inside("fit", CONSTANT, *QUICK, "--plan", "mine.toml", "--json"))


# thresholds


def test_a_threshold_from_the_plan_takes_the_place_of_the_rules_own(folder):
    usual = ("check", "table.npz", "--net", "mlp:4", "--prepare", "none", "--epochs", "2", "--set", "loop.threads=1")
    usual += ("--select", "DAT001", "--json", "--fail-on", "never")
    assert codes(inside(*usual)) == []
    strict = inside(*usual, "--set", "rules.thresholds=DAT001.OFFSET=0.1")
    assert codes(strict) == ["DAT001"]
    assert "(limit 0.1)" in strict.json["findings"][0]["seen"]
    (folder / "mine.toml").write_text('[rules]\nthresholds = ["uncentred-input.offset=0.1"]\n')
    assert inside(*usual, "--plan", "mine.toml").json["findings"] == strict.json["findings"]


@pytest.mark.parametrize(
    ("threshold", "told"),
    [
        ("DAT001.OFSET=1", "Did you mean 'offset'?"),
        ("DAT999.OFFSET=1", "there is no rule 'DAT999'"),
        ("DAT001.OFFSET=much", "must be written as ACT001.SHARE=0.5"),
        ("DAT001=1", "must be written as ACT001.SHARE=0.5"),
    ],
)
def test_a_threshold_that_cannot_be_is_refused_before_any_work(threshold, told, folder):
    answer = inside("fit", "table.npz", *QUICK, "--set", f"rules.thresholds={threshold}")
    assert answer.code == 2
    assert told in answer.err
    assert not (folder / "runs").exists()


# exit codes


@pytest.mark.parametrize(("fail_on", "code"), [("error", 0), ("warning", 0), ("note", 1), ("never", 0)])
def test_a_note_fails_only_those_who_ask_for_notes(fail_on, code):
    assert inside("fit", CONSTANT, *QUICK, "--select", "DAT003", "--fail-on", fail_on, "--quiet").code == code


@pytest.mark.parametrize(("fail_on", "code"), [("error", 1), ("warning", 1), ("note", 1), ("never", 0)])
def test_an_error_fails_all_but_those_who_never_fail(fail_on, code):
    assert inside("check", *SICK, "--fail-on", fail_on, "--quiet").code == code


def test_a_severity_that_there_is_not_is_refused_before_any_work(folder):
    told = inside("fit", "table.npz", *QUICK, "--fail-on", "warnin")
    assert told.code == 2
    assert "Did you mean 'warning'?" in told.err
    assert not (folder / "runs").exists()


# findings as data


def test_findings_of_check_are_data_with_place_number_and_remedy():
    told = inside("check", *SICK, "--json", "--fail-on", "never")
    assert told.out.count("\n") == 1
    first = told.json["findings"][0]
    assert (first["code"], first["slug"], first["severity"]) == ("INI001", "symmetric-units", "error")
    assert first["where"]
    assert any(character.isdigit() for character in first["seen"])
    assert {"says", "changes", "safety", "surgery"} == set(first["remedies"][0])


def test_findings_of_fit_are_those_of_the_run_on_disk(folder):
    from netsitter.doors.run import open_run

    told = inside("fit", CONSTANT, *QUICK, "--json").json
    assert [one["code"] for one in told["findings"]].count("DAT003") == 1
    assert told["findings"] == json.loads(
        json.dumps([finding.as_json() for finding in open_run(only_run(folder)).findings])
    )


# going on where it is useless

HOPELESS = ("fit", "table.npz", *QUICK[:2], "--init", "zeros", "--norm", "none", "--epochs", "15")
HOPELESS += ("--set", "loop.threads=1", "--json", "--fail-on", "never")


def test_a_run_that_is_useless_ends_early_and_says_why(folder):
    told = inside(*HOPELESS)
    assert told.json["outcome"] == "stopped: going on is useless"
    assert len(told.json["history"]) < 15
    assert "INI001" in codes(told)


def test_keep_going_trains_to_the_end_all_the_same():
    told = inside(*HOPELESS, "--keep-going")
    assert told.json["outcome"] == "finished"
    assert len(told.json["history"]) == 15
    assert "INI001" in codes(told)
