"""`watch` names what is wrong with loops of other people, and what is not wrong it does not."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import netsitter as ns
from netsitter.record.events import Outcome, TrialEnded
from netsitter.record.loop_facts import loop_of
from tests.adapters.loops import SGD, Adam, grave, loop, mlp, moons, run


@pytest.mark.parametrize("make", [partial(SGD, lr=0.05), partial(SGD, lr=0.05, momentum=0.9), partial(Adam, lr=0.01)])
def test_gradients_that_are_never_cleared_are_the_first_thing_that_is_told(make):
    sitter = run(make, zero=None)
    assert grave(sitter.findings)[0] == "kept-gradient"
    facts = loop_of(sitter.trace)
    assert facts.kept == facts.probed > 20


CLEARED = {
    "to zero": lambda o: o.zero_grad(set_to_none=False),
    "behind autograd's back": lambda o: [
        p.grad.data.zero_() for p in o.param_groups[0]["params"] if p.grad is not None
    ],
    "by hand": lambda o: [setattr(p, "grad", None) for p in o.param_groups[0]["params"]],
}


@pytest.mark.parametrize("how", CLEARED)
def test_gradients_that_are_cleared_in_any_way_are_not_kept(how):
    facts = loop_of(run(zero=CLEARED[how]).trace)
    assert (facts.kept, facts.probed > 20) == (0, True)


@pytest.mark.parametrize("make", [partial(SGD, lr=0.02), partial(SGD, lr=0.05, momentum=0.9), partial(Adam, lr=0.01)])
def test_a_loop_that_climbs_has_the_wrong_sign(make):
    assert grave(run(make, loss_of=torch.neg).findings)[0] == "wrong-sign"
    assert grave(run(partial(make, maximize=True)).findings)[0] == "wrong-sign"


def test_a_minus_twice_is_no_fault():
    assert grave(run(partial(SGD, lr=0.05, momentum=0.9, maximize=True), loss_of=torch.neg).findings) == []


@pytest.mark.parametrize("rate", [3.0, 30.0, 1e3])
@pytest.mark.parametrize("make", [SGD, partial(SGD, momentum=0.9), Adam])
def test_a_rate_that_is_too_high_is_no_wrong_sign(make, rate):
    found = {finding.slug for finding in run(partial(make, lr=rate)).findings}
    assert not found & {"wrong-sign", "kept-gradient", "unused-parameters"}


def test_a_loss_far_above_its_first_is_told_as_a_rate_that_is_too_high():
    finding = run(partial(Adam, lr=30.0)).findings[0]
    assert (finding.slug, finding.severity) == ("learning-rate-too-high", "error")
    assert finding.remedies[0].changes["optim.lr"] == pytest.approx(3.0)


def test_weights_that_hardly_move_are_told_as_a_rate_that_is_too_low():
    finding = run(partial(Adam, lr=1e-7)).findings[0]
    assert (finding.slug, finding.severity) == ("learning-rate-too-low", "error")
    assert finding.remedies[0].changes["optim.lr"] == pytest.approx(1e-5)


def test_a_loss_that_is_no_number_is_told_with_its_step():
    sitter = run(partial(SGD, lr=0.1), loss_of=lambda loss: loss * 1e30)
    ended = sitter.trace.last(TrialEnded)
    losses = sitter.trace.curve("loss")
    assert ended.outcome is sitter.trace.ended.outcome is Outcome.DIVERGED
    assert ended.step == losses.steps[~np.isfinite(losses.values[:, 0])][0]
    every = [echo.slug for finding in sitter.findings for echo in (finding, *finding.echoes)]
    assert "non-finite-loss" in every


def test_a_single_loss_that_is_no_number_between_good_ones_is_passed_over():
    model = mlp()
    with ns.watch(model, SGD(model.parameters(), lr=0.1), show=False) as sitter:
        for value in (1.0, float("inf"), 0.9, 0.8):
            sitter.note(loss=value)
    assert sitter.trace.of(TrialEnded) == []


def test_parameters_that_no_optimiser_holds_are_named():
    torch.manual_seed(0)
    model = mlp()
    found = {}
    for name, params in {"none": mlp().parameters(), "last": model[-1].parameters()}.items():
        optimizer = Adam(params, lr=0.01)
        with ns.watch(model, optimizer, show=False) as sitter:
            loop(model, optimizer, sitter, epochs=2)
        found[name] = sitter.findings[0]
    assert [(f.slug, f.severity) for f in found.values()] == [
        ("unused-parameters", "error"),
        ("unused-parameters", "warning"),
    ]
    assert found["last"].places == ("0.weight", "0.bias", "3.weight", "3.bias")
    assert "1,152 of 1,218 weights" in found["last"].seen


def test_frozen_parameters_are_nobodys_to_hold():
    torch.manual_seed(0)
    model = mlp()
    model[0].requires_grad_(False)
    optimizer = Adam(model[1:].parameters(), lr=0.01)
    with ns.watch(model, optimizer, show=False) as sitter:
        loop(model, optimizer, sitter)
    assert grave(sitter.findings) == []


def test_a_layer_that_forward_never_calls_is_named():
    class Spare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net, self.spare = mlp(), nn.Linear(8, 64)

        def forward(self, x: Tensor) -> Tensor:
            return self.net(x)

    finding = run(build=Spare).findings[0]
    assert (finding.slug, finding.places) == ("unused-parameters", ("spare.weight", "spare.bias"))


@pytest.mark.parametrize(("mode", "told"), [(nn.Module.train, True), (nn.Module.eval, False)])
def test_scores_in_training_mode_are_told_of_a_network_with_dropout(mode, told):
    torch.manual_seed(0)
    x, y = moons()
    model = mlp(drop=0.3)
    optimizer = Adam(model.parameters(), lr=0.01)
    with ns.watch(model, optimizer, show=False) as sitter:
        for epoch in range(4):
            model.train()
            loop(model, optimizer, None, epochs=1)
            mode(model)
            with torch.inference_mode():
                sitter.note(val=(model(x).argmax(1) == y).float().mean(), epoch=epoch)
    every = [echo.slug for finding in sitter.findings for echo in (finding, *finding.echoes)]
    assert ("evaluated-in-train-mode" in every) is told


def test_a_layer_whose_units_died_is_named():
    torch.manual_seed(0)
    model = mlp()
    with torch.no_grad():
        model[3].bias.fill_(-50.0)
    optimizer = SGD(model.parameters(), lr=0.01)
    with ns.watch(model, optimizer, show=False) as sitter:
        loop(model, optimizer, sitter, epochs=2)
    told = {finding.slug: finding.where for finding in sitter.findings}
    assert told["dead-relu"] == "4"
