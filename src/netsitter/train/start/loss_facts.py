"""What a loss does, learned by calling it on outputs made up for the purpose."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from netsitter.nn.modes import into_training
from netsitter.optim.methods import OPTIMISERS
from netsitter.record.start_facts import LossFacts, OutputFacts, TargetFacts
from netsitter.train.losses import Loss
from netsitter.train.scores import form_of
from netsitter.train.start.untouched import copied, own_chance

ROWS = 64
"""Rows that the least loss is looked for on."""

LOOKS, LOOK_RATE = 150, 0.3
"""Steps of Adam, and its rate, in search of the least loss over free outputs."""

ADAM = {"momentum": 0.9, "beta2": 0.999, "eps": 1e-8, "decay": 0.0}
"""Its other numbers."""

ALIKE = 1e-3
"""Losses that differ by less than this share are taken for equal."""

Free = Callable[[Tensor], Tensor]
"""From free numbers to outputs of a kind."""


def targets_of(y_N: Tensor) -> TargetFacts:
    """The targets as numbers."""
    form = form_of(y_N)
    y = y_N.double()
    if form == "classes":
        classes = int(y_N.max()) + 1 if bool((y_N >= 0).all()) else int(torch.unique(y_N).numel())
    else:
        classes = {"one-hot": y_N.shape[-1], "several": y_N.shape[-1], "yes-no": 2, "signs": 2}.get(form, 0)
    return TargetFacts(
        form=form,
        classes=classes,
        low=float(y.min()),
        high=float(y.max()),
        mean=float(y.mean()),
        std=float(y.std(correction=0)),
        dtype=str(y_N.dtype).removeprefix("torch."),
        shape=tuple(y_N.shape[1:]),
    )


def loss_facts(
    net: nn.Module,
    x_B: Tensor,
    y_B: Tensor,
    loss: Loss,
    *,
    name: str,
    fresh: nn.Module | None,
    outputs: OutputFacts | None,
) -> LossFacts:
    """The facts of a loss on this network's outputs and these targets. What it raises is told, not raised."""
    with own_chance(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            out = _outputs(net, x_B)
            first = _value(loss, out, y_B)
        except Exception as error:  # a user's loss may raise anything
            said = str(error).splitlines()[0] if str(error) else ""
            shape = outputs.shape if outputs else ()
            return LossFacts(
                name,
                takes=_takes(loss, torch.zeros(shape), y_B, list(shape)) if shape else "unknown",
                error=f"{type(error).__name__}: {said}",
                outputs_shape=tuple(shape),
                targets_shape=tuple(y_B.shape),
                targets_dtype=str(y_B.dtype).removeprefix("torch."),
            )
        few, y = out[:ROWS].detach(), y_B[:ROWS]
        takes = _takes(loss, few, y, list(few.shape))
        kind = _free(takes)
        twice = _try(lambda: _value(loss, torch.cat([out, out]), torch.cat([y_B, y_B])))
        grown = twice / first if twice is not None and first else 1.0
        return LossFacts(
            name=name,
            takes=takes,
            first=first,
            fresh=_try(lambda: _value(loss, _outputs(fresh, x_B), y_B)) if fresh is not None else None,
            guess=_least(loss, out.detach(), y_B, kind, same=True),
            floor=_least(loss, few, y, kind),
            reachable=_least(loss, few, y, _confined(outputs)) if outputs is not None else None,
            reduction="mean" if abs(grown - 1) < 0.01 else "sum" if abs(grown - 2) < 0.01 else "other",
            doubled=grown,
            broadcast=_broadcasts(loss, few, y),
            upside_down=_upside_down(loss, y, list(few.shape), takes),
            outputs_shape=tuple(out.shape),
            targets_shape=tuple(y_B.shape),
            targets_dtype=str(y_B.dtype).removeprefix("torch."),
        )


def _outputs(net: nn.Module, x_B: Tensor) -> Tensor:
    tried = copied(net)
    into_training(tried)
    with torch.no_grad():
        return tried(x_B)


def _value(loss: Loss, outputs: Tensor, y_B: Tensor) -> float:
    with torch.no_grad():
        return float(loss(outputs, y_B))


def _try(measure: Callable[[], float]) -> float | None:
    """What is measured, None where it raises or is not finite."""
    try:
        found = measure()
    except Exception:  # a user's loss may raise anything
        return None
    return found if math.isfinite(found) else None


def _takes(loss: Loss, like: Tensor, y: Tensor, shape: list[int]) -> str:
    """What the least value of the loss asks of the outputs."""
    y = y[: shape[0]]
    free = torch.randn(shape, dtype=torch.float32).to(y.device)
    value = lambda outputs: _try(lambda: _value(loss, outputs, y))
    at, wide = value(free), len(shape) > 1 and shape[1] > 1
    if wide and at is not None and at != 0:
        moved, doubled, negative = value(free + 3.0), value(2 * free), value(-free)
        if moved is not None and abs(moved - at) < ALIKE * abs(at):
            return "logits"
        if (
            doubled is not None
            and negative is not None
            and abs(doubled - 2 * at) < ALIKE * abs(at)
            and abs(negative + at) < ALIKE * abs(at)
        ):
            return "log-probabilities"
    inside = value(torch.sigmoid(free))
    if inside is not None and at is None:
        return "probabilities"
    aimed = _as_outputs(y, shape)
    if aimed is None or at is None:
        return "unknown"
    exact, beyond, short = value(aimed), value(aimed + 10 * _signs(aimed)), value(aimed + 0.3 * _signs(aimed))
    if None in (exact, beyond, short):
        return "unknown"
    if exact <= min(beyond, short) and exact < at:  # type: ignore[operator,type-var]
        return "values"
    return "logit" if beyond < short else "unknown"  # type: ignore[operator]


def _signs(aimed: Tensor) -> Tensor:
    """Away from the middle of the targets: up where they are high, down where they are low."""
    middle = (aimed.max() + aimed.min()) / 2
    return torch.where(aimed > middle, 1.0, -1.0)


def _as_outputs(y: Tensor, shape: list[int]) -> Tensor | None:
    """Outputs that are the targets themselves; of classes, one-hot."""
    if y.numel() == math.prod(shape) and y.is_floating_point():
        return y.reshape(shape)
    if not y.is_floating_point() and len(shape) == 2 and y.ndim == 1 and int(y.min()) >= 0 and int(y.max()) < shape[1]:
        return nn.functional.one_hot(y, shape[1]).float()
    if not y.is_floating_point() and y.numel() == math.prod(shape):
        return y.reshape(shape).float()
    return None


def _upside_down(loss: Loss, y: Tensor, shape: list[int], takes: str) -> bool:
    """Whether answers that are right cost more than answers that are wrong."""
    aimed = _as_outputs(y, shape)
    if aimed is None or float(aimed.max()) == float(aimed.min()):
        return False
    high, low = float(aimed.max()), float(aimed.min())
    right = 0.02 + 0.96 * (aimed - low) / (high - low)
    pairs = {"probabilities": (right, 1 - right), "values": (aimed, high + low - aimed)}
    good, bad = pairs.get(takes, (6 * right - 3, 3 - 6 * right))
    costs = [_try(lambda made=made: _value(loss, made, y)) for made in (good, bad)]
    return None not in costs and costs[0] > costs[1] + ALIKE * abs(costs[1])  # type: ignore[operator]


def _free(takes: str) -> Free:
    if takes == "probabilities":
        return lambda z: torch.sigmoid(z) if z.ndim < 2 or z.shape[1] == 1 else torch.softmax(z, dim=1)
    if takes == "log-probabilities":
        return lambda z: torch.log_softmax(z, dim=1)
    return lambda z: z


def _confined(outputs: OutputFacts) -> Free:
    """Outputs of the range that the network has."""
    low, high = outputs.reach
    if outputs.simplex:
        return lambda z: torch.softmax(z, dim=1)
    if outputs.log_simplex:
        return lambda z: torch.log_softmax(z, dim=1)
    if math.isfinite(low) and math.isfinite(high):
        return lambda z: low + (high - low) * torch.sigmoid(z)
    if math.isfinite(low):
        return lambda z: low + nn.functional.softplus(z)
    if math.isfinite(high):
        return lambda z: high - nn.functional.softplus(z)
    return lambda z: z


def _least(loss: Loss, like: Tensor, y: Tensor, kind: Free, *, same: bool = False) -> float | None:
    """The least loss over outputs of a kind, or over one output for all rows; None where it cannot be found."""
    start = like.mean(dim=0, keepdim=True) if y.is_floating_point() and kind(torch.zeros(1, 2)).sum() == 0 else None
    rows = torch.zeros_like(like[:1] if same else like).float() if start is None else start.clone().float()
    if start is not None and not same:
        rows = rows.expand_as(like).clone()
    scale = float(y.double().std(correction=0)) if y.is_floating_point() and y.numel() > 1 else 1.0
    free = rows.detach().requires_grad_()
    adam, best = OPTIMISERS["adam"], math.inf
    state = adam.init({"free": free})
    try:
        with torch.enable_grad():
            for step in range(LOOKS):
                made = kind(free)
                value = loss(made.expand_as(like) if same else made, y)
                if not torch.isfinite(value):
                    break
                best = min(best, float(value.detach()))
                (slope,) = torch.autograd.grad(value, [free], materialize_grads=True)
                rate = LOOK_RATE * max(1.0, scale) * (1 - step / LOOKS)
                with torch.no_grad():
                    adam.update({"free": free}, {"free": slope}, state, {**ADAM, "lr": rate}, step + 1)
            if start is not None and kind(free) is free:
                best = min(best, _exact(loss, like, y, same))
    except Exception:  # a user's loss may raise anything
        return None
    return best if math.isfinite(best) else None


def _exact(loss: Loss, like: Tensor, y: Tensor, same: bool) -> float:
    """The loss of the targets themselves, or of their mean, where they have the shape of the outputs."""
    if y.numel() != like.numel():
        return math.inf
    aimed = y.reshape(like.shape).float()
    found = _try(lambda: _value(loss, aimed.mean(dim=0, keepdim=True).expand_as(like) if same else aimed, y))
    return math.inf if found is None else found


def _broadcasts(loss: Loss, like: Tensor, y: Tensor) -> bool:
    """Whether outputs and targets are stretched to a table of all rows by all rows: (B, 1) against (B,)."""
    shapes = {tuple(like.shape), tuple(y.shape)}
    if len(like) < 3 or shapes != {(len(like), 1), (len(like),)} or not y.is_floating_point():
        return False
    # Random outputs hardly show it where the targets lie far from 0, the targets themselves show it there.
    for free in (y.reshape(like.shape), torch.rand(like.shape, device=like.device)):
        plain = _try(lambda free=free: _value(loss, free.reshape(y.shape), y))
        given = _try(lambda free=free: _value(loss, free, y))
        if plain is not None and given is not None and abs(plain - given) > ALIKE * max(abs(plain), abs(given), ALIKE):
            return True
    return False
