"""Short trainings: the same when asked twice, equal to a plain loop, and they find what mends a program."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from netsitter.data.batches import batch_bounds, epoch_order
from netsitter.diagnose.evidence import reached
from netsitter.train.own_optimiser import undecayed
from netsitter.train.scores import Measure
from netsitter.train.start.attempts import (
    AS_IT_IS,
    MOST_STEPS,
    REFERENCE,
    attempts_of,
    guess_of,
    steps_for,
    without_dropout,
)
from netsitter.train.start.signals import fresh_twin
from tests.train.start.programs import dense, program, table

WORK = 1e4


def noisy() -> nn.Module:
    return nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 3))


@pytest.mark.slow
def test_attempts_are_the_same_when_asked_twice_and_leave_the_network_alone():
    ready, net = program(noisy, optimizer=torch.optim.AdamW)
    before = {name: t.clone() for name, t in net.state_dict().items()}
    first = attempts_of(net, fresh_twin(net), ready, work=WORK)
    assert attempts_of(net, fresh_twin(net), ready, work=WORK) == first
    assert all(torch.equal(t, before[name]) for name, t in net.state_dict().items())
    assert {AS_IT_IS, "fresh", "no dropout", "no penalty", REFERENCE, "lr x10", "lr x0.1"} <= first.keys()


def test_the_program_as_it_is_ends_where_a_plain_loop_of_as_many_steps_does():
    ready, net = program(dense, optimizer=torch.optim.SGD, lr=0.1)
    found = attempts_of(net, None, ready, work=WORK)[AS_IT_IS]
    plain = dense()
    plain.load_state_dict(net.state_dict())
    feed = ready.parts.feeds["train"]
    bounds = batch_bounds(feed.rows, 16)
    optimizer = torch.optim.SGD(plain.parameters(), lr=0.1)
    batches = [
        rows
        for epoch in range(2)
        for rows in np.split(epoch_order(feed.rows, seed=0, epoch=epoch), [end for _, end in bounds[:-1]])
    ]
    assert found.steps == len(batches[: found.steps])
    probe = ready.parts.score_rows[:500]
    x, y = next(iter(feed.batches(probe, [(0, len(probe))])))
    assert found.start == pytest.approx(float(F.cross_entropy(plain(x), y).detach()))
    for rows in batches[: found.steps]:
        x_B, y_B = next(iter(feed.batches(rows, [(0, len(rows))])))
        optimizer.zero_grad()
        F.cross_entropy(plain(x_B), y_B).backward()
        optimizer.step()
    assert found.end == pytest.approx(float(F.cross_entropy(plain(x), y).detach()), rel=1e-5)


@pytest.mark.slow
def test_a_rate_too_low_is_followed_up_to_one_that_does():
    ready, net = program(dense, optimizer=torch.optim.Adam, lr=1e-8, epochs=10)
    found = attempts_of(net, None, ready, work=WORK)
    assert found[AS_IT_IS].fit_end < 0.3
    best = max(found.values(), key=lambda a: a.fit_end if a.name.startswith("lr x") else -1)
    assert best.fit_end > 0.6
    assert float(best.name[4:]) >= 1e5
    assert best.changes["optim.lr"] == pytest.approx(1e-8 * float(best.name[4:]))


@pytest.mark.slow
def test_a_rate_that_diverges_is_told_so_and_a_lower_one_does_better():
    ready, net = program(dense, optimizer=torch.optim.SGD, lr=1e4, epochs=10)
    found = attempts_of(net, None, ready, work=WORK)
    assert found[AS_IT_IS].diverged
    lower = [reached(a) for name, a in found.items() if name.startswith("lr x") and float(name[4:]) < 1]
    assert max(lower) > 0.5


@pytest.mark.slow
def test_an_input_far_from_the_middle_is_mended_by_standardising():
    x, y = table()
    far = x * torch.tensor([1.0, 1.0, 1.0, 1.0, 1e4]) + 300
    ready, net = program(dense, (far, y), optimizer=torch.optim.SGD, lr=0.1, epochs=10)
    found = attempts_of(net, None, ready, work=WORK)
    assert reached(found["standardised input"]) > reached(found[AS_IT_IS]) + 0.5


@pytest.mark.slow
def test_a_real_target_is_tried_at_spread_one_and_judged_in_its_own_unit():
    x, _ = table()
    y = 1_000 * x[:, :1] + 50_000
    ready, net = program(
        lambda: nn.Linear(5, 1), (x, y), loss=nn.MSELoss(), optimizer=torch.optim.Adam, lr=0.03, epochs=10
    )
    found = attempts_of(net, None, ready, work=WORK)
    assert found[AS_IT_IS].fit_end == -1.0
    assert found["standardised target"].fit_end > 0.5


@pytest.mark.parametrize(
    ("epochs", "rows", "work", "steps"),
    [
        (2, 108, 1.0, 14),
        (1, 108, 1.0, 12),
        (1_000, 108, 1.0, MOST_STEPS),
        (100, 108, 1.0, 300),
        (1_000, 108, 3e11 / 12 / 20, 20),
        (1_000, 108, 1e30, 12),
    ],
)
def test_attempts_are_as_long_as_the_training_and_the_work_allow(epochs, rows, work, steps):
    ready, _ = program(dense, table(rows * 10 // 9), epochs=epochs)
    assert steps_for(ready, work) == steps


def test_weight_decay_is_taken_out_and_nothing_else():
    made = undecayed(torch.optim.AdamW)([nn.Parameter(torch.ones(2))], lr=0.3)
    assert isinstance(made, torch.optim.AdamW)
    assert (made.param_groups[0]["lr"], made.param_groups[0]["weight_decay"]) == (0.3, 0.0)
    assert undecayed(None) is None


def test_a_copy_without_dropout_answers_alike_twice_and_none_is_made_of_a_net_that_drops_nothing():
    net, x = noisy(), torch.randn(30, 5)
    still = without_dropout(net)
    assert torch.equal(still(x), still(x))
    assert not torch.equal(net(x), net(x))
    assert without_dropout(dense()) is None


@pytest.mark.parametrize(
    ("form", "y", "guess"),
    [
        ("classes", [0, 1, 1, 1], 0.75),
        ("classes", [[0, 0, 1], [0, 0, 2]], 4 / 6),
        ("one-hot", [[1.0, 0, 0], [0, 1, 0], [0, 1, 0]], 2 / 3),
        ("yes-no", [[1.0], [0], [0], [0]], 0.75),
        ("signs", [-1.0, -1, 1], 2 / 3),
        ("several", [[1.0, 0, 1], [1, 0, 0]], (1 + 1 + 0.5) / 3),
        ("real", [1.5, 2.5], None),
    ],
)
def test_guessing_scores_the_share_of_the_commonest_answer(form, y, guess):
    assert guess_of(torch.tensor(y), Measure(form)) == (None if guess is None else pytest.approx(guess))
