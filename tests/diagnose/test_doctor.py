"""The doctor on whole data sets: silent on well ones, the gravest first on sick ones."""

from __future__ import annotations

import numpy as np
import pytest

from netsitter.data.facts import facts_of
from netsitter.data.rows import ArrayRows
from netsitter.data.source import Part, Source
from netsitter.diagnose.cases import counts, images, regression, table
from netsitter.diagnose.doctor import examine_data
from netsitter.plan.plan import Plan, changed
from netsitter.record.findings import SEVERITIES


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
    from dataclasses import replace

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
