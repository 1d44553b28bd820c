"""The checks before training see what they are for, pass what is well, and leave the network as it was."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
import torch
from torch import nn

from netsitter.data.sources.arrays import source_of
from netsitter.errors import NetError
from netsitter.nn.build import build
from netsitter.plan.plan import plan_of
from netsitter.record.events import Checked, Verdict
from netsitter.train.device import own_randomness
from netsitter.train.losses import Loss
from netsitter.train.preflight import (
    batch_faults,
    check_depth,
    check_first_loss,
    check_regularisation,
    check_tiny_subset,
    preflight,
)
from netsitter.train.prepare import Ready, ready

rng = np.random.default_rng(0)
LABELS = np.arange(150) % 3
TABLE = rng.normal(size=(150, 8)) + 2 * np.eye(3, 8)[LABELS]
CPU = torch.device("cpu")


def made(y: np.ndarray = LABELS, *, loss: Loss | None = None, **changes: object) -> Ready:
    """The data with a plan; names with two underscores for the dot."""
    values: dict[str, dict[str, object]] = {"net": {"kind": "mlp", "sizes": (16,), "norm": "none"}}
    for path, value in changes.items():
        section, _, name = path.partition("__")
        values.setdefault(section, {})[name] = value
    return ready(plan_of(values), source_of((TABLE, y)), device=CPU, loss=loss)


def network(of: Ready) -> nn.Module:
    return build(of.plan.net, example=of.example, outputs=of.outputs, generator=torch.Generator().manual_seed(0))


def checks(of: Ready, net: nn.Module | None = None) -> dict[str, Checked]:
    return {check.check: check for check in preflight(network(of) if net is None else net, of)}


def test_a_healthy_network_passes_and_is_left_as_it_was():
    of = made(net__norm="batch", net__dropout=0.3)
    net = network(of)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    found = checks(of, net)
    assert {check.verdict for check in found.values()} == {Verdict.PASSED}
    assert list(found) == ["first loss", "regularisation", "signals through depth", "tiny subset"]
    assert all(torch.equal(net.state_dict()[name], before[name]) for name in before)
    assert net.training
    assert all(parameter.grad is None for parameter in net.parameters())


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_guessing_costs_the_logarithm_of_the_number_of_classes(classes):
    found = checks(made(np.arange(150) % classes))["first loss"]
    assert found.numbers["expected"] == pytest.approx(log(classes))
    assert found.numbers["first_loss"] == pytest.approx(log(classes), rel=0.25)


def test_guessing_a_real_target_costs_its_own_variance():
    y = TABLE @ rng.normal(size=8) * 100 + 7000.5
    of = made(y)
    found = checks(of)
    # Targets are standardised for training, so always answering the mean costs about 1.
    assert found["first loss"].numbers["expected"] == pytest.approx(1, abs=0.3)
    assert found["tiny subset"].verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("first", "verdict"),
    [(1.0, Verdict.PASSED), (1.3, Verdict.PASSED), (1.5, Verdict.WARNED), (float("nan"), Verdict.FAILED)],
)
def test_a_first_loss_is_judged_by_what_guessing_costs(first, verdict):
    assert check_first_loss(first, made(), torch.from_numpy(LABELS)).verdict is verdict


def test_of_a_loss_of_the_users_own_nothing_is_expected():
    of = made(loop__loss="own", loss=lambda outputs, targets: 5 + nn.functional.cross_entropy(outputs, targets))
    found = checks(of)
    assert found["first loss"].verdict is Verdict.SKIPPED


def test_turned_up_regularisation_raises_the_loss_by_what_it_says():
    net = network(made())
    squares = sum(float(p.detach().square().sum()) for name, p in net.named_parameters() if name.endswith("weight"))
    found = check_regularisation(net, 1.1)
    assert found.numbers["with"] == pytest.approx(1.1 + 0.5 * 1e3 * squares, rel=1e-5)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
    assert check_regularisation(net, 1.1).verdict is Verdict.WARNED


def test_units_that_are_dead_from_the_start_are_told_with_their_layer():
    net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    with torch.no_grad():
        net[0].bias.fill_(-100)
    found = check_depth(net, torch.from_numpy(TABLE).float())
    assert found.verdict is Verdict.WARNED
    assert "100% of the units of 1 are 0" in found.says


def test_a_tiny_subset_that_contradicts_itself_is_not_learned():
    class Blind(nn.Module):
        """Sees nothing of its input."""

        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Linear(8, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(x * 0)

    found = check_tiny_subset(Blind(), made())
    assert found.verdict is Verdict.WARNED
    assert "wiring, labels and loss" in found.says
    assert found.numbers["score"] < 0.7


def test_a_tiny_subset_says_where_it_began_and_ended():
    numbers = check_tiny_subset(network(made()), made()).numbers
    assert numbers["rows"] == 20
    assert numbers["start_loss"] > 0.5
    assert numbers["end_loss"] < 0.01
    assert numbers["score"] == 1.0
    assert 1 <= numbers["epochs"] <= 200


def test_the_checks_say_the_same_twice():
    def once() -> dict[str, Checked]:
        with own_randomness(0, CPU):
            return checks(made(net__dropout=0.2))

    first, second = once(), once()
    assert [check.numbers for check in first.values()] == [check.numbers for check in second.values()]


def test_a_batch_of_one_is_refused_where_batch_norm_counts_over_it():
    of = made(net__norm="batch", loop__batch=1)
    with pytest.raises(NetError, match="more than one number") as caught:
        batch_faults(network(of), of)
    assert "norm1" in caught.value.where
    assert batch_faults(network(made(loop__batch=1)), made(loop__batch=1)) == ()
