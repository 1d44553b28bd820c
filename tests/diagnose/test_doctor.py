"""The doctor on whole data sets: silent on well ones, the gravest first on sick ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from netsitter.data.facts import facts_of
from netsitter.data.rows import ArrayRows
from netsitter.data.source import Part, Source
from netsitter.diagnose.cases import counts, images, regression, table
from netsitter.diagnose.cases_run import run
from netsitter.diagnose.cases_start import LOSS, TARGET, attempts, start
from netsitter.diagnose.doctor import Doctor, concluded, examine, examine_data
from netsitter.diagnose.in_run import fits, healthy, noise_of_fit
from netsitter.diagnose.registry import rules
from netsitter.plan.plan import Plan, changed
from netsitter.record.events import Concluded, Found
from netsitter.record.findings import SEVERITIES, Finding


def test_findings_come_with_the_gravest_first_then_by_code():
    facts = table(
        mean=(9, 0), std=(1, 1), duplicates=1, identifiers=(0,), non_finite_count=1, non_finite=(("train", 0, 0),)
    )
    found = examine_data(facts, changed(Plan(), {"data.prepare": "none"}))
    assert [finding.severity for finding in found] == ["error", "warning", "warning", "note"]
    assert [finding.code for finding in found] == ["DAT004", "DAT001", "DAT014", "DAT005"]


@pytest.mark.parametrize(
    "facts", [table(), images(), images(mean=0.5, std=0.25), regression(target_mean=0, target_std=1)]
)
def test_well_data_left_to_the_defaults_gives_no_finding(facts):
    assert examine_data(facts, Plan()) == []


@pytest.mark.parametrize(("leaked", "severity"), [(1, "note"), (5, "note"), (6, "warning"), (100, "warning")])
def test_a_leak_that_the_score_cannot_show_is_a_note(leaked, severity):
    # 100 rows: the largest standard error of a share is 0.05.
    found = examine_data(table(leaks={"val": leaked}), Plan())
    assert [(finding.slug, finding.severity) for finding in found] == [("leaked-split", severity)]


@pytest.mark.parametrize(("duplicates", "severity"), [(1, "note"), (50, "note"), (51, "warning")])
def test_a_few_copies_are_a_note(duplicates, severity):
    assert [finding.severity for finding in examine_data(table(duplicates=duplicates), Plan())] == [severity]


def test_the_class_that_is_always_guessed_is_named_with_its_score():
    (finding,) = examine_data(table(parts=counts(950, 50), classes=("ham", "spam")), Plan())
    assert "'ham' has 19 times the rows of 'spam'" in finding.seen
    assert "scores 0.950" in finding.seen


def test_a_name_from_a_file_cannot_steer_the_terminal():
    facts = table(std=(1, 0), mean=(0, 0), names=("good", "\x1b[2Jbad"))
    (finding,) = examine_data(facts, Plan())
    assert "\x1b" not in "".join((finding.where, finding.seen, *finding.places))


def test_columns_that_vary_too_little_are_named_by_pixel_for_pictures():
    facts = images(example=(3, 2, 2))
    low = (*facts.features.low[:-1], 7.0)
    features = replace(facts.features, low=low, high=(*facts.features.high[:-1], 7.0))
    (finding,) = examine_data(replace(facts, features=features), Plan())
    assert finding.severity == "note"
    assert finding.places == ("channel 2, y 1, x 1: always 7",)


SETS = ("iris", "wine", "breast_cancer", "digits", "diabetes")


@pytest.mark.parametrize("name", SETS)
def test_data_sets_that_are_well_give_no_finding_above_a_note(name):
    found = examine_data(facts_of(*_known(name)), Plan())
    assert [finding for finding in found if SEVERITIES.index(finding.severity) > 0] == []


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
def test_the_same_sets_unprepared_are_told_to_be_uncentred(name):
    found = examine_data(facts_of(*_known(name)), changed(Plan(), {"data.prepare": "none"}))
    assert "uncentred-input" in [finding.slug for finding in found]


def _known(name):
    datasets = pytest.importorskip("sklearn.datasets")
    loaded = getattr(datasets, f"load_{name}")()
    regress = name == "diabetes"
    x = loaded.images[:, None] if name == "digits" else loaded.data
    x = x.astype(np.float32)
    y = loaded.target.astype(np.float32)[:, None] if regress else loaded.target.astype(np.int64)
    order = np.random.default_rng(0).permutation(len(x))
    at = (int(0.7 * len(x)), int(0.8 * len(x)))
    parts = {
        part: Part(ArrayRows(x[rows]), y[rows])
        for part, rows in zip(("train", "val", "test"), np.split(order, at), strict=True)
    }
    classes = () if regress else tuple(map(str, loaded.target_names))
    source = Source(name, name, x.ndim == 4, "regress" if regress else "classify", classes, (), parts, (), "")
    return source, parts


def said(slug: str, weight: float = 0.5, severity: str = "warning", **more: object) -> Finding:
    return Finding("XXX001", slug, severity, "here", "seen", weight=weight, **more)


def test_echoes_of_echoes_hang_under_the_one_root():
    found = concluded(
        [said("no-better-than-constant"), said("dead-relu", 0.9), said("learning-rate-too-high", 0.2)], None
    )
    assert [f.slug for f in found] == ["learning-rate-too-high"]
    assert {echo.slug for echo in found[0].echoes} == {"dead-relu", "no-better-than-constant"}


def test_no_finding_is_lost_or_told_twice():
    slugs = [rule.slug for rule in rules()]
    found = concluded([said(slug, weight=i / len(slugs)) for i, slug in enumerate(slugs)], None)
    told = [f.slug for f in found] + [echo.slug for f in found for echo in f.echoes]
    assert sorted(told) == sorted(slugs)


def test_the_order_in_which_findings_come_does_not_matter():
    slugs = ["dead-relu", "learning-rate-too-high", "overfit", "uncentred-input", "saturated-units", "underfit"]
    found = [said(slug, weight=0.1 + 0.1 * i) for i, slug in enumerate(slugs)]
    assert concluded(found, None) == concluded(reversed(found), None)


def test_a_note_explains_nothing_grave_and_trials_do_not_explain_each_other():
    note, grave = said("learning-rate-too-high", severity="note"), said("dead-relu")
    assert [f.slug for f in concluded([note, grave], None)] == ["dead-relu", "learning-rate-too-high"]
    others = [said("learning-rate-too-high", trial=0), said("dead-relu", trial=1)]
    assert all(not f.echoes for f in concluded(others, None))


def test_of_one_fault_in_one_place_the_gravest_is_told():
    (found,) = concluded([said("overfit", severity="note"), said("overfit", severity="error")], None)
    assert found.severity == "error"


def test_a_run_that_has_learned_nothing_after_a_fifth_for_a_fatal_reason_is_given_up_and_others_are_not():
    still = attempts(as_it_is=0.0, lr_x100=0.8)
    still = {**still, "as it is": replace(still["as it is"], end=2.2999)}
    facts = start(data=table(), attempts=still)

    def useless(**figures):
        doctor = Doctor(figures.pop("plan", Plan()))
        for _ in doctor.attend(run(facts=facts, over=False, **figures).events):
            pass
        return doctor.useless

    lost = {"train": [0.5, 0.5, 0.5], "val": [0.5, 0.5, 0.5], "train_loss": [2.3, 2.3, 2.3]}
    assert "learning-rate-too-low" in useless(**lost)
    assert useless(**lost, plan=changed(Plan(), {"rules.stop": False})) == ""
    assert useless(train=[0.5], val=[0.5], train_loss=[2.3]) == ""
    assert useless(train=[0.6, 0.7, 0.8], val=[0.6, 0.7, 0.8], train_loss=[2.0, 1.5, 1.0]) == ""


def test_what_a_run_was_told_on_the_way_is_told_once_and_concluded_at_the_end():
    trace = run(train=[0.5] * 6, val=[0.5] * 6, train_loss=[0.69] * 6, epochs=6)
    heard = list(Doctor(Plan()).attend(trace.events))
    told = [event.finding.slug for event in heard if isinstance(event, Found)]
    assert len(told) == len(set(told))
    assert [event for event in heard if not isinstance(event, Found | Concluded)] == trace.events
    assert isinstance(heard[-2], Concluded)
    named = {f.slug for f in heard[-2].findings} | {e.slug for f in heard[-2].findings for e in f.echoes}
    assert "no-better-than-constant" in named
    assert set(told) <= named


def test_a_run_that_reached_its_aim_is_told_its_faults_as_notes():
    facts = start(data=table(), attempts=attempts(as_it_is=0.2, fresh=0.9), loss=replace(LOSS, first=9.0))
    poor = run(train=[0.6, 0.7], val=[0.6, 0.7], facts=facts)
    good = run(train=[0.9, 0.99], val=[0.9, 0.99], facts=facts)
    severities = [
        {f.slug: f.severity for f in Doctor(Plan()).conclude(trace)}["wrong-first-loss"] for trace in (poor, good)
    ]
    assert severities == ["warning", "note"]


def test_labels_are_not_called_shuffled_any_more_when_unseen_rows_are_answered():
    nothing = {"rows": 1_000.0, "neighbours": 0.01, "linear": -0.02, "noise": 0.03}
    facts = start(data=table(), signal=nothing, target=replace(TARGET, classes=2))
    doctor, named = Doctor(Plan()), []
    for val in ([0.5, 0.52], [0.5, 0.6], [0.6, 0.8]):
        found = doctor.conclude(run(train=[0.6, 0.8], val=val, facts=facts))
        named.append("shuffled-labels" in {f.slug for one in found for f in (one, *one.echoes)})
    assert named == [True, True, False], "of 100 rows, three standard errors are 0.15"


@pytest.mark.parametrize(("form", "shape"), [("classes", (10, 10)), ("several", (5,))])
def test_of_pixels_and_of_several_labels_the_commonest_answer_is_what_guessing_scores(form, shape):
    facts = replace(
        start(data=regression(target_mean=0.0, target_std=1.0)),
        target=replace(TARGET, form=form, shape=shape),
        program={**start().program, "guess": 0.9},
    )
    at_guess = run(train=[0.9] * 3, val=[0.9] * 3, facts=facts)
    assert fits(at_guess, 0).tolist() == pytest.approx([0.0] * 3)
    assert not healthy(at_guess)
    assert healthy(run(train=[0.995], val=[0.995], facts=facts))
    assert "no-better-than-constant" in {f.slug for f in examine("run", at_guess, Plan())}
    gained = run(train=[0.94] * 3, val=[0.94] * 3, facts=facts)
    assert "no-better-than-constant" not in {f.slug for f in examine("run", gained, Plan())}


def test_the_noise_of_a_fit_is_two_standard_errors_of_a_share_in_units_of_what_there_is_to_gain():
    even = run(train=[0.5], facts=start(data=table()))
    assert noise_of_fit(even, "train") == pytest.approx(2 * 0.5 / 1_000**0.5 / 0.5)
    uneven = run(train=[0.5], facts=start(data=table(parts=counts(950, 50))))
    assert noise_of_fit(uneven, "train") == pytest.approx(2 * (0.95 * 0.05 / 1_000) ** 0.5 / 0.05)
