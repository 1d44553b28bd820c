"""A torch optimizer of the user's: the same bits as in a plain torch loop, also after a checkpoint."""

from __future__ import annotations

from copy import deepcopy
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from netsitter.errors import PlanError
from netsitter.plan.plan import plan_of
from netsitter.train.cohort import cohort_of
from netsitter.train.cohorts.single import Single
from netsitter.train.own_optimiser import OwnOptimiser, decay_of, made, name_of, usual_rate
from tests.train.blobs import CPU, LOSS, blobs, plan

OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "momentum": partial(torch.optim.SGD, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": torch.optim.Adam,
    "adamw": partial(torch.optim.AdamW, weight_decay=0.1, amsgrad=True),
    "rmsprop": partial(torch.optim.RMSprop, momentum=0.5, centered=True),
    "adagrad": torch.optim.Adagrad,
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
    "adadelta": torch.optim.Adadelta,
}
RATES = (0.05, 0.05, 0.02, 0.01, 0.01, 0.005)
OWN = plan_of({**plan().model_dump(), "optim": {**plan().optim.model_dump(), "kind": "own", "own": "torch:Some"}})


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 10), nn.BatchNorm1d(10), nn.ReLU(), nn.Linear(10, 4))


def batches():
    feed = blobs(32 * len(RATES), seed=0)
    bounds = [(32 * i, 32 * (i + 1)) for i in range(len(RATES))]
    return list(feed.batches(np.arange(feed.rows), bounds))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_step_has_the_bits_of_a_plain_torch_loop(name):
    ours = cohort_of([net()], [OWN], LOSS, device=CPU, optimizer=OPTIMIZERS[name])
    plain = net()
    optimizer = OPTIMIZERS[name](plain.parameters(), lr=RATES[0])
    for step, (rate, (x, y)) in enumerate(zip(RATES, batches(), strict=True), start=1):
        told = ours.step(x, y, step=step, epoch=0, lrs=(rate,))
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad()
        loss = F.cross_entropy(plain(x), y)
        loss.backward()
        optimizer.step()
        assert torch.equal(told[0], loss.detach())
        for one, other in zip(ours.net.state_dict().values(), plain.state_dict().values(), strict=True):
            assert torch.equal(one, other)
    assert all(p.grad is None for p in ours.net.parameters())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_it_keeps_goes_through_a_checkpoint(name):
    whole = Single(net(), OWN, LOSS, OPTIMIZERS[name])
    data = batches()
    for step in (1, 2, 3):
        whole.step(*data[step - 1], step=step, epoch=0, lrs=(0.02,))
    kept = {key: tensor.clone() for key, tensor in whole.state().items()}
    other = Single(net(), OWN, LOSS, OPTIMIZERS[name])
    assert other.takes(kept)
    other.load(kept)
    for step in (4, 5):
        assert torch.equal(*(c.step(*data[step - 1], step=step, epoch=0, lrs=(0.02,)) for c in (whole, other)))
    ours = other.state()
    assert ours.keys() == whole.state().keys()
    assert all(torch.equal(tensor, ours[key]) for key, tensor in whole.state().items())


def test_a_weight_that_no_gradient_reaches_stays_where_it_is():
    idle = nn.Linear(3, 3)
    own = OwnOptimiser(partial(torch.optim.AdamW, weight_decay=0.5))
    params = {"idle": idle.weight, "used": nn.Parameter(torch.ones(2))}
    before = idle.weight.detach().clone()
    with torch.no_grad():
        own.update({"used": params["used"]}, {"used": torch.ones(2)}, {}, {"lr": 0.1}, 1)
    assert torch.equal(idle.weight, before)
    assert not torch.equal(params["used"], torch.ones(2))


def test_a_step_is_the_same_for_a_copy_of_the_whole():
    one = Single(net(), OWN, LOSS, torch.optim.Adam)
    two = Single(deepcopy(net()), OWN, LOSS, torch.optim.Adam)
    x, y = batches()[0]
    assert torch.equal(one.step(x, y, step=1, epoch=0, lrs=(0.1,)), two.step(x, y, step=1, epoch=0, lrs=(0.1,)))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda params, lr: 7, "must give a torch optimizer"),
        (lambda params: torch.optim.SGD(params), "failed: TypeError"),
        (partial(torch.optim.SGD, momentum=-1.0), "failed: ValueError"),
        (torch.optim.LBFGS, "several times a step"),
    ],
)
def test_what_a_plain_step_cannot_be_made_of_is_refused(make, says):
    with pytest.raises(PlanError, match=says):
        made(make, [nn.Parameter(torch.ones(2))], 0.1)


def test_decay_name_and_usual_rate_are_read_off():
    assert decay_of(torch.optim.AdamW) == 0.01
    assert decay_of(partial(torch.optim.SGD, weight_decay=0.3)) == pytest.approx(0.3)
    assert decay_of(torch.optim.SGD) == 0.0
    assert name_of(partial(torch.optim.SGD, momentum=0.9)) == "torch.optim.sgd:SGD"
    assert usual_rate(torch.optim.Adadelta) == 1.0
    assert usual_rate(partial(torch.optim.Adam, lr=0.07)) == 0.07
    assert usual_rate(lambda params, lr: None) == 1e-3
