"""Stacked dense layers give what `vmap` gives, and what each trial gives alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from netsitter.nn.maxout import Maxout
from netsitter.optim.methods import OPTIMISERS
from netsitter.train.cohorts.dense import Dense
from netsitter.train.cohorts.dense_layers import FORWARD, chain_of
from netsitter.train.cohorts.lifted import Lifted
from netsitter.train.cohorts.single import Single
from netsitter.train.losses import LOSSES
from netsitter.train.scores import CLASSES, REAL
from tests.train.blobs import LOSS, net_of, plan

FEW = [
    {"optim__lr": 0.01, "loop__seed": 1, "optim__l2": 0.1},
    {"optim__lr": 0.003, "loop__seed": 2, "optim__l2": 0.01},
    {"optim__lr": 0.001, "loop__seed": 3, "optim__l2": 1.0},
]


def rows(count: int = 20, example=(6,)):
    draws = torch.Generator().manual_seed(3)
    return torch.randn(count, *example, generator=draws), torch.randint(0, 4, (count,), generator=draws)


def after(cohort, x, y, steps=5):
    """Losses, and all that a checkpoint would hold."""
    rates = [p.optim.lr for p in cohort.plans]
    losses = [cohort.step(x, y, step=step, epoch=0, lrs=rates) for step in range(1, steps + 1)]
    return torch.stack(losses), cohort.state()


def agree(make, plans, x, y, loss=LOSS, tol=1e-5):
    dense = Dense([make(p) for p in plans], plans, loss)
    ours = after(dense, x, y)
    lifted = after(Lifted([make(p) for p in plans], plans, loss), x, y)
    torch.testing.assert_close(ours, lifted, rtol=tol, atol=tol)
    for trial, one in enumerate(plans):
        losses, state = after(Single(make(one), one, loss), x, y)
        torch.testing.assert_close(ours[0][:, trial], losses[:, 0], rtol=tol, atol=tol)
        for name, tensor in state.items():
            torch.testing.assert_close(ours[1][name][trial], tensor[0], rtol=tol, atol=tol, msg=name)
    return dense


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_every_optimiser_moves_stacked_trials_as_it_moves_each_alone(kind):
    plans = [plan(**few, optim__kind=kind, net__sizes=(8, 7), net__norm="none", optim__decay=0.01) for few in FEW]
    agree(net_of, plans, *rows())


@pytest.mark.parametrize(
    "act", ["relu", "leaky_relu:0.2", "prelu", "elu", "gelu", "silu", "selu", "maxout:3", "tanh", "sigmoid"]
)
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_every_activation_with_and_without_batch_norm(act, norm):
    plans = [plan(**few, net__act=act, net__norm=norm, net__sizes=(8, 5), optim__kind="momentum") for few in FEW]
    agree(net_of, plans, *rows())


@pytest.mark.parametrize("seeds", [(1, 2, 3), (5, 5, 5)], ids=["differ", "same"])
def test_dropout_drops_the_same_units_whether_trials_share_a_seed_or_not(seeds):
    plans = [
        plan(**(few | {"loop__seed": seed}), net__dropout=rate, net__sizes=(8, 7))
        for few, seed, rate in zip(FEW, seeds, (0.1, 0.5, 0.3), strict=True)
    ]
    agree(net_of, plans, *rows())


def test_gradients_are_clipped_trial_by_trial():
    plans = [plan(**few, optim__clip=clip, optim__kind="sgd") for few, clip in zip(FEW, (0.01, None, 0.1), strict=True)]
    agree(net_of, plans, *rows())


@pytest.mark.parametrize("loss", ["mse", "huber", "bce_logits"])
def test_losses_of_real_targets(loss):
    plans = [plan(**few) for few in FEW]
    x, y = rows()
    agree(net_of, plans, x, nn.functional.one_hot(y, 4).float(), LOSSES[loss])


def test_images_go_in_where_the_network_flattens_them():
    example = (2, 3, 3)
    agree(lambda p: net_of(p, example), [plan(**few) for few in FEW], *rows(example=example))


def test_a_linear_model_and_a_batch_of_one_row():
    agree(net_of, [plan(**few, net__sizes=(), net__norm="none") for few in FEW], *rows(1))


def frozen(p):
    net = net_of(p)
    net.dense1.weight.requires_grad_(False)
    return net


def norm_first(p):
    torch.manual_seed(p.loop.seed)
    return nn.Sequential(nn.BatchNorm1d(6), nn.Sequential(nn.ReLU(inplace=True), nn.Linear(6, 4, bias=False)))


def writes_into_its_input(p):
    torch.manual_seed(p.loop.seed)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(inplace=True), nn.BatchNorm1d(8, affine=False), nn.Linear(8, 4))


@pytest.mark.parametrize("make", [frozen, norm_first, writes_into_its_input])
def test_networks_of_others(make):
    agree(make, [plan(**few, optim__decay=0.1) for few in FEW], *rows())


def test_a_layer_frozen_by_eval_counts_nothing():
    def make(p):
        net = net_of(p)
        net.train()
        net.norm1.eval()
        return net

    dense = agree(make, [plan(**few) for few in FEW], *rows())
    assert not dense.state()["buffer/norm1.running_mean"].any()


@pytest.mark.parametrize("measure", [CLASSES, REAL], ids=["classes", "real"])
def test_sums_over_batches_are_those_of_lifted_trials(measure):
    plans = [plan(**few, net__dropout=0.4) for few in FEW]
    x, y = rows(30)
    y, loss = (y, LOSS) if measure is CLASSES else (nn.functional.one_hot(y, 4).float(), LOSSES["mse"])
    batches = [(x[:20], y[:20]), (x[20:], y[20:])]
    ours, lifted = (form([net_of(p) for p in plans], plans, loss) for form in (Dense, Lifted))
    torch.testing.assert_close(
        ours.sums(batches, measure=measure), lifted.sums(batches, measure=measure), rtol=1e-5, atol=1e-5
    )
    assert ours.net.training


def test_watched_steps_move_weights_to_the_same_bits():
    plans = [plan(**few) for few in FEW]
    x, y = rows()
    watched, plain = (Dense([net_of(p) for p in plans], plans, LOSS) for _ in range(2))
    for step in (1, 2, 3):
        watched.step(x, y, step=step, epoch=0, lrs=[0.1, 0.2, 0.3], look=True)
        plain.step(x, y, step=step, epoch=0, lrs=[0.1, 0.2, 0.3])
    assert all(torch.equal(tensor, plain.state()[name]) for name, tensor in watched.state().items())


def test_a_trial_without_bounds_leaves_the_others_alone():
    plans = [plan(**few, net__norm="none", optim__kind="sgd") for few in FEW]
    x, y = rows()
    cohort = Dense([net_of(p) for p in plans], plans, LOSS)
    for step in range(1, 4):
        cohort.step(x, y, step=step, epoch=0, lrs=[0.01, 1e30, 0.01])
    alone = Single(net_of(plans[2]), plans[2], LOSS)
    for step in range(1, 4):
        alone.step(x, y, step=step, epoch=0, lrs=[0.01])
    weights = cohort.state()["param/output.weight"]
    assert not weights[1].isfinite().any()
    torch.testing.assert_close(weights[2], alone.state()["param/output.weight"][0])


def tied():
    one = nn.Linear(6, 6)
    return nn.Sequential(one, nn.ReLU(), one)


def hooked():
    net = nn.Sequential(nn.Linear(6, 4))
    net[0].register_forward_hook(lambda *_: None)
    return net


class Doubled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


@pytest.mark.parametrize(
    "net",
    [
        tied(),
        hooked(),
        nn.Sequential(Doubled(6, 4)),
        nn.Sequential(nn.Linear(6, 4), nn.Softmax(dim=1)),
        nn.Sequential(nn.Linear(6, 4), nn.Flatten(0)),
        nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4, momentum=None)),
        nn.Sequential(nn.ReLU()),
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4, 4)),
        nn.Sequential(),
    ],
    ids=["tied", "hooked", "subclass", "softmax", "flatten", "cumulative", "no weights", "conv", "empty"],
)
def test_what_is_no_plain_chain_is_left_to_vmap(net):
    assert chain_of(net) is None


def test_rows_of_three_sides_without_flatten_go_the_way_of_vmap():
    plans = [plan(**few) for few in FEW]
    draws = torch.Generator().manual_seed(0)
    x, y = torch.randn(5, 2, 6, generator=draws), torch.randn(5, 2, 4, generator=draws)

    def make(p):
        torch.manual_seed(p.loop.seed)
        return nn.Sequential(nn.Linear(6, 4))

    agree(make, plans, x, y, LOSSES["mse"])


def test_every_layer_of_the_table_stands_in_a_chain_here():
    """A layer that is added to the table must be added to the tests above."""
    tested = {nn.Linear, nn.BatchNorm1d, nn.Flatten, Maxout, nn.PReLU, nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU}
    tested |= {nn.SELU, nn.Tanh, nn.Sigmoid, type(net_of(plan(net__dropout=0.1)).drop1)}
    for kind in FORWARD.keys() - tested:
        layer = kind()

        def make(p, layer=layer):
            torch.manual_seed(p.loop.seed)
            return nn.Sequential(nn.Linear(6, 5), layer, nn.Linear(5, 4))

        agree(make, [plan(**few) for few in FEW], *rows())
