"""What every optimiser must pass, one function a promise: `for check in OPTIMISER_CHECKS: check(optimiser)`.

Each takes an `Optimiser` and raises AssertionError that says what was expected.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.testing import assert_close

from netsitter.optim.methods import Optimiser, State

HYPER = {"lr": 0.05, "momentum": 0.9, "beta2": 0.99, "eps": 1e-8, "decay": 0.0}
"""Numbers with which each optimiser must find the bottom of a bowl."""

OTHER = {"lr": 0.01, "momentum": 0.5, "beta2": 0.8, "eps": 1e-2, "decay": 0.1}
"""Another value of each, to see what has an effect."""

BOWL_STEPS = 1_000

Tensors = dict[str, Tensor]


def keeps_state_like_the_parameters(optimiser: Optimiser) -> None:
    """The state is one zero tensor a slot and parameter, in the parameter's shape and type."""
    params = {**_weights(), "half": torch.ones(2, 3, dtype=torch.bfloat16), "point": torch.ones(())}
    state = optimiser.init(params)
    assert tuple(state) == optimiser.slots, f"slots are {optimiser.slots}, init made {tuple(state)}"
    for slot, tensors in state.items():
        for name, p in params.items():
            assert_close(tensors[name], torch.zeros_like(p), msg=f"{slot} of {name} must be zeros like it")


def moves_in_place(optimiser: Optimiser) -> None:
    """The tensors handed in hold the new weights and state; the gradients are as they were."""
    params, state = _start(optimiser)
    grads = _grads(1)
    held = [*params.values(), *(t for tensors in state.values() for t in tensors.values())]
    before, grads_before = [t.clone() for t in held], {name: g.clone() for name, g in grads.items()}
    optimiser.update(params, grads, state, HYPER, 1)
    assert all(not torch.equal(t, old) for t, old in zip(held, before, strict=True)), (
        "weights and state must move in place"
    )
    assert_close(
        grads, grads_before, rtol=0, atol=0, msg="gradients must not be written into: two parameters may share one"
    )


def goes_downhill_at_once(optimiser: Optimiser) -> None:
    """The first step has the opposite sign of the gradient, everywhere."""
    params, state = _start(optimiser)
    before, grads = {name: p.clone() for name, p in params.items()}, _grads(1)
    optimiser.update(params, grads, state, HYPER, 1)
    for name, p in params.items():
        assert torch.equal((p - before[name]).sign(), -grads[name].sign()), f"{name} must go against its gradient"


def finds_the_bottom_of_a_bowl(optimiser: Optimiser) -> None:
    """On 0.5 · Σ c · w² with c from 1 to 10 the loss falls below a hundredth."""
    curve = torch.linspace(1, 10, 8, dtype=torch.float64)
    params = {"w": torch.ones(8, dtype=torch.float64)}
    state = optimiser.init(params)
    for step in range(1, BOWL_STEPS + 1):
        optimiser.update(params, {"w": curve * params["w"]}, state, HYPER, step)
    left = float((curve * params["w"].square()).sum() / curve.sum())
    assert left < 0.01, f"{left:.3g} of the loss is left after {BOWL_STEPS:,} steps"


def stays_on_flat_ground(optimiser: Optimiser) -> None:
    """A gradient of 0 from the start moves nothing."""
    params, state = _start(optimiser)
    before = {name: p.clone() for name, p in params.items()}
    for step in (1, 2, 3):
        optimiser.update(params, {name: torch.zeros_like(p) for name, p in params.items()}, state, HYPER, step)
    assert_close(params, before, rtol=0, atol=0, msg="without a gradient no weight may move")


def leaves_what_has_no_gradient(optimiser: Optimiser) -> None:
    """A parameter that `grads` does not name keeps its value, and is not shrunk."""
    params, state = _start(optimiser)
    before = params["bias"].clone()
    optimiser.update(params, {"weight": _grads(1)["weight"]}, state, {**HYPER, "decay": 0.5}, 1)
    assert torch.equal(params["bias"], before), "bias has no gradient and must stay"


def shrinks_apart_from_the_gradient(optimiser: Optimiser) -> None:
    """Decay takes lr · decay of each decayed weight a step, whatever the gradient, and of no other."""
    params, state = _start(optimiser)
    plain, plain_state = _start(optimiser)
    params["weight"].div_(1 - 0.05 * 0.5)
    optimiser.update(params, _grads(1), state, {**HYPER, "decay": 0.5}, 1, decayed=["weight"])
    optimiser.update(plain, _grads(1), plain_state, HYPER, 1)
    assert_close(params, plain, msg="decay must be lr · decay of the weight, before the step")


