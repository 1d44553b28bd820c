"""Watching reads what a step computes anyway: the figures are right, and no weight is a bit different for it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from netsitter.record.trace import Trace
from netsitter.train.cohort import cohort_of
from netsitter.train.cohorts.in_turn import InTurn
from netsitter.train.cohorts.lifted import Lifted
from netsitter.train.cohorts.single import Single
from netsitter.train.loop import Training
from netsitter.train.watching import (
    BINS,
    REACH,
    activations,
    before_step,
    first_non_finite,
    looked,
    looks_at,
    watched_of,
)
from tests.train.blobs import CPU, LOSS, blobs, net_of, parts, plan

SERIES = ("grad/norm", "grad/sign", "update/ratio", "weight/norm")
SIGNALS = ("act/mean", "act/std", "act/dead", "act/saturated", "act/histogram")


class Recurrent(nn.Module):
    """What cannot be lifted."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.cell, self.out = nn.LSTM(6, 5, batch_first=True), nn.Linear(5, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.cell(x.unsqueeze(1))[0][:, 0])


def plans_of(trials: int, every: int):
    return [
        plan(optim__lr=0.01 * (i + 1), loop__seed=i, net__dropout=0.2, loop__watch_every=every) for i in range(trials)
    ]


def cohort(kind: type, every: int):
    plans = plans_of(1 if kind is Single else 3, every)
    nets = [Recurrent(i) if kind is InTurn else net_of(p) for i, p in enumerate(plans)]
    made = cohort_of(nets, plans, LOSS, device=CPU)
    assert isinstance(made, kind)
    return made


@pytest.mark.parametrize("kind", [Single, Lifted, InTurn])
def test_weights_have_the_same_bits_watched_and_unwatched(kind):
    watched, plain = (Training(cohort(kind, every), parts()) for every in (1, 0))
    seen, quiet = Trace(watched.events()), Trace(plain.events())
    assert len(seen.curve("grad/norm").steps) == 15
    assert not len(quiet.curve("grad/norm").steps)
    ours = watched.cohort.state()
    assert all(torch.equal(tensor, ours[name]) for name, tensor in plain.cohort.state().items())
    np.testing.assert_array_equal(seen.curve("loss").values, quiet.curve("loss").values)


@pytest.mark.parametrize("kind", [Lifted, InTurn])
def test_what_is_seen_of_a_trial_in_company_is_what_is_seen_of_it_alone(kind):
    company = cohort(kind, 1)
    x, y = next(iter(blobs(32, seed=0).batches(np.arange(32), [(0, 32)])))
    rates = [p.optim.lr for p in company.plans]
    alone = []
    for i, one in enumerate(company.plans):
        net = Recurrent(i) if kind is InTurn else net_of(one)
        alone.append(cohort_of([net], [one], LOSS, device=CPU))
        alone[-1].step(x, y, step=1, epoch=0, lrs=(rates[i],), look=True)
    company.step(x, y, step=1, epoch=0, lrs=rates, look=True)
    for name in SERIES:
        together = torch.cat([single.looked[name] for single in alone])
        torch.testing.assert_close(company.looked[name], together, rtol=2e-3, atol=1e-5, equal_nan=True, msg=name)
    mine, theirs = company.activations(x), [single.activations(x) for single in alone]
    for name in SIGNALS:
        together = torch.cat([series[name] for series in theirs])
        tolerance = 1 / 32 if name == "act/histogram" else 1e-3
        torch.testing.assert_close(mine[name], together, rtol=2e-3, atol=tolerance, equal_nan=True, msg=name)


def test_the_figures_of_a_step_are_those_of_hand_computation():
    single = cohort(Single, 1)
    before = {name: p.detach().clone() for name, p in single.net.named_parameters()}
    x, y = next(iter(blobs(32, seed=0).batches(np.arange(32), [(0, 32)])))
    single.step(x, y, step=1, epoch=0, lrs=(0.01,), look=True)
    names = watched_of(single.net).weights
    assert names == tuple(name for name, p in single.net.named_parameters() if p.ndim > 1)
    for column, name in enumerate(names):
        after = single.params[name].detach()
        ratio = float((after - before[name]).norm() / before[name].norm())
        assert float(single.looked["update/ratio"][0, column]) == pytest.approx(ratio, rel=1e-5)
        assert float(single.looked["weight/norm"][0, column]) == pytest.approx(float(after.norm()), rel=1e-6)
        assert ratio > 0


