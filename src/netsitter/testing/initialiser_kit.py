"""What every initialiser must pass, one function a promise: `for check in INITIALISER_CHECKS: check(entry)`.

Each takes an `Initialiser` and raises AssertionError that says what was expected.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.testing import assert_close

from netsitter.nn.initialisers import Initialiser

SHAPES = ((7, 5), (5, 7), (300, 200), (8, 3, 5, 5), (16, 4, 3))
"""Of dense layers and convolutions, wide and narrow."""


def fills_every_number(entry: Initialiser) -> None:
    """No number of the weight keeps what stood there before."""
    for shape in SHAPES:
        weight = torch.full(shape, float("nan"))
        entry.fill(weight, gain=1.0, generator=_generator())
        assert weight.isfinite().all(), f"{entry.name} left holes in {shape}"


def draws_from_the_generator_alone(entry: Initialiser) -> None:
    """One seed gives one weight, and PyTorch's own random numbers go on as if nothing had been."""
    state = torch.random.get_rng_state()
    for shape in SHAPES:
        assert torch.equal(_drawn(entry, shape), _drawn(entry, shape)), (
            f"{entry.name}: {shape} differs between two draws"
        )
    assert torch.equal(torch.random.get_rng_state(), state), f"{entry.name} drew from the global generator"


def differs_between_seeds_or_never(entry: Initialiser) -> None:
    """Random weights differ between seeds; those that do not are all one number, and named for it."""
    first, second = _drawn(entry, (7, 5), seed=0), _drawn(entry, (7, 5), seed=1)
    if torch.equal(first, second):
        assert first.unique().numel() == 1, f"{entry.name} gives one pattern for every seed"


def takes_the_gain_as_a_factor_or_not_at_all(entry: Initialiser) -> None:
    """Twice the gain gives twice the weights, or the same."""
    for shape in SHAPES:
        once, twice = _drawn(entry, shape), _drawn(entry, shape, gain=2.0)
        wanted = once if torch.equal(once, twice) else 2 * once
        assert_close(twice, wanted, msg=f"{entry.name}: gain 2 on {shape} is neither ignored nor a factor")


def keeps_the_size_of_signals_where_it_says_so(entry: Initialiser) -> None:
    """A scaled initialiser gives a square layer's outputs about the variance of its inputs."""
    if not entry.scaled:
        return
    x_BD = torch.randn(200, 256, generator=_generator(1))
    variance = float((x_BD @ _drawn(entry, (256, 256)).T).var())
    assert 0.8 < variance < 1.25, f"{entry.name}: variance 1 became {variance:.2f}"


def keeps_the_type(entry: Initialiser) -> None:
    """float64 stays float64."""
    weight = torch.empty(6, 4, dtype=torch.float64)
    entry.fill(weight, gain=1.0, generator=_generator())
    assert weight.isfinite().all(), f"{entry.name} left holes in float64"


INITIALISER_CHECKS: tuple[Callable[[Initialiser], None], ...] = (
    fills_every_number,
    draws_from_the_generator_alone,
    differs_between_seeds_or_never,
    takes_the_gain_as_a_factor_or_not_at_all,
    keeps_the_size_of_signals_where_it_says_so,
    keeps_the_type,
)
"""All promises, in the order in which they are easiest to mend."""


def _drawn(entry: Initialiser, shape: tuple[int, ...], *, gain: float = 1.0, seed: int = 0) -> Tensor:
    weight = torch.empty(shape)
    entry.fill(weight, gain=gain, generator=_generator(seed))
    return weight


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
