"""`watch` names what is wrong with loops of other people, is silent on well ones, and changes no bit of any."""

from __future__ import annotations

import copy
import io
import random
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

import netsitter as ns
from netsitter.adapters.watch import Sitter
from netsitter.diagnose.registry import rules
from netsitter.errors import PlanError
from netsitter.record.events import EpochEnded, Outcome, TrialEnded, from_json, to_json
from netsitter.record.findings import Finding
from netsitter.record.loop_facts import NEXT, OWN, loop_of
from netsitter.record.trace import Trace
from netsitter.train.watching import activations, watched_of

SGD, Adam = torch.optim.SGD, torch.optim.Adam


def moons(rows: int = 256) -> tuple[Tensor, Tensor]:
    """Two half circles, standardised."""
    g = torch.Generator().manual_seed(0)
    angle, y = torch.rand(rows, generator=g) * torch.pi, torch.arange(rows) % 2
    x = torch.stack([angle.cos() + y, angle.sin() * (1 - 2 * y) + 0.5 * y], 1)
    x = x + 0.1 * torch.randn(rows, 2, generator=g)
    return (x - x.mean(0)) / x.std(0), y


def mlp(*, act: Callable[[], nn.Module] = nn.ReLU, drop: float = 0.0) -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 32), act(), nn.Dropout(drop), nn.Linear(32, 32), act(), nn.Linear(32, 2))


def grave(findings: list[Finding]) -> list[str]:
    return [finding.slug for finding in findings if finding.severity != "note"]


def loop(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    sitter: Any,
    *,
    epochs: int = 12,
    batch: int = 16,
    zero: Callable[[torch.optim.Optimizer], None] | None = lambda o: o.zero_grad(),
    loss_of: Callable[[Tensor], Tensor] = lambda loss: loss,
    every: int = 1,
) -> None:
    """The loop of the first tutorial. every: backward passes for one step. zero: how gradients are cleared."""
    x, y = moons()
    for epoch in range(epochs):
        for number, rows in enumerate(torch.randperm(len(x)).split(batch)):
            if zero is not None and number % every == 0:
                zero(optimizer)
            loss = F.cross_entropy(model(x[rows]), y[rows])
            (loss_of(loss) / every).backward()
            if number % every == every - 1:
                optimizer.step()
            if sitter is not None:
                sitter.note(loss=loss.item(), epoch=epoch)


USUAL = partial(Adam, lr=0.01)


def run(make: Callable[..., Any] = USUAL, build: Callable[[], nn.Module] = mlp, **more: Any) -> Sitter:
    torch.manual_seed(0)
    model = build()
    optimizer = make(model.parameters())
    with ns.watch(model, optimizer, show=False) as sitter:
        loop(model, optimizer, sitter, **more)
    assert sitter.not_checked == []
    return sitter


# loops of other people, each with and without


def plain(watch: Any) -> list[nn.Module]:
    model = mlp(drop=0.2)
    optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    with watch(model, optimizer) as sitter:
        loop(model, optimizer, sitter, epochs=6)
    return [model]


def normed(watch: Any) -> list[nn.Module]:
    """Pictures, batch norm, clipping, a schedule, scores in evaluation mode."""
    x, y = torch.randn(96, 1, 8, 8), torch.arange(96) % 2
    x[y == 1] += 0.5
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.Dropout2d(0.1), nn.Flatten(), nn.Linear(288, 2)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5)
    with watch(model, optimizer) as sitter:
        for epoch in range(5):
            model.train()
            for rows in torch.randperm(96).split(16):
                optimizer.zero_grad(set_to_none=False)
                F.cross_entropy(model(x[rows]), y[rows]).backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
            schedule.step()
            model.eval()
            with torch.no_grad():
                right = (model(x).argmax(1) == y).float().mean()
            if sitter is not None:
                sitter.note(val=right, epoch=epoch)
    return [model]


def lbfgs(watch: Any) -> list[nn.Module]:
    x, y = moons(64)
    model = mlp(act=nn.Tanh)
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=5)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    with watch(model, optimizer) as sitter:
        for _ in range(25):
            loss = optimizer.step(closure)
            if sitter is not None:
                sitter.note(loss=loss)
    return [model]


def accumulated(watch: Any) -> list[nn.Module]:
    model = mlp()
    optimizer = Adam(model.parameters(), lr=0.01)
    with watch(model, optimizer) as sitter:
        loop(model, optimizer, sitter, every=4)
    return [model]


