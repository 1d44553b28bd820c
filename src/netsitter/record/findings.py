"""A finding: what is wrong, where, by which number, and what to do. A remedy: what to do, and how safe it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["note", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("note", "warning", "error")
"""From the mildest to the gravest."""

Safety = Literal["safe", "changes-model", "advice"]

Deed = Literal[
    "swap",  # hidden activations become `to`
    "output",  # what stands behind the last layer becomes `to`; "identity" takes it away
    "outputs",  # the last layer gives `to` numbers
    "bend",  # the activation `to` is put behind the layer
    "initialise",  # weights are drawn anew, by the rule `to`, or by the one that fits the activation
    "normalise",  # batch norm is put before hidden activations
    "move-norm",  # the norm goes before the activation that it stands behind
    "drop-bias",  # the bias is left out
    "deepen",  # a hidden layer of `to` units, with ReLUs, is put before the layer
    "widen",  # the layer gives `to` numbers, and those behind it take them
    "unfreeze",  # parameters are trained
    "dropout",  # the share that is dropped becomes `to`
    "axis",  # the softmax runs along axis `to`
    "rows-first",  # a recurrent layer takes rows first, then time
    "loss-weights",  # each class counts alike in the loss, however many rows it has
    "loss-mean",  # the loss of a batch is divided by its rows
    "loss-sign",  # the loss is turned round
    "loss-shape",  # outputs take the shape of the targets before the loss
]
"""What can be done to a module, or to a loss, that somebody else wrote."""


@dataclass(frozen=True)
class Surgery:
    """One change of a user's own module or loss, as data.

    layer: as `named_modules()` has it; "" for everywhere that it applies.
    function: where forward calls a function instead of a layer, its name; then `layer` is the module that calls it.
    """

    deed: Deed
    layer: str = ""
    to: str | float = ""
    function: str = ""


@dataclass(frozen=True)
class Remedy:
    """One thing to do about a finding.

    says: a sentence in the imperative.
    changes: dotted names of the plan with their new values; empty for advice.
    surgery: what is done to a module or a loss of the user's own.
    safety: safe (the model stays what it is), changes-model, or advice (nothing we can do for the user).
    """

    says: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    safety: Safety = "advice"
    surgery: tuple[Surgery, ...] = ()

    @property
    def can_be_tried(self) -> bool:
        """Whether there is something to try, and not only advice."""
        return bool(self.changes or self.surgery)


@dataclass(frozen=True)
class Finding:
    """One fault that a rule saw.

    where: layer, feature, file and row, or step range, in the user's words.
    seen: what was seen, with its number and the limit.
    trial: which trial of a cohort, or None for all of them.
    places: more exact places, the first few: "row 17", "train/cat/0001.png".
    weight: how much it explains of what goes wrong, from 0 to 1; orders findings of one severity.
    echoes: findings that follow from this one and would go with it.
    """

    code: str
    slug: str
    severity: Severity
    where: str
    seen: str
    remedies: tuple[Remedy, ...] = ()
    trial: int | None = None
    step: int | None = None
    places: tuple[str, ...] = ()
    weight: float = 0.5
    echoes: tuple[Finding, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def finding_of(values: Mapping[str, Any]) -> Finding:
    """The finding that `as_json` gave these values for."""
    remedies = tuple(remedy_of(remedy) for remedy in values.get("remedies", ()))
    echoes = tuple(finding_of(echo) for echo in values.get("echoes", ()))
    places = tuple(values.get("places", ()))
    return Finding(**{**values, "remedies": remedies, "places": places, "echoes": echoes})


def remedy_of(values: Mapping[str, Any]) -> Remedy:
    """The remedy that `asdict` gave these values for."""
    return Remedy(**{**values, "surgery": tuple(Surgery(**deed) for deed in values.get("surgery", ()))})


def gravest(findings: list[Finding] | tuple[Finding, ...]) -> Severity | None:
    """The gravest severity among the findings; None when there are none."""
    return max((finding.severity for finding in findings), key=SEVERITIES.index, default=None)
