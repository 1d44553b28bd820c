"""Optimisers: the kit, PyTorch's own as twins, and the formulas by hand."""

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from netsitter.errors import PlanError
from netsitter.optim.methods import OPTIMISERS, optimiser
from netsitter.optim.penalty import add_l2
from netsitter.plan.sections import OptimPlan
from netsitter.testing.optimiser_kit import OPTIMISER_CHECKS

TWINS = {
    "sgd": lambda p, h: torch.optim.SGD(p, lr=h["lr"], weight_decay=h["l2"]),
    "momentum": lambda p, h: torch.optim.SGD(p, lr=h["lr"], momentum=h["momentum"], weight_decay=h["l2"]),
    "nesterov": lambda p, h: torch.optim.SGD(
        p, lr=h["lr"], momentum=h["momentum"], nesterov=True, weight_decay=h["l2"]
    ),
    "rmsprop": lambda p, h: torch.optim.RMSprop(p, lr=h["lr"], alpha=h["beta2"], eps=h["eps"], weight_decay=h["l2"]),
    "adagrad": lambda p, h: torch.optim.Adagrad(p, lr=h["lr"], eps=h["eps"], weight_decay=h["l2"]),
    "adam": lambda p, h: torch.optim.Adam(
        p, lr=h["lr"], betas=(h["momentum"], h["beta2"]), eps=h["eps"], weight_decay=h["l2"]
    ),
    "adamw": lambda p, h: torch.optim.AdamW(
        p, lr=h["lr"], betas=(h["momentum"], h["beta2"]), eps=h["eps"], weight_decay=h["decay"]
    ),
}
HYPER = {"lr": 0.01, "momentum": 0.9, "beta2": 0.999, "eps": 1e-8, "decay": 0.0, "l2": 0.02}


