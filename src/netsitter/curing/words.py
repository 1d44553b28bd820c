"""What a remedy changed, in the words of whoever wrote the program, and as code that can be pasted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from netsitter.curing.program import Program
from netsitter.nn.surgery import Change
from netsitter.plan.plan import differing
from netsitter.record.findings import Remedy

_LOSS = "def loss(outputs, targets):\n    return "
LOSS_DEEDS = {
    "loss-weights": Change(
        "the loss: every class counts alike",
        "rows = torch.bincount(y_train)\nloss = nn.CrossEntropyLoss(weight=len(y_train) / (len(rows) * rows.float()))",
    ),
    "loss-mean": Change("the loss: its mean over the batch", f"{_LOSS}old_loss(outputs, targets) / len(outputs)"),
    "loss-sign": Change("the loss: its sign turned", f"{_LOSS}-old_loss(outputs, targets)"),
    "loss-shape": Change(
        "the loss: outputs in the shape of the targets", f"{_LOSS}old_loss(outputs.reshape(targets.shape), targets)"
    ),
}
"""What is said of a deed on the loss."""

LOSSES = {
    "cross_entropy": "nn.CrossEntropyLoss()", "mse": "nn.MSELoss()", "mae": "nn.L1Loss()", "huber": "nn.HuberLoss()",
    "bce": "nn.BCELoss()", "bce_logits": "nn.BCEWithLogitsLoss()", "nll": "nn.NLLLoss()",
}  # fmt: skip
"""What torch calls the losses of the plan."""

OPTIMISERS = {
    "sgd": "SGD", "momentum": "SGD", "nesterov": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad", "adam": "Adam",
    "adamw": "AdamW",
}  # fmt: skip
"""What torch calls the optimisers of the plan."""

CODE = {
    "data.prepare": "mean, spread = x_train.mean(0), x_train.std(0).clamp_min(1e-8)\n"
    "x_train, x_val = (x_train - mean) / spread, (x_val - mean) / spread",
    "data.target": "mean, spread = y_train.mean(0), y_train.std(0)  # undo it in predictions\n"
    "y_train, y_val = (y_train - mean) / spread, (y_val - mean) / spread",
    "loop.batch": "batch_size = {now}",
    "loop.epochs": "epochs = {now}",
    "optim.clip": "nn.utils.clip_grad_norm_(net.parameters(), {now})  # before optimizer.step()",
}
"""What to write for a field of the plan; {now} is its value."""

UNSAID = ("optim.own", "net.own", "net.surgery")
"""Fields that go with another one."""


def words(before: Program, after: Program, remedy: Remedy, seed: int) -> tuple[str, ...]:
    """What a remedy changed in a program; empty where it changed nothing. Raises NetError for impossible surgery."""
    return tuple(change.says for change in changes_of(before, after, [remedy], seed))


def changes_of(before: Program, after: Program, remedies: Sequence[Remedy], seed: int) -> tuple[Change, ...]:
    """All that is different, each with what to write for it."""
    found: list[Change] = []
    if after.plan.net.surgery != before.plan.net.surgery:
        found += after.operated(seed)[len(before.operated(seed)) :]
    found += _of_plan(before, after)
    deeds = dict.fromkeys(deed.deed for remedy in remedies for deed in remedy.surgery)
    return (*found, *(LOSS_DEEDS[deed] for deed in deeds if deed in LOSS_DEEDS))


def snippet(changes: Sequence[Change]) -> str:
    """Lines that make the changes, to paste where the network has been built."""
    lines = dict.fromkeys(change.code.replace("{net}", "net") for change in changes)
    return "\n".join(["import torch", "from torch import nn", "", "net = build()", *lines])


def _of_plan(before: Program, after: Program) -> Iterator[Change]:
    apart = {path: values for path, values in differing([before.plan, after.plan]).items() if path not in UNSAID}
    own = before.plan.net.kind == "own"
    if own and {"optim.kind", "optim.lr"} & apart.keys():
        yield _optimiser(before, after)
        apart = {path: values for path, values in apart.items() if path not in ("optim.kind", "optim.lr")}
    if own and (loss := apart.pop("loop.loss", None)) is not None and loss[1] in LOSSES:
        yield Change(f"the loss: {_loss_name(before)} -> `{LOSSES[loss[1]]}`", f"loss = {LOSSES[loss[1]]}")
    for path, (was, now) in apart.items():
        if path != "loop.loss" or now != "own":
            code = CODE.get(path, "# {path} = {now}").format(path=path, now=short(now))
            yield Change(f"{path} {short(was)} -> {short(now)}", code)
    old, new = before.ready.optimizer, after.ready.optimizer
    if None not in (old, new) and old is not new:
        yield Change("weight_decay -> 0", "# weight_decay=0 in the optimiser")


def _optimiser(before: Program, after: Program) -> Change:
    """ "SGD lr 3 -> 0.1", or "SGD lr 3 -> Adam lr 0.001"."""
    names, rates = [_name(before), _name(after)], [f"{program.plan.optim.lr:.3g}" for program in (before, after)]
    now = rates[1] if names[0] == names[1] else f"{names[1]} lr {rates[1]}"
    code = f"optimizer = torch.optim.{names[1]}(net.parameters(), lr={rates[1]})"
    return Change(f"{names[0]} lr {rates[0]} -> {now}", code)


def _name(program: Program) -> str:
    if program.ready.optimizer is not None:
        return program.optimizer_name()
    return OPTIMISERS.get(program.plan.optim.kind, program.plan.optim.kind)


def _loss_name(program: Program) -> str:
    loss = program.ready.loss
    return f"`{getattr(loss, '__name__', type(loss).__name__)}`"


def short(value: Any) -> str:
    """A value of the plan in few characters."""
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "none" if value is None else str(value)
