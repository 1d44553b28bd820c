"""What happens to loss and outputs when one thing is changed: inputs, other rows, one tiny step, the mode."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import torch
from torch import Tensor, nn

from netsitter.nn.modes import evaluating, into_training
from netsitter.record.start_facts import WiringFacts
from netsitter.train.losses import Loss
from netsitter.train.start.untouched import copied, own_chance

STEP = 1e-3
"""By how much of itself the tiny step is to lower the loss, going by the gradient."""

HALVINGS = 6
"""Times that the tiny step is made ten times shorter when the loss rises: the ground may be strongly curved."""


def wiring_of(net: nn.Module, x_B: Tensor, y_B: Tensor, loss: Loss) -> WiringFacts:
    """The facts that could be measured; what raises stays None."""
    with own_chance():
        return WiringFacts(
            zeroed_input=_tried(lambda: _zeroed(net, x_B, y_B, loss)),
            input_effect=_tried(lambda: _input_effect(net, x_B)),
            other_rows=_tried(lambda: _other_rows(net, x_B)),
            step_down=_tried(lambda: _step_down(net, x_B, y_B, loss)),
            linear=_linear(net, x_B),
            modes_apart=_tried(lambda: _modes_apart(net, x_B)),
        )


def _tried(measure: Callable[[], float | None]) -> float | None:
    with suppress(Exception):  # a user's module may raise anything
        return measure()
    return None


def _answer(net: nn.Module, x_B: Tensor) -> Tensor:
    with torch.no_grad(), evaluating(net):
        return net(x_B).double()


def _zeroed(net: nn.Module, x_B: Tensor, y_B: Tensor, loss: Loss) -> float:
    tried = copied(net)
    into_training(tried)
    with torch.no_grad():
        return float(loss(tried(torch.zeros_like(x_B)), y_B))


def _input_effect(net: nn.Module, x_B: Tensor) -> float:
    """The spread of the outputs over rows, in training mode, against their size."""
    tried = copied(net)
    into_training(tried)
    with torch.no_grad():
        out = tried(x_B).double()
    return float(out.std(dim=0, correction=0).mean() / out.abs().mean().clamp_min(1e-30))


def _other_rows(net: nn.Module, x_B: Tensor) -> float:
    """How far answers to one half of the rows move when the other half is replaced, against their size.

    Both halves are asked: what goes along the batch as along time moves only the rows behind.
    """
    half = len(x_B) // 2
    if half < 1:
        return 0.0
    first, second = x_B[:half], x_B[half : 2 * half]
    whole = _answer(tried := copied(net), torch.cat([first, second]))
    if whole.shape[0] != 2 * half:
        return 1.0
    # Sums in another order differ in the last digits; only more than that is a mixture.
    ahead = _answer(tried, torch.cat([first, first.flip(0)]))[:half] - whole[:half]
    behind = _answer(tried, torch.cat([second.flip(0), second]))[half:] - whole[half:]
    return float(torch.maximum(ahead.abs().max(), behind.abs().max()) / whole.abs().max().clamp_min(1e-12))


def _step_down(net: nn.Module, x_B: Tensor, y_B: Tensor, loss: Loss) -> float | None:
    """The change of the loss over a tiny step against its gradient, as a share of the loss."""
    tried = copied(net).double()
    x, y = (x_B.double() if x_B.is_floating_point() else x_B), (y_B.double() if y_B.is_floating_point() else y_B)
    weights = [p for p in tried.parameters() if p.requires_grad]
    with evaluating(tried):
        with torch.enable_grad():
            before = loss(tried(x), y)
            grads = torch.autograd.grad(before, weights, allow_unused=True)
        square = float(sum(g.square().sum() for g in grads if g is not None))
        if square == 0 or not torch.isfinite(before):
            return None
        length = STEP * abs(float(before.detach())) / square
        for _ in range(HALVINGS):
            with torch.no_grad():
                for weight, grad in zip(weights, grads, strict=True):
                    if grad is not None:
                        weight.sub_(grad, alpha=length)
                change = (float(loss(tried(x), y)) - float(before.detach())) / abs(float(before.detach()))
                for weight, grad in zip(weights, grads, strict=True):
                    if grad is not None:
                        weight.add_(grad, alpha=length)
            if change < 0:
                return change
            length /= 10
    return change


def _linear(net: nn.Module, x_B: Tensor) -> bool | None:
    """Whether the answer to a mixture of rows is the mixture of the answers, far beyond the rows themselves too."""
    try:
        if not x_B.is_floating_point():
            return None
        tried = copied(net).double()
        a, b = x_B[: len(x_B) // 2].double(), x_B[len(x_B) // 2 : 2 * (len(x_B) // 2)].double()
        for share in (0.3, -2.0, 5.0):
            mixed = _answer(tried, share * a + (1 - share) * b)
            mixture = share * _answer(tried, a) + (1 - share) * _answer(tried, b)
            if float((mixed - mixture).abs().max()) > 1e-6 * float(mixture.abs().max().clamp_min(1e-12)):
                return False
        return True
    except Exception:  # a user's module may raise anything
        return None


def _modes_apart(net: nn.Module, x_B: Tensor) -> float:
    """How far apart the answers in training and evaluation mode are, against their spread over rows."""
    tried = copied(net)
    evaluated = _answer(tried, x_B)
    into_training(tried)
    with torch.no_grad():
        trained = tried(x_B).double()
    return float((evaluated - trained).abs().mean() / evaluated.std(correction=0).clamp_min(1e-12))
