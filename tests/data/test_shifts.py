"""Parts that are of one kind are told apart from parts that are not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

import netsitter as ns
from netsitter.data.rows import ArrayRows
from netsitter.data.shifts import shifts_of
from netsitter.data.source import Part
from netsitter.record.facts import FeatureFacts


def parts(train, val):
    return {
        name: Part(ArrayRows(x.astype(np.float32)), np.zeros(len(x), dtype=np.int64))
        for name, x in (("train", train), ("val", val))
    }


def shifts(train, val):
    features = FeatureFacts(*(tuple(f(train, axis=0)) for f in (np.mean, np.std, np.min, np.max)))
    return shifts_of(parts(train, val), features, len(train))


def test_a_shift_is_told_with_its_size():
    rng = np.random.default_rng(0)
    train, val = rng.normal(size=(2_000, 3)), rng.normal(size=(500, 3))
    val[:, 1] += 2.0
    ((part, feature, spreads, errors),) = shifts(train, val)
    assert (part, feature) == ("val", 1)
    assert spreads == pytest.approx(2.0, abs=0.15)
    assert errors == pytest.approx(2.0 / np.sqrt(1 / 2_000 + 1 / 500), rel=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_random_splits_of_real_rows_are_of_one_kind(seed):
    x, _ = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(x))
    assert not [s for s in shifts(x[order[180:]], x[order[:180]]) if s[2] >= 0.5 and s[3] >= 6]


def test_a_column_of_which_few_rows_know_is_no_shift():
    train, val = np.zeros((1_000, 1)), np.zeros((100, 1))
    train[0], val[:2] = 1.0, 16.0
    assert not shifts(train, val)


def test_a_file_that_was_cut_where_it_was_sorted_is_named():
    x, y = load_digits(return_X_y=True)
    order = np.argsort(y, kind="stable")
    x, y = x[order].astype(np.float32), y[order]
    report = ns.check({"train": (x[:1_700], y[:1_700]), "val": (x[1_700:], y[1_700:])}, net="mlp:8", show=False)
    assert "shifted-split" in [finding.slug for finding in report.findings]
