"""Remedies that several rules give, for a built-in network as changes of the plan, for a user's own as surgery."""

from __future__ import annotations

from netsitter.record.findings import Remedy, Surgery
from netsitter.record.graph import Operation

RELUS = "Take ReLUs in hidden layers, and He's start."


def relus(own: bool) -> tuple[Remedy, ...]:
    """ReLUs in hidden layers; then batch normalisation as well, which very deep networks need."""
    if own:
        swapped = (Surgery("swap", to="relu"), Surgery("initialise", to="he"))
        normed = (*swapped, Surgery("normalise"))
        return (
            Remedy(RELUS, safety="changes-model", surgery=swapped),
            Remedy("Put batch normalisation before them as well.", safety="changes-model", surgery=normed),
        )
    changes = {"net.act": "relu", "net.init": "he"}
    return (
        Remedy(RELUS, changes, "changes-model"),
        Remedy("Put batch normalisation before them as well.", {**changes, "net.norm": "batch"}, "changes-model"),
    )


def drawn_anew(own: bool, rule: str) -> tuple[Remedy, ...]:
    """Weights drawn by this rule ("he", "xavier"); and batch normalisation before the activations."""
    name = rule.capitalize()
    if own:
        drawn = "xavier_uniform_" if rule == "xavier" else "kaiming_normal_"
        return (
            Remedy(
                f"Draw the weights anew, {name}'s way: nn.init.{drawn}(layer.weight), biases 0.",
                safety="safe",
                surgery=(Surgery("initialise", to=rule),),
            ),
            Remedy(
                "Put batch normalisation before the activations.",
                safety="changes-model",
                surgery=(Surgery("initialise", to=rule), Surgery("normalise")),
            ),
        )
    return (
        Remedy(f"Draw the weights anew, {name}'s way.", {"net.init": rule}, "safe"),
        Remedy("Put batch normalisation before the activations.", {"net.norm": "batch"}, "changes-model"),
    )


def of_loss(says: str, deed: str) -> tuple[Remedy, ...]:
    """What is done to the loss itself."""
    return (Remedy(says, safety="safe", surgery=(Surgery(deed),)),)  # type: ignore[arg-type]


def time_behind_rows(operations: tuple[Operation, ...]) -> tuple[Surgery, ...]:
    """Recurrent layers told that rows come first, and time behind them."""
    return tuple(Surgery("rows-first", operation.name) for operation in operations if operation.role == "recurrent")
