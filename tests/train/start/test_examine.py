"""Examining changes nothing, is the same when done twice, and tells what it could not do."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn

from netsitter.record.start_facts import start_of
from netsitter.train.start.examine import GRAPH_ROWS, examined
from tests.train.start.programs import dense, program, table


def frozen_norm() -> nn.Module:
    net = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3))
    net[1].eval()
    net[0].bias.requires_grad_(False)
    return net


@pytest.mark.slow
def test_parameters_buffers_modes_and_random_streams_are_as_they_were():
    ready, net = program(frozen_norm, optimizer=torch.optim.AdamW)
    state = {name: t.clone() for name, t in net.state_dict().items()}
    modes = [part.training for part in net.modules()]
    asked = [p.requires_grad for p in net.parameters()]
    # So that the generators do not happen to stand where a forgotten seed would put them.
    torch.rand(7), np.random.rand(7), random.random()
    rng = torch.get_rng_state(), np.random.get_state(), random.getstate()
    examined(net, ready, work=1e4, gradients=True)
    assert all(torch.equal(t, state[name]) for name, t in net.state_dict().items())
    assert [part.training for part in net.modules()] == modes
    assert [p.requires_grad for p in net.parameters()] == asked
    assert all(p.grad is None for p in net.parameters())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in net.modules())
    assert torch.equal(torch.get_rng_state(), rng[0])
    assert np.array_equal(np.random.get_state()[1], rng[1][1])
    assert np.random.get_state()[2:] == rng[1][2:]
    assert random.getstate() == rng[2]


@pytest.mark.slow
def test_the_facts_are_the_same_twice_and_come_back_from_json():
    ready, net = program()
    facts, checks = examined(net, ready, work=1e4)
    again, _ = examined(net, ready, work=1e4)
    assert again == facts
    assert start_of(facts.as_json()) == facts
    assert facts.not_checked == ()
    assert {"first loss", "tiny subset"} <= {check.check for check in checks}


def test_the_program_is_told_as_it_will_be():
    ready, net = program(optimizer=torch.optim.AdamW, batch=32, epochs=3, lr=0.02)
    told = examined(net, ready, work=1e4, attempts=False)[0].program
    assert (told["lr"], told["batch"], told["epochs"], told["rows"]) == (0.02, 32, 3, 108)
    assert (told["steps_an_epoch"], told["steps"]) == (4, 12)
    assert told["decay"] == 0.01
    counts = torch.bincount(ready.parts.feeds["train"].y_N)
    assert told["guess"] == pytest.approx(float(counts.max()) / 108)


def test_inputs_are_told_as_the_network_gets_them():
    x, y = table()
    x = x * torch.tensor([1.0, 1.0, 1.0, 1.0, 3.0]) + torch.tensor([0.0, 0.0, 0.0, 2.0, 0.0])
    ready, net = program(dense, (x, y))
    told = examined(net, ready, work=1e4, attempts=False)[0].input
    feed = ready.parts.feeds["train"]
    rows = next(iter(feed.batches(ready.parts.score_rows, [(0, feed.rows)])))[0].double()
    assert told["largest_mean"] == pytest.approx(float(rows.mean(dim=0).abs().max()))
    assert told["most_std"] == pytest.approx(float(rows.std(dim=0, correction=0).max()))
    assert told["least_std"] == pytest.approx(float(rows.std(dim=0, correction=0).min()))
    assert (told["low"], told["high"]) == (float(rows.min()), float(rows.max()))


def test_a_loss_that_fails_leaves_all_that_needs_it_unchecked():
    x, y = table()
    ready, net = program(dense, (x, y), loss=nn.CrossEntropyLoss())
    object.__setattr__(ready, "loss", lambda outputs, targets: nn.functional.nll_loss(outputs, targets + 9))
    facts, checks = examined(net, ready, work=1e4)
    assert checks == []
    assert facts.loss.error.startswith("IndexError")
    assert facts.graph is not None
    assert any(what == "all that needs the loss" for what, _ in facts.not_checked)


def test_a_measurement_that_fails_is_noted_and_the_others_are_made():
    class NoFive(nn.Linear):
        def forward(self, x_BD: torch.Tensor) -> torch.Tensor:
            if len(x_BD) == GRAPH_ROWS:
                raise RuntimeError("five rows")
            return super().forward(x_BD)

    ready, net = program(lambda: NoFive(5, 3))
    facts, _ = examined(net, ready, work=1e4, attempts=False)
    assert facts.not_checked == (("operations", "RuntimeError: five rows"),)
    assert facts.graph is None
    assert facts.outputs is not None
    assert facts.loss.first is not None


@pytest.mark.parametrize(("classes", "scale"), [(True, ()), (False, (20.0,))])
def test_targets_that_are_pictures_are_judged_by_all_their_numbers_and_classes_by_none(classes, scale):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(60, 1, 6, 6, generator=generator)
    y = (x[:, 0] > 0).long() if classes else 20 * x + 5
    loss = nn.CrossEntropyLoss() if classes else nn.MSELoss()
    ready, net = program(lambda: nn.Conv2d(1, 2 if classes else 1, 1), (x, y), loss=loss)
    facts, _ = examined(net, ready, work=1e4, attempts=False)
    assert facts.data.parts["train"].target_std == pytest.approx(scale, rel=0.05)
    assert (facts.program["guess"] is not None) == classes