@pytest.mark.parametrize("check", OPTIMISER_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_passes_the_kit(name, check):
    with torch.no_grad():
        check(OPTIMISERS[name])


def _ascends(params, grads, state, hyper, step):
    for name, grad in grads.items():
        params[name].add_(grad * hyper["lr"])


def _makes_new_tensors(params, grads, state, hyper, step):
    for name, grad in grads.items():
        params[name] = params[name] - grad * hyper["lr"]


def _spoils_gradients(params, grads, state, hyper, step):
    for name, grad in grads.items():
        params[name].sub_(grad.mul_(hyper["lr"]))


def _drifts(params, grads, state, hyper, step):
    for name, grad in grads.items():
        params[name].sub_(grad * hyper["lr"] + 1e-9)


def _reads_eps(params, grads, state, hyper, step):
    for name, grad in grads.items():
        params[name].sub_(grad * hyper["lr"] * (1 + hyper["eps"]))


def _mixes_trials(params, grads, state, hyper, step):
    for name, grad in grads.items():
        params[name].sub_(grad * (hyper["lr"] if isinstance(hyper["lr"], float) else 0.05))


@pytest.mark.parametrize(
    ("move", "fails"),
    [
        (_ascends, "goes_downhill_at_once"),
        (_makes_new_tensors, "moves_in_place"),
        (_spoils_gradients, "moves_in_place"),
        (_drifts, "stays_on_flat_ground"),
        (_reads_eps, "reads_what_it_says"),
        (_mixes_trials, "gives_the_same_lifted_as_alone"),
    ],
)
def test_the_kit_sees_a_broken_optimiser(move, fails):
    broken = replace(OPTIMISERS["sgd"], move=move)
    check = next(check for check in OPTIMISER_CHECKS if check.__name__ == fails)
    with torch.no_grad(), pytest.raises(AssertionError):
        check(broken)


@pytest.mark.parametrize(("dtype", "close"), [(torch.float64, 1e-12), (torch.float32, 1e-5)], ids=["double", "float"])
@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_hundred_steps_agree_with_pytorch(name, dtype, close):
    hyper = HYPER if name != "adamw" else {**HYPER, "l2": 0.0, "decay": 0.1}
    ours, theirs = _ours(name, hyper, dtype), _theirs(name, hyper, dtype)
    assert_close(ours, theirs, rtol=close, atol=close)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_lifted_trials_in_float32_agree_with_single_runs(name):
    lrs = (0.03, 0.01, 0.001)
    singles = [_ours(name, {**HYPER, "lr": lr}, torch.float32) for lr in lrs]
    numbers = {key: torch.tensor([[value]] * 3, dtype=torch.float64) for key, value in HYPER.items()}
    numbers["lr"] = torch.tensor(lrs, dtype=torch.float64).unsqueeze(1)
    params = _params(torch.float32)
    stacked = {key: torch.stack([p.flatten()] * 3) for key, p in params.items()}
    method = OPTIMISERS[name]
    state = method.init(stacked)
    for step in range(1, 101):
        whole = {key: p.reshape(3, *params[key].shape) for key, p in stacked.items()}
        grads = {key: grad.flatten(1) for key, grad in _gradient(whole).items()}
        add_l2(stacked, grads, numbers["l2"], stacked)
        method.update(stacked, grads, state, numbers, step)
    for trial, single in enumerate(singles):
        assert_close(
            {key: p[trial].reshape(params[key].shape) for key, p in stacked.items()}, single, rtol=1e-5, atol=1e-6
        )


def test_adam_with_numbers_in_float32_tensors_loses_no_digits_in_its_first_steps():
    """1 - 0.999² has only five right digits in float32."""
    grads = {"w": torch.tensor([1.0, -0.3, 1e-4])}
    alone, lifted = {"w": torch.zeros(3)}, {"w": torch.zeros(3)}
    method, hyper = OPTIMISERS["adam"], {key: torch.tensor(value) for key, value in HYPER.items()}
    state, other = method.init(alone), method.init(lifted)
    for step in (1, 2, 3):
        method.update(alone, grads, state, HYPER, step)
        method.update(lifted, grads, other, hyper, step)
        assert_close(lifted["w"], alone["w"], rtol=2e-6, atol=0)


def test_adam_with_both_means_switched_off_moves_by_the_sign():
    params = {"w": torch.zeros(3, dtype=torch.float64)}
    state = OPTIMISERS["adam"].init(params)
    hyper = {**HYPER, "momentum": 0.0, "beta2": 0.0, "eps": 1e-12}
    OPTIMISERS["adam"].update(params, {"w": torch.tensor([5.0, -0.1, 2.0], dtype=torch.float64)}, state, hyper, 1)
    assert_close(params["w"], torch.tensor([-0.01, 0.01, -0.01], dtype=torch.float64))


def test_zero_betas_are_fine_as_tensors_too():
    params = {"w": torch.zeros(2)}
    hyper = {key: torch.tensor(value) for key, value in {**HYPER, "momentum": 0.0, "beta2": 0.0}.items()}
    OPTIMISERS["adam"].update(params, {"w": torch.ones(2)}, OPTIMISERS["adam"].init(params), hyper, 1)
    assert_close(params["w"], torch.full((2,), -0.01))


def test_two_parameters_may_share_one_gradient_tensor():
    shared = torch.ones(2)
    params = {"a": torch.zeros(2), "b": torch.zeros(2)}
    OPTIMISERS["adam"].update(params, {"a": shared, "b": shared}, OPTIMISERS["adam"].init(params), HYPER, 1)
    assert torch.equal(params["a"], params["b"])


def test_the_plan_and_the_table_know_the_same_names_and_numbers():
    fields = OptimPlan.model_fields
    assert set(fields["kind"].annotation.__args__) == {*OPTIMISERS, "own"}
    assert all(set(method.uses) <= set(fields) for method in OPTIMISERS.values())


def test_an_optimiser_goes_by_its_name_or_as_itself():
    assert optimiser("adam") is optimiser(OPTIMISERS["adam"]) is OPTIMISERS["adam"]


def test_an_unknown_name_is_told_with_the_nearest():
    with pytest.raises(PlanError, match="Did you mean 'nesterov'"):
        optimiser("nestorov")


def _params(dtype):
    draws = torch.Generator().manual_seed(3)
    return {name: torch.randn(*shape, generator=draws, dtype=dtype) for name, shape in (("a", (4, 3)), ("b", (5,)))}


def _gradient(params):
    """Of a loss that is no bowl, so that gradients change sign, size and direction on the way."""
    return {name: (3 * p).sin() + 0.1 * p for name, p in params.items()}


def _ours(name, hyper, dtype):
    params, method = _params(dtype), OPTIMISERS[name]
    state = method.init(params)
    for step in range(1, 101):
        grads = _gradient(params)
        add_l2(params, grads, hyper["l2"], params)
        method.update(params, grads, state, hyper, step)
    return params


def _theirs(name, hyper, dtype):
    params = {key: torch.nn.Parameter(p) for key, p in _params(dtype).items()}
    twin = TWINS[name](list(params.values()), hyper)
    for _ in range(100):
        for p, grad in zip(
            params.values(), _gradient({k: p.detach() for k, p in params.items()}).values(), strict=True
        ):
            p.grad = grad
        twin.step()
    return {key: p.detach() for key, p in params.items()}
