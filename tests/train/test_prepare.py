"""From a source to all that training needs: fitted on the training part alone, refused before any work."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from netsitter.data.batches import Resident
from netsitter.data.sources.arrays import source_of
from netsitter.errors import DataError
from netsitter.plan.plan import Plan, changed
from netsitter.train.prepare import ready

CPU = torch.device("cpu")


def parts(shift: float = 0.0):
    rng = np.random.default_rng(0)
    made = {
        name: (rng.normal(size=(rows, 4)) * 3, rng.integers(0, 2, rows))
        for name, rows in (("train", 60), ("val", 20), ("test", 20))
    }
    for name in ("val", "test"):
        made[name] = (made[name][0] + shift, made[name][1])
    return made


@pytest.mark.parametrize("prepare", ["center", "standardise", "pca:0.9", "whiten", "zca"])
def test_the_preparation_does_not_hang_on_the_validation_or_the_test_part(prepare):
    plan = changed(Plan(), {"data.prepare": prepare})
    one, other = (ready(plan, source_of(parts(shift)), device=CPU) for shift in (0.0, 100.0))
    assert all(torch.equal(a, other.preparation.arrays()[name]) for name, a in one.preparation.arrays().items())
    assert torch.equal(one.parts.feeds["train"].x_N, other.parts.feeds["train"].x_N)
    assert not torch.equal(one.parts.feeds["val"].x_N, other.parts.feeds["val"].x_N)


def test_prepared_data_that_fits_lies_on_the_device_as_one_tensor():
    prepared = ready(Plan(), source_of(parts()), device=CPU)
    assert all(isinstance(feed, Resident) for feed in prepared.parts.feeds.values())
    assert {name: feed.rows for name, feed in prepared.parts.feeds.items()} == {"train": 60, "val": 20, "test": 20}


def test_the_scored_subset_is_fixed_and_drawn_from_the_whole_training_part():
    plan = changed(Plan(), {"loop.score_rows": 10})
    rows = [ready(plan, source_of(parts()), device=CPU).parts.score_rows for _ in range(2)]
    assert (rows[0] == rows[1]).all()
    assert len(set(rows[0])) == 10
    assert rows[0].max() > 20


def test_real_targets_are_standardised_for_training():
    rng = np.random.default_rng(0)
    prepared = ready(Plan(), source_of((rng.normal(size=(80, 3)), rng.normal(size=80) * 1e9 + 1e9)), device=CPU)
    y = prepared.parts.feeds["train"].y_N
    assert abs(float(y.mean())) < 1e-3
    assert abs(float(y.std(correction=0)) - 1) < 1e-3


def test_a_target_that_never_varies_is_refused():
    with pytest.raises(DataError, match="never varies"):
        ready(
            Plan(),
            source_of((np.random.default_rng(0).normal(size=(50, 3)), np.full(50, 2.5)), task="regress"),
            device=CPU,
        )
