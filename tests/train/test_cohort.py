"""Cohorts: trials in company give the numbers that they would give alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from netsitter.errors import PlanError
from netsitter.record.trace import Trace
from netsitter.train.cohort import cohort_of
from netsitter.train.cohorts.in_turn import InTurn
from netsitter.train.cohorts.lifted import Lifted
from netsitter.train.cohorts.single import Single
from netsitter.train.loop import Training
from tests.train.blobs import CPU, LOSS, net_of, parts, plan

CURVES = ("loss", "epoch/cost", "epoch/train", "epoch/val", "epoch/val_loss")

FOUR = [
    {"optim__lr": 0.03, "loop__seed": 0, "net__dropout": 0.1, "optim__l2": 0.0},
    {"optim__lr": 0.01, "loop__seed": 1, "net__dropout": 0.3, "optim__l2": 0.1},
    {"optim__lr": 0.003, "loop__seed": 2, "net__dropout": 0.5, "optim__l2": 0.01},
    {"optim__lr": 0.001, "loop__seed": 3, "net__dropout": 0.2, "optim__l2": 1.0, "optim__clip": 0.5},
]


def trained(plans, example=(6,)):
    cohort = cohort_of([net_of(p, example) for p in plans], plans, LOSS, device=CPU)
    training = Training(cohort, parts(example=example))
    return cohort, Trace(training.events())


@pytest.mark.parametrize("kind", ["sgd", "momentum", "adam"])
def test_four_trials_give_the_curves_of_four_single_runs(kind):
    plans = [plan(**changes, optim__kind=kind) for changes in FOUR]
    together, company = trained(plans)
    assert isinstance(together, Lifted)
    for trial, one in enumerate(plans):
        alone, solo = trained([one])
        assert isinstance(alone, Single)
        for name in CURVES:
            np.testing.assert_array_equal(company.curve(name).steps, solo.curve(name).steps)
            np.testing.assert_allclose(
                company.curve(name).values[:, trial], solo.curve(name).values[:, 0], rtol=2e-4, atol=2e-5, err_msg=name
            )
        kept = dict(alone.network(0).named_parameters())
        for name, p in together.network(trial).named_parameters():
            torch.testing.assert_close(p, kept[name], rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_convolutional_trials_with_batch_norm_give_the_curves_of_single_runs():
    example = (2, 8, 8)
    plans = [plan(**changes, net__kind="conv", net__sizes=(4, 6)) for changes in FOUR[:3]]
    together, company = trained(plans, example)
    assert isinstance(together, Lifted)
    for trial, one in enumerate(plans):
        _, solo = trained([one], example)
        for name in ("loss", "epoch/val_loss"):
            np.testing.assert_allclose(
                company.curve(name).values[:, trial], solo.curve(name).values[:, 0], rtol=1e-3, atol=1e-4, err_msg=name
            )


def test_what_cannot_be_lifted_runs_in_turn_and_gives_the_same():
    plans = [plan(optim__lr=lr) for lr in (0.01, 0.02)]

    class Recurrent(nn.Module):
        def __init__(self, seed):
            super().__init__()
            with torch.random.fork_rng():
                torch.manual_seed(seed)
                self.cell, self.out = nn.LSTM(6, 5, batch_first=True), nn.Linear(5, 4)

        def forward(self, x):
            return self.out(self.cell(x.unsqueeze(1))[0][:, 0])

    cohort = cohort_of([Recurrent(0), Recurrent(1)], plans, LOSS, device=CPU)
    assert isinstance(cohort, InTurn)
    assert "cannot be lifted" in cohort.how
    company = Trace(Training(cohort, parts()).events())
    alone = Trace(Training(cohort_of([Recurrent(1)], plans[1:], LOSS, device=CPU), parts()).events())
    np.testing.assert_array_equal(company.curve("loss").values[:, 1], alone.curve("loss").values[:, 0])


def test_a_trial_that_diverges_leaves_the_others_alone():
    plans = [plan(optim__kind="sgd", optim__lr=lr, net__norm="none") for lr in (0.05, 1e12)]
    _, company = trained(plans)
    _, solo = trained(plans[:1])
    np.testing.assert_allclose(
        company.curve("epoch/val_loss").values[:, 0], solo.curve("epoch/val_loss").values[:, 0], rtol=1e-4
    )
    ended = [event for event in company.events if event.kind == "trial-ended"]
    assert {event.trial: str(event.outcome) for event in ended} == {0: "finished", 1: "diverged"}


def test_state_put_back_gives_the_same_step():
    plans = [plan(**changes) for changes in FOUR[:2]]
    cohort = cohort_of([net_of(p) for p in plans], plans, LOSS, device=CPU)
    x, y = next(iter(parts().feeds["train"].batches(np.arange(32), [(0, 32)])))
    kept = {name: tensor.clone() for name, tensor in cohort.state().items()}
    first = cohort.step(x, y, step=1, epoch=0, lrs=(0.1, 0.1))
    after = {name: tensor.clone() for name, tensor in cohort.state().items()}
    cohort.load(kept)
    assert torch.equal(cohort.step(x, y, step=1, epoch=0, lrs=(0.1, 0.1)), first)
    assert all(torch.equal(tensor, after[name]) for name, tensor in cohort.state().items())


def test_trials_that_differ_in_what_they_must_share_are_refused():
    plans = [plan(loop__batch=16), plan(loop__batch=32)]
    with pytest.raises(PlanError, match=r"loop\.batch"):
        cohort_of([net_of(p) for p in plans], plans, LOSS, device=CPU)


def test_a_network_taken_from_a_cohort_is_a_copy():
    cohort, _ = trained([plan()])
    network = cohort.network(0)
    with torch.no_grad():
        next(network.parameters()).add_(1)
    taken = dict(network.named_parameters())
    assert all(not torch.equal(taken[name], p) for name, p in list(cohort.network(0).named_parameters())[:1])


def test_frozen_weights_stay_frozen_in_company():
    plans = [plan(optim__lr=lr, optim__decay=0.1) for lr in (0.01, 0.02)]
    nets = [net_of(p) for p in plans]
    for net in nets:
        net.dense1.weight.requires_grad_(False)
    before = nets[1].dense1.weight.clone()
    cohort = cohort_of(nets, plans, LOSS, device=CPU)
    list(Training(cohort, parts()).events())
    assert isinstance(cohort, Lifted)
    assert torch.equal(cohort.network(1).dense1.weight, before)


def test_trials_with_and_without_dropout_run_in_turn():
    plans = [plan(net__dropout=rate) for rate in (0.0, 0.2)]
    cohort, company = trained(plans)
    assert isinstance(cohort, InTurn)
    _, solo = trained(plans[1:])
    np.testing.assert_array_equal(company.curve("loss").values[:, 1], solo.curve("loss").values[:, 0])


def test_a_probe_finds_what_cannot_be_lifted():
    class Looks(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(6, 4)

        def forward(self, x):
            return self.layer(x) if self.layer.weight.sum() > 0 else -self.layer(x)

    plans = [plan(), plan(optim__lr=0.1)]
    x, y = next(iter(parts().feeds["train"].batches(np.arange(4), [(0, 4)])))
    nets = [Looks(), Looks()]
    before = nets[0].layer.weight.clone()
    assert isinstance(cohort_of(nets, plans, LOSS, device=CPU, probe=(x, y)), InTurn)
    assert torch.equal(nets[0].layer.weight, before)
    assert isinstance(cohort_of([net_of(p) for p in plans], plans, LOSS, device=CPU, probe=(x, y)), Lifted)


def test_a_trial_that_stops_early_keeps_the_weights_it_would_have_kept_alone():
    plans = [
        plan(loop__epochs=30, loop__patience=2, loop__keep="last", optim__schedule="constant", optim__lr=lr)
        for lr in (0.3, 0.002)
    ]
    together, company = trained(plans)
    ended = {event.trial: event.step for event in company.events if event.kind == "trial-ended"}
    assert ended[0] != ended[1]
    for trial, one in enumerate(plans):
        alone, _ = trained([one])
        kept = dict(alone.network(0).named_parameters())
        for name, p in together.network(trial).named_parameters():
            torch.testing.assert_close(p, kept[name], rtol=5e-3, atol=5e-3)


def test_a_layer_that_its_builder_froze_by_eval_stays_frozen():
    net = net_of(plan())
    net.norm1.eval()
    before = net.norm1.running_mean.clone()
    list(Training(cohort_of([net], [plan()], LOSS, device=CPU), parts()).events())
    assert torch.equal(net.norm1.running_mean, before)
    assert net.training
    assert not net.norm1.training
