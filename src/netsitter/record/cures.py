"""What a cure came to, as data: which remedies were tried, what each brought over the seeds, and which were kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from netsitter.record.findings import Finding, Remedy, finding_of, remedy_of

Verdict = Literal["helps", "no effect", "harms", "cannot be tried"]


@dataclass(frozen=True)
class Effect:
    """The difference that a remedy made, paired over seeds.

    before, after: validation score by seed, of the same rows; the share right, or R². None where the program failed.
    loss_before, loss_after: validation loss, mean over seeds; None where both do not have the same loss.
    by_class: whether the score is the mean over classes, as for remedies against rare ones.
    mean: after minus before. spread: how far another experiment of as many new seeds may come out from it, 19 times
    out of 20. noise: of the paired differences. grain: the score of one validation row; less is no difference.
    """

    before: tuple[float | None, ...]
    after: tuple[float | None, ...]
    mean: float
    spread: float
    noise: float
    grain: float
    loss_before: float | None = None
    loss_after: float | None = None
    by_class: bool = False


@dataclass(frozen=True)
class Tried:
    """One remedy, tried beside the program as it stood.

    finding: code and slug of the fault that it is for. changed: what it changed, in the user's words.
    share: of a whole training, that each side went through. why: it could not be tried, "" where it was.
    """

    finding: tuple[str, str]
    remedy: Remedy
    changed: tuple[str, ...]
    verdict: Verdict
    effect: Effect | None = None
    share: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class Round:
    """One look of the doctor and what was tried after it.

    findings: the roots above a note. kept: the place of the remedy that was kept, None where none was.
    """

    findings: tuple[Finding, ...]
    tried: tuple[Tried, ...]
    kept: int | None


@dataclass(frozen=True)
class CureFacts:
    """A whole cure.

    metric: "share right" or "R²". rounds: in order. left: roots above a note that are left, for the user to mend.
    changed: all that was kept, in the user's words; code: the same to paste. changes: the fields of the plan.
    cost: of all experiments, in trainings of the program as it was; most: what was told before.
    """

    metric: str
    rounds: tuple[Round, ...]
    left: tuple[Finding, ...]
    changed: tuple[str, ...]
    code: str
    changes: Mapping[str, Any]
    cost: float
    most: float
    seeds: int

    @property
    def kept(self) -> tuple[Tried, ...]:
        """The remedies that were kept, in order."""
        return tuple(found.tried[found.kept] for found in self.rounds if found.kept is not None)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def cure_of(values: Mapping[str, Any]) -> CureFacts:
    """The facts that `as_json` gave these values for."""
    rounds = tuple(
        Round(tuple(map(finding_of, found["findings"])), tuple(map(_tried, found["tried"])), found["kept"])
        for found in values["rounds"]
    )
    left = tuple(map(finding_of, values["left"]))
    return CureFacts(**{**values, "rounds": rounds, "left": left, "changed": tuple(values["changed"])})


def _tried(values: Mapping[str, Any]) -> Tried:
    effect = values.get("effect")
    if effect is not None:
        effect = Effect(**{**effect, "before": tuple(effect["before"]), "after": tuple(effect["after"])})
    finding = tuple(values["finding"])
    return Tried(
        **{
            **values,
            "finding": finding,
            "remedy": remedy_of(values["remedy"]),
            "changed": tuple(values["changed"]),
            "effect": effect,
        }
    )
