"""A finding: what is wrong, where, by which number, and what to do. A remedy: what to do, and how safe it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["note", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("note", "warning", "error")
"""From the mildest to the gravest."""

Safety = Literal["safe", "changes-model", "advice"]


@dataclass(frozen=True)
class Remedy:
    """One thing to do about a finding.

    says: a sentence in the imperative.
    changes: dotted names of the plan with their new values; empty for advice.
    safety: safe (the model stays what it is), changes-model, or advice (nothing we can do for the user).
    """

    says: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    safety: Safety = "advice"


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
    remedies = tuple(Remedy(**remedy) for remedy in values.get("remedies", ()))
    echoes = tuple(finding_of(echo) for echo in values.get("echoes", ()))
    places = tuple(values.get("places", ()))
    return Finding(**{**values, "remedies": remedies, "places": places, "echoes": echoes})


def gravest(findings: list[Finding] | tuple[Finding, ...]) -> Severity | None:
    """The gravest severity among the findings; None when there are none."""
    return max((finding.severity for finding in findings), key=SEVERITIES.index, default=None)