def adversaries(watch: Any) -> list[nn.Module]:
    """Two networks against each other; each is watched by itself. The second backward reaches the first as well."""
    make = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
    judge = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    first, second = Adam(judge.parameters(), lr=0.01), Adam(make.parameters(), lr=0.01)
    x, _ = moons()
    with watch(judge, first) as of_judge, watch(make, second) as of_make:
        for epoch in range(8):
            for rows in torch.randperm(len(x)).split(32):
                first.zero_grad()
                fake = make(torch.randn(len(rows), 4))
                loss = F.softplus(-judge(x[rows])).mean() + F.softplus(judge(fake.detach())).mean()
                loss.backward()
                first.step()
                second.zero_grad()
                against = F.softplus(-judge(fake)).mean()
                against.backward()
                second.step()
                if of_judge is not None:
                    of_judge.note(loss=loss.item(), epoch=epoch)
                    of_make.note(loss=against.item(), epoch=epoch)
    return [make, judge]


def siamese(watch: Any) -> list[nn.Module]:
    x, y = moons()
    model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 4))
    optimizer = Adam(model.parameters(), lr=0.01)
    with watch(model, optimizer) as sitter:
        for epoch in range(6):
            for rows in torch.randperm(len(x)).split(32):
                left, right = rows.chunk(2)
                optimizer.zero_grad()
                far = (model(x[left]) - model(x[right])).square().sum(1)
                loss = torch.where(y[left] == y[right], far, F.relu(2 - far)).mean()
                loss.backward()
                optimizer.step()
                if sitter is not None:
                    sitter.note(loss=loss.item(), epoch=epoch)
    return [model]


