"""A program with a remedy applied: what is asked for changes, and the rest stays."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import nn

from netsitter.curing.program import Program
from netsitter.curing.words import changes_of, snippet, words
from netsitter.errors import NetError, PlanError
from netsitter.record.findings import Remedy, Surgery
from netsitter.train.beginning import first_rows

from .programs import clouds, net, program


def told(before: Program, remedy: Remedy) -> tuple[str, ...]:
    return words(before, before.with_remedy(remedy), remedy, 7)


def test_another_rate_is_told_in_torch_s_words():
    assert told(program(lr=3.0), Remedy("Lower it.", {"optim.lr": 0.1})) == ("SGD lr 3 -> 0.1",)
    adam = Remedy("Take Adam.", {"optim.kind": "adam", "optim.lr": 1e-3})
    assert told(program(), adam) == ("SGD lr 0.1 -> Adam lr 0.001",)
    assert program().with_remedy(adam).ready.optimizer is None


def test_surgery_stands_in_the_plan_and_is_told_by_layer():
    remedy = Remedy("Drop it.", surgery=(Surgery("output", to="identity"),))
    before = program(partial(net, out=nn.Softmax(dim=1)))
    after = before.with_remedy(remedy)
    assert after.plan.net.surgery == ("output::identity",)
    assert words(before, after, remedy, 7) == ("`net.3`: `nn.Softmax` -> nothing",)
    assert isinstance(after.network(7)[3], nn.Identity)
    assert isinstance(before.network(7)[3], nn.Softmax)


def test_only_what_the_second_remedy_changed_is_told_of_it():
    first = Remedy("Drop it.", surgery=(Surgery("output", to="identity"),))
    second = Remedy("Take tanh.", surgery=(Surgery("swap", to="tanh"),))
    after = program(partial(net, out=nn.Softmax(dim=1))).with_remedy(first)
    assert told(after, second) == ("`net.1`: `nn.ReLU` -> `nn.Tanh`",)


def test_one_seed_gives_one_network_and_another_seed_another():
    one = program().with_remedy(Remedy("Anew.", surgery=(Surgery("initialise", to="he"),)))
    first, again, other = (one.network(seed)[0].weight.detach() for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_standardised_input_reaches_the_network_so():
    x, y = clouds()
    after = program(data=(x * 50 + 300, y)).with_remedy(Remedy("Do.", {"data.prepare": "standardise"}))
    x_B, _ = first_rows(after.ready, 300)
    assert float(x_B.mean().abs()) < 0.1
    assert float(x_B.std()) == pytest.approx(1.0, abs=0.1)


def test_a_loss_is_divided_by_the_rows_turned_or_put_into_shape():
    outputs, y = torch.randn(8, 5), torch.arange(8) % 5
    summed = program(loss=nn.CrossEntropyLoss(reduction="sum"))
    mean = summed.with_remedy(Remedy("Mean.", surgery=(Surgery("loss-mean"),)))
    assert torch.allclose(mean.ready.loss(outputs, y), nn.CrossEntropyLoss()(outputs, y))
    assert mean.plan.net.surgery == ("loss-mean",)
    turned = program().with_remedy(Remedy("Sign.", surgery=(Surgery("loss-sign"),)))
    assert torch.allclose(turned.ready.loss(outputs, y), -nn.CrossEntropyLoss()(outputs, y))
    shaped = program(lambda: nn.Linear(6, 1), (clouds()[0], clouds()[0][:, 0]), loss=nn.MSELoss())
    shaped = shaped.with_remedy(Remedy("Shape.", surgery=(Surgery("loss-shape"),)))
    column, row = torch.randn(8, 1), torch.randn(8)
    assert torch.allclose(shaped.ready.loss(column, row), ((column[:, 0] - row) ** 2).mean())


def test_cross_entropy_takes_classes_however_they_are_written():
    x, y = clouds()
    outputs = torch.randn(len(y), 5)
    expected = nn.CrossEntropyLoss()(outputs, y)
    crossed = Remedy("Cross-entropy.", {"loop.loss": "cross_entropy"})
    for targets in (nn.functional.one_hot(y).float(), y.float()[:, None], y):
        after = program(data=(x, targets), loss=nn.MSELoss()).with_remedy(crossed)
        assert torch.allclose(after.ready.loss(outputs, targets), expected)


def test_a_decay_inside_the_user_s_optimiser_is_taken_out():
    decayed = partial(torch.optim.SGD, weight_decay=5.0)
    remedy = Remedy("None.", {"optim.l2": 0.0, "optim.decay": 0.0})
    before = program(optimizer=decayed)
    after = before.with_remedy(remedy)
    made = after.ready.optimizer([nn.Parameter(torch.ones(2))], lr=0.1)
    assert [group["weight_decay"] for group in made.param_groups] == [0.0]
    assert words(before, after, remedy, 7) == ("weight_decay -> 0",)


def test_surgery_that_cannot_be_done_is_refused_when_the_network_is_built():
    after = program().with_remedy(Remedy("No.", surgery=(Surgery("bend", "9", "relu"),)))
    with pytest.raises(NetError, match="no layer 9"):
        after.network(7)


def test_the_snippet_runs_and_gives_the_same_kinds_of_layers():
    remedy = Remedy("Both.", {"optim.lr": 0.05}, surgery=(Surgery("swap", to="tanh"), Surgery("output", to="identity")))
    before = program(partial(net, out=nn.Softmax(dim=1)))
    after = before.with_remedy(remedy)
    names: dict = {"build": partial(net, out=nn.Softmax(dim=1))}
    exec(snippet(changes_of(before, after, [remedy], 7)), names)
    assert [type(part) for part in names["net"]] == [type(part) for part in after.network(7)]
    assert [group["lr"] for group in names["optimizer"].param_groups] == [0.05]


def test_rare_classes_count_as_much_as_others_in_a_weighed_cross_entropy():
    x, _ = clouds()
    y = (torch.arange(len(x)) % 20 == 0).long()
    rare = program(lambda: nn.Linear(6, 2), (x, y))
    after = rare.with_remedy(Remedy("Weigh.", surgery=(Surgery("loss-weights"),)))
    outputs = torch.randn(400, 2)
    apart = nn.functional.cross_entropy(outputs, y, reduction="none")
    counts = after.ready.facts.parts["train"].class_counts
    assert counts[0] > 15 * counts[1]
    weights = torch.where(y == 1, 1 / counts[1], 1 / counts[0])
    assert torch.allclose(after.ready.loss(outputs, y), (apart * weights).sum() / weights.sum(), rtol=1e-4)
    with pytest.raises(PlanError, match="weighed in cross-entropy"):
        program(data=(x, x), build=lambda: nn.Linear(6, 6), loss=nn.MSELoss()).with_remedy(
            Remedy("Weigh.", surgery=(Surgery("loss-weights"),))
        )