def reads_what_it_says(optimiser: Optimiser) -> None:
    """The numbers in `uses` change the result, the others do not."""
    usual = _after(optimiser, HYPER)
    for name, value in OTHER.items():
        same = torch.equal(usual, _after(optimiser, {**HYPER, name: value}))
        assert same != (name in optimiser.uses), f"{name}: its effect must agree with uses = {optimiser.uses}"


def gives_the_same_lifted_as_alone(optimiser: Optimiser) -> None:
    """Three stacked trials, a row each, with numbers of their own, are three single runs."""
    lrs, decays = [0.05, 0.01, 0.002], [0.0, 0.1, 1.0]
    stacked, singles = _lifted(optimiser, lrs, decays)
    for trial, single in enumerate(singles):
        assert_close(
            {name: p[trial] for name, p in stacked.items()},
            single,
            rtol=1e-12,
            atol=1e-13,
            msg=f"trial {trial} differs",
        )


def keeps_a_fault_in_its_trial(optimiser: Optimiser) -> None:
    """A NaN in the gradient of one lifted trial, and a rate without bounds in another, touch no third."""
    stacked, singles = _lifted(optimiser, [0.05, 0.05, float("inf")], [0.0, 0.0, 0.0], broken=0)
    whole = {name: p[1] for name, p in stacked.items()}
    assert_close(whole, singles[1], rtol=1e-12, atol=1e-13, msg="the whole trial must not notice the broken ones")
    assert bool(stacked["weight"][0].isnan().all()), "the broken trial must show its NaN"


OPTIMISER_CHECKS: tuple[Callable[[Optimiser], None], ...] = (
    keeps_state_like_the_parameters,
    moves_in_place,
    goes_downhill_at_once,
    finds_the_bottom_of_a_bowl,
    stays_on_flat_ground,
    leaves_what_has_no_gradient,
    shrinks_apart_from_the_gradient,
    reads_what_it_says,
    gives_the_same_lifted_as_alone,
    keeps_a_fault_in_its_trial,
)


def _weights(seed: int = 0) -> Tensors:
    draws = torch.Generator().manual_seed(seed)
    return {
        "weight": torch.randn(4, 3, generator=draws, dtype=torch.float64),
        "bias": torch.randn(4, generator=draws, dtype=torch.float64),
    }


def _grads(step: int) -> Tensors:
    return _weights(1000 + step)


def _start(optimiser: Optimiser) -> tuple[Tensors, State]:
    params = _weights()
    return params, optimiser.init(params)


def _after(optimiser: Optimiser, hyper: dict[str, float]) -> Tensor:
    """All weights after three steps."""
    params, state = _start(optimiser)
    for step in (1, 2, 3):
        optimiser.update(params, _grads(step), state, hyper, step)
    return torch.cat([p.flatten() for p in params.values()])


def _lifted(
    optimiser: Optimiser, lrs: list[float], decays: list[float], *, broken: int | None = None
) -> tuple[Tensors, list[Tensors]]:
    """Weights after five steps: of all trials together, a row each, and of each alone."""
    numbers = [{**HYPER, "lr": lr, "decay": decay} for lr, decay in zip(lrs, decays, strict=True)]
    hyper = {name: torch.tensor([[n[name]] for n in numbers], dtype=torch.float64) for name in HYPER}
    singles = [_start(optimiser) for _ in numbers]
    stacked = {name: torch.stack([params[name].flatten() for params, _ in singles]) for name in singles[0][0]}
    state = optimiser.init(stacked)
    for step in range(1, 6):
        each = [_grads(step) for _ in numbers]
        if broken is not None:
            each[broken] = {name: g * float("nan") for name, g in each[broken].items()}
        together = {name: torch.stack([grads[name].flatten() for grads in each]) for name in each[0]}
        optimiser.update(stacked, together, state, hyper, step)
        for (params, own), grads, number in zip(singles, each, numbers, strict=True):
            optimiser.update(params, grads, own, number, step)
    return stacked, [{name: p.flatten() for name, p in params.items()} for params, _ in singles]