class Words(nn.Module):
    """Tokens through an LSTM to two classes."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.lstm, self.out = nn.Embedding(10, 8), nn.LSTM(8, 16, batch_first=True), nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.lstm(self.embed(x))[0][:, -1])


def sequences(watch: Any) -> list[nn.Module]:
    x = torch.randint(0, 10, (128, 6))
    y = (x[:, -1] > 4).long()
    model = Words()
    optimizer = Adam(model.parameters(), lr=0.02)
    with watch(model, optimizer) as sitter:
        for epoch in range(8):
            for rows in torch.randperm(128).split(16):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x[rows]), y[rows])
                loss.backward()
                optimizer.step()
                if sitter is not None:
                    sitter.note(loss=loss.item(), epoch=epoch)
    return [model]


def by_hand(watch: Any) -> list[nn.Module]:
    """Gradients that are asked for and put into place; nothing is added, so nothing can be kept."""
    x, y = moons()
    model = mlp()
    optimizer = Adam(model.parameters(), lr=0.01)
    with watch(model, optimizer) as sitter:
        for _ in range(40):
            loss = F.cross_entropy(model(x), y)
            for p, grad in zip(model.parameters(), torch.autograd.grad(loss, list(model.parameters())), strict=True):
                p.grad = grad
            optimizer.step()
            if sitter is not None:
                sitter.note(loss=loss.item())
    return [model]


def halves(watch: Any) -> list[nn.Module]:
    """One network, an optimiser for each half."""
    model = mlp()
    first, second = Adam(model[0].parameters(), lr=0.01), SGD(model[3:].parameters(), lr=0.05)
    x, y = moons()
    with watch(model, first) as sitter:
        for epoch in range(6):
            for rows in torch.randperm(len(x)).split(32):
                model.zero_grad()
                loss = F.cross_entropy(model(x[rows]), y[rows])
                loss.backward()
                first.step()
                second.step()
                if sitter is not None:
                    sitter.note(loss=loss.item(), epoch=epoch)
    return [model]


def sparse(watch: Any) -> list[nn.Module]:
    model = nn.Sequential(nn.Embedding(10, 4, sparse=True), nn.Flatten(), nn.Linear(12, 2))
    x, y = torch.randint(0, 10, (64, 3)), torch.arange(64) % 2
    optimizer = SGD(model.parameters(), lr=0.1)
    with watch(model, optimizer):
        for rows in torch.arange(64).repeat(4).split(8):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    return [model]


WELL = (plain, normed, lbfgs, accumulated, adversaries, siamese, sequences, by_hand, halves, sparse)


def unwatched(*_: Any) -> nullcontext[None]:
    return nullcontext()


@pytest.mark.parametrize("program", WELL)
def test_a_well_loop_is_not_blamed_and_ends_with_the_same_bits_and_the_same_random_streams(program):
    ends, sitters = [], []

    def watched(*given: Any) -> Sitter:
        sitters.append(ns.watch(*given, show=False))
        return sitters[-1]

    for watch in (unwatched, watched):
        torch.manual_seed(1)
        np.random.seed(1)
        random.seed(1)
        models = program(watch)
        weights = [tensor for model in models for tensor in model.state_dict().values()]
        ends.append((weights, torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()))
        assert not any(hooks_of(model) for model in models)
    (bare, *streams), (seen, *streams_seen) = ends
    assert all(torch.equal(a, b) for a, b in zip(bare, seen, strict=True))
    assert torch.equal(streams[0], streams_seen[0])
    assert streams[1:] == streams_seen[1:]
    for sitter in sitters:
        assert grave(sitter.findings) == []
        assert sitter.not_checked == []
        assert loop_of(sitter.trace).kept == 0


def hooks_of(model: nn.Module) -> list[Any]:
    """Every hook that hangs on a network, its parameters, or optimisers in general."""
    names = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    found = [hook for part in model.modules() for name in names for hook in getattr(part, name).values()]
    for p in model.parameters():
        found += [*(p._backward_hooks or {}).values(), *(p._post_accumulate_grad_hooks or {}).values()]
    return [*found, *_global_optimizer_post_hooks.values(), *_global_optimizer_pre_hooks.values()]


def test_when_the_loop_raises_the_error_passes_and_no_hook_is_left():
    model = mlp()
    optimizer = SGD(model.parameters(), lr=0.1)
    sitter = ns.watch(model, optimizer, show=False)

    def broken() -> None:
        with sitter:
            loop(model, optimizer, sitter, epochs=1)
            assert hooks_of(model)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert hooks_of(model) == []
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks
    assert sitter.trace.ended.outcome is Outcome.INTERRUPTED


# faults


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


# what is measured


def test_gradients_updates_and_slopes_are_those_of_a_calculation_by_hand():
    torch.manual_seed(0)
    x, y = moons(32)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2))
    optimizer = SGD(model.parameters(), lr=0.5)
    norms, ratios, moves, grads = [], [], [], []
    with ns.watch(model, optimizer, show=False, every=1) as sitter:
        for _ in range(6):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            old = [p.detach().clone() for p in model.parameters()]
            grads.append([p.grad.clone() for p in model.parameters()])
            optimizer.step()
            moves.append([p.detach() - before for p, before in zip(model.parameters(), old, strict=True)])
            norms.append([grads[-1][i].norm() for i in (0, 2)])
            ratios.append([moves[-1][i].norm() / old[i].norm() for i in (0, 2)])
    trace = sitter.trace
    np.testing.assert_allclose(trace.curve("grad/norm").values[:, 0], torch.tensor(norms), rtol=1e-5)
    np.testing.assert_allclose(trace.curve("update/ratio").values[:, 0], torch.tensor(ratios), rtol=1e-5)

    def along(grad: list[Tensor], move: list[Tensor]) -> float:
        return float(sum((g * m).sum() for g, m in zip(grad, move, strict=True)))

    own = [along(grads[i], moves[i]) for i in range(5)]
    after = [along(grads[i + 1], moves[i]) for i in range(5)]
    np.testing.assert_allclose(trace.curve(OWN).values[:, 0], own, rtol=1e-4)
    np.testing.assert_allclose(trace.curve(NEXT).values[:, 0], after, rtol=1e-4)
    assert all(value < 0 for value in own)


def test_activations_over_batches_are_those_of_all_rows_at_once():
    torch.manual_seed(0)
    x, _ = moons(512)
    model = mlp()
    frozen = SGD(model.parameters(), lr=0.0)
    with ns.watch(model, frozen, show=False) as sitter:
        for rows in torch.arange(512).split(32):
            frozen.zero_grad()
            model(x[rows]).mean().backward()
            frozen.step()
            sitter.note(epoch=0)
    whole = activations(model, model, x, watched_of(model).layers)
    for name in ("act/dead", "act/mean", "act/saturated"):
        np.testing.assert_allclose(sitter.trace.curve(name).values[0, 0], whole[name].detach(), rtol=1e-4, atol=1e-5)


def test_epochs_end_when_another_one_is_noted_however_they_are_counted():
    model = mlp()
    optimizer = SGD(model.parameters(), lr=0.1)
    with ns.watch(model, optimizer, show=False) as sitter:
        for epoch in (7, 8, 9):
            loop(model, optimizer, None, epochs=1, batch=64)
            sitter.note(epoch=epoch, loss=1.0, val=0.1 * epoch)
    ended = sitter.trace.of(EpochEnded)
    assert [(event.epoch, event.step, event.best) for event in ended] == [
        (1, 4, (True,)),
        (2, 8, (True,)),
        (3, 12, (True,)),
    ]
    np.testing.assert_allclose(sitter.trace.curve("epoch/val").values[:, 0], [0.7, 0.8, 0.9])


def test_several_batches_of_one_step_are_noted_as_their_mean():
    model = mlp()
    with ns.watch(model, SGD(model.parameters(), lr=0.1), show=False) as sitter:
        for value in (1.0, 2.0, 6.0):
            sitter.note(loss=value)
    assert sitter.trace.curve("loss").values.tolist() == [[3.0]]


def test_findings_can_be_asked_for_while_the_loop_goes_on_and_asking_changes_nothing():
    torch.manual_seed(0)
    model = mlp()
    optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9)
    with ns.watch(model, optimizer, show=False) as sitter:
        assert sitter.findings == []
        loop(model, optimizer, sitter, epochs=3, zero=None)
        first, again = sitter.findings, sitter.findings
    assert grave(first)[0] == "kept-gradient"
    assert first == again
    assert grave(sitter.findings)[0] == "kept-gradient"


def test_every_event_goes_to_json_and_back():
    sitter = run(zero=None, epochs=3)
    for event in sitter.trace.events:
        assert to_json(from_json(to_json(event))) == to_json(event)
    again = Trace(from_json(to_json(event)) for event in sitter.trace.events)
    assert again.findings == sitter.findings
    assert loop_of(again) == loop_of(sitter.trace)


def test_every_rule_of_a_run_can_read_what_a_watched_loop_leaves():
    for trace in (run(epochs=8).trace, run(epochs=1).trace, Trace()):
        for length in range(len(trace.events) + 1):
            part = Trace(trace.events[:length])
            for rule in (rule for rule in rules("run") if length % 7 == 0 or length > len(trace.events) - 4):
                rule.check(part, ns.Plan())


# what it must not disturb


def test_a_copy_of_the_network_made_meanwhile_has_no_ears():
    torch.manual_seed(0)
    model = mlp()
    optimizer = SGD(model.parameters(), lr=0.1)
    with ns.watch(model, optimizer, show=False) as sitter:
        other = copy.deepcopy(model)
        saved = io.BytesIO()
        torch.save(model, saved)
        with torch.no_grad():
            other(torch.zeros(4, 2))
        assert sitter._layers.scoring == (0, 0)
    assert saved.tell() < 50_000
    assert all(torch.equal(a, b) for a, b in zip(other.parameters(), model.parameters(), strict=True))


def test_a_fault_of_ours_ends_nothing_and_is_told(monkeypatch):
    monkeypatch.setattr("netsitter.adapters.layers.signal", lambda part, out: 1 / 0)
    monkeypatch.setattr("netsitter.adapters.steps.looked", lambda *_: 1 / 0)
    torch.manual_seed(0)
    model = mlp()
    optimizer = SGD(model.parameters(), lr=0.1)
    with ns.watch(model, optimizer, show=False) as sitter:
        loop(model, optimizer, sitter, epochs=2)
    assert {what for what, _ in sitter.not_checked} == {"activations", "steps"}
    assert all("ZeroDivisionError" in why for _, why in sitter.not_checked)


def test_a_compiled_network_is_left_as_it_is():
    torch.manual_seed(0)
    model = torch.compile(mlp(), backend="eager")
    optimizer = SGD(model.parameters(), lr=0.05)
    with ns.watch(model, optimizer, show=False) as sitter:
        loop(model, optimizer, sitter, epochs=2)
    assert grave(sitter.findings) == []


def test_findings_and_the_verdict_are_printed_unless_they_are_not_to_be(capsys):
    for show in (False, True):
        torch.manual_seed(0)
        model = mlp()
        optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9)
        with ns.watch(model, optimizer, show=show) as sitter:
            loop(model, optimizer, sitter, epochs=3, zero=None)
        lines = capsys.readouterr().out.splitlines()
        assert bool(lines) is show
    assert lines[0].startswith("error GRD003 kept-gradient (the gradients): in ")
    assert "What is wrong, the gravest first:" in lines
    assert "    do: Call optimizer.zero_grad() before the first backward pass of each step." in lines


@pytest.mark.parametrize(
    ("given", "code"),
    [((lambda x: x, None), "P70"), ((nn.Linear(1, 1), "adam"), "P71"), ((nn.Linear(1, 1), None, -1), "P72")],
)
def test_what_cannot_be_watched_is_refused(given, code):
    model, optimizer, *every = given
    optimizer = SGD(nn.Linear(1, 1).parameters(), lr=0.1) if optimizer is None else optimizer
    with pytest.raises(PlanError) as refused:
        ns.watch(model, optimizer, every=every[0] if every else 50)
    assert refused.value.code == code


def test_what_is_no_number_is_refused_by_name():
    model = mlp()
    with ns.watch(model, SGD(model.parameters(), lr=0.1), show=False) as sitter:
        for value in ("high", torch.zeros(2), [1.0]):
            with pytest.raises(PlanError, match="val must be one number"):
                sitter.note(val=value)
