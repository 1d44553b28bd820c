"""What every activation must pass, one function a promise: `for check in ACTIVATION_CHECKS: check(entry)`.

Each takes an `Activation` and raises AssertionError that says what was expected.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

import torch
from torch import Tensor
from torch.func import functional_call, stack_module_state, vmap
from torch.testing import assert_close

from netsitter.nn.activations import Activation

UNITS = 6


def gives_one_output_a_unit(entry: Activation) -> None:
    """(B, pieces * H) becomes (B, H), and (B, pieces * C, Y, X) becomes (B, C, Y, X), in the same type."""
    wide = UNITS * entry.pieces
    for shape, wanted in (((4, wide), (4, UNITS)), ((4, wide, 5, 3), (4, UNITS, 5, 3)), ((0, wide), (0, UNITS))):
        for dtype in (torch.float32, torch.float64, torch.bfloat16):
            out = entry.make().to(dtype)(torch.ones(shape, dtype=dtype))
            assert out.shape == wanted, f"{entry.name}: {shape} must become {wanted}; got {tuple(out.shape)}"
            assert out.dtype is dtype, f"{entry.name}: {dtype} became {out.dtype}"


def leaves_its_input_alone(entry: Activation) -> None:
    """What comes before an activation is measured after it ran, so it must not work in place."""
    x_BH = _inputs(entry)
    before = x_BH.clone()
    entry.make()(x_BH)
    assert torch.equal(x_BH, before), f"{entry.name} wrote into its input"


def stays_finite_far_out(entry: Activation) -> None:
    """Large inputs give finite outputs and gradients."""
    x_BH = (1e4 * _inputs(entry)).requires_grad_()
    out_BH = entry.make()(x_BH)
    out_BH.sum().backward()
    assert x_BH.grad is not None
    assert out_BH.isfinite().all(), f"{entry.name} gives outputs that are not finite"
    assert x_BH.grad.isfinite().all(), f"{entry.name} gives gradients that are not finite"


def has_the_gradient_of_its_own_curve(entry: Activation) -> None:
    """The gradient agrees with central differences, away from kinks."""
    x_BH = _inputs(entry).double()
    module = entry.make().double()
    assert torch.autograd.gradcheck(module, x_BH.requires_grad_(), raise_exception=False), f"{entry.name}: gradient"


def is_made_anew_each_time(entry: Activation) -> None:
    """Two layers share nothing, so that each learns for itself."""
    first, second = entry.make(), entry.make()
    assert first is not second
    shared = {id(weight) for weight in first.parameters()} & {id(weight) for weight in second.parameters()}
    assert not shared, f"{entry.name}: two layers share weights"


def can_be_lifted_over_trials(entry: Activation) -> None:
    """All trials at once give what each gives alone."""
    modules = [entry.make() for _ in range(3)]
    x_TBH = torch.stack([_inputs(entry) * (trial + 1) for trial in range(3)])
    alone = torch.stack([module(x_BH) for module, x_BH in zip(modules, x_TBH, strict=True)])
    params, buffers = stack_module_state(modules)

    def one(params: dict[str, Tensor], buffers: dict[str, Tensor], x_BH: Tensor) -> Tensor:
        return functional_call(modules[0], (params, buffers), (x_BH,))

    # torch.func asks for one size of the trial axis, which a layer without weights gets from its input.
    axes = (0 if params else None, 0 if buffers else None, 0)
    assert_close(vmap(one, in_dims=axes)(params, buffers, x_TBH), alone)


def has_a_gain_and_words(entry: Activation) -> None:
    """What the fact sheet and the initialisers need of it."""
    assert isfinite(entry.gain), f"{entry.name}: gain {entry.gain}"
    assert entry.gain > 0, f"{entry.name}: gain {entry.gain}"
    assert entry.sentence, f"{entry.name} says nothing of itself"


ACTIVATION_CHECKS: tuple[Callable[[Activation], None], ...] = (
    gives_one_output_a_unit,
    leaves_its_input_alone,
    stays_finite_far_out,
    has_the_gradient_of_its_own_curve,
    is_made_anew_each_time,
    can_be_lifted_over_trials,
    has_a_gain_and_words,
)
"""All promises, in the order in which they are easiest to mend."""


def _inputs(entry: Activation) -> Tensor:
    """(B, pieces * H) of both signs, none near 0, no two alike."""
    count = 4 * UNITS * entry.pieces
    spread = torch.randperm(count, generator=torch.Generator().manual_seed(0)).float()
    return ((spread + 0.5) / count * 6 - 3).reshape(4, -1)