def test_gradients_of_one_sign_are_counted_by_unit():
    grad_THD = torch.tensor([[[1.0, 2.0], [-1.0, -3.0], [1.0, -1.0], [0.0, 0.0]]])
    weight = torch.ones(1, 4, 2)
    seen = looked(["w", "idle"], {"w": grad_THD}, {"w": weight, "idle": weight}, {"w": weight, "idle": weight})
    assert seen["grad/sign"][0, 0] == pytest.approx(2 / 3)
    assert seen["grad/norm"][0].tolist() == pytest.approx([float(grad_THD.norm()), 0.0])
    assert bool(torch.isnan(seen["grad/sign"][0, 1]))
    assert seen["update/ratio"].tolist() == [[0.0, 0.0]]
    assert looked([], {}, {}, {}) == {}


def test_the_steps_that_are_looked_at_double_and_then_come_at_the_pace_of_the_plan():
    assert [step for step in range(1, 131) if looks_at(step, 50)] == [1, 4, 16, 50, 64, 100]
    assert not any(looks_at(step, 0) for step in range(1, 131))


def test_signals_of_layers_are_those_of_a_plain_pass():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(5, 3), nn.Sigmoid())
    with torch.no_grad():
        net[0].bias[0] = -100.0
        net[4].bias[:] = 30.0
    net.eval()
    x = torch.randn(400, 6)
    watched = watched_of(net)
    assert watched.layers == ("0", "1", "4", "5")
    assert watched.kinds == ("Linear", "ReLU", "Linear", "Sigmoid")
    with torch.no_grad():
        seen = activations(net, net, x, watched.layers)
        plain = [net[:1](x), net[:2](x), net[:5](x), net(x)]
    for layer, values in enumerate(plain):
        assert float(seen["act/mean"][layer]) == pytest.approx(float(values.mean()), abs=1e-6)
        assert float(seen["act/std"][layer]) == pytest.approx(float(values.std(correction=0)), rel=1e-4)
        edges = np.linspace(-REACH, REACH, BINS + 1)
        edges[0], edges[-1] = -np.inf, np.inf
        away = ((values - values.mean()) / values.std(correction=0).clamp_min(1e-30)).numpy()
        counted = np.histogram(away, bins=edges)[0] / away.size
        np.testing.assert_allclose(seen["act/histogram"][layer].numpy(), counted, atol=2e-3)
    assert seen["act/dead"].tolist() == pytest.approx([0.0, 1 / 5, 0.0, 0.0])
    assert float(seen["act/saturated"][3]) == 1.0
    assert bool(torch.isnan(seen["act/saturated"][:3]).all())


def test_a_layer_that_does_not_run_is_no_number():
    net = nn.Sequential(nn.Linear(6, 3))
    net.add_module("idle", nn.Linear(3, 3))
    seen = activations(net, net[0], torch.randn(5, 6), watched_of(net).layers)
    assert torch.isnan(seen["act/mean"]).tolist() == [False, True]


def test_the_first_value_that_is_not_finite_is_placed():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    x, y = torch.ones(4, 2), torch.ones(4, 1)
    hole = x.clone()
    hole[2, 0] = float("nan")
    assert first_non_finite(net, hole, y) == {"first": "input", "layer": "", "rows": [2]}
    assert first_non_finite(net, x, y / 0)["first"] == "target"
    assert first_non_finite(net, x, y)["first"] == "loss"
    large = x.clone()
    large[1] = 3e38
    with torch.no_grad():
        net[0].weight.fill_(10.0)
    assert first_non_finite(net, large, y) == {"first": "output", "layer": "0", "rows": [1]}
    with torch.no_grad():
        net[2].bias.fill_(float("inf"))
    assert first_non_finite(net, x, y) == {"first": "weights", "layer": "2.bias", "rows": []}


def test_of_a_large_weight_some_units_stand_for_all():
    generator = torch.Generator().manual_seed(0)
    old, grad = (torch.randn(2, 400, 500, generator=generator) for _ in range(2))
    new = old - 0.01 * grad
    kept = before_step({"w": old}, ["w"], trials=True)
    assert 4 * kept["w"].numel() < old.numel()
    seen = looked(["w"], {"w": grad}, kept, {"w": new})
    ratio = (new - old).flatten(1).norm(dim=1) / old.flatten(1).norm(dim=1)
    torch.testing.assert_close(seen["update/ratio"][:, 0], ratio, rtol=0.02, atol=0)
    torch.testing.assert_close(seen["grad/norm"][:, 0], grad.flatten(1).norm(dim=1), rtol=0.02, atol=0)
    torch.testing.assert_close(looked(["w"], {"w": grad}, {"w": old}, {"w": new}), seen)
