"""What a gradient check found: for each tensor the worst slope, and a verdict. Plain data, no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite, isnan
from typing import Any, Literal

RIGHT = 1e-7
"""Relative error up to which a slope is right: 150 random networks and the layers and losses of PyTorch stay below it.
The CS231n notes are as content; what they allow to kinks, 1e-4, is not needed where those are left out."""

WRONG = 1e-3
"""Relative error above which it is wrong. The notes have 1e-2, for float32 too. Between is doubtful: the function
cancels large numbers against each other, or a small term is forgotten."""

Word = Literal["right", "doubtful", "wrong", "unchecked"]
WORDS: tuple[Word, ...] = ("unchecked", "right", "doubtful", "wrong")
"""From the mildest to the gravest."""


@dataclass(frozen=True)
class TensorGradient:
    """One parameter or input: its gradient as written, against its slopes as measured.

    places: looked at; two kinds of them are left out.
    kinks: where the slopes to the left and right differ, and the written one lies between: any such number is fair;
    small: where the slope is too small beside the function's value for a difference to show it.
    error: the largest relative error, |written - measured| / max(|written|, |measured|), beyond what rounding explains.
    at, written, measured: the place of the largest error, and its two slopes; empty and 0 where all are left out.
    factor: by which all written slopes must be multiplied to be right; None when no one number does it.
    """

    name: str
    shape: tuple[int, ...]
    places: int
    kinks: int
    small: int
    error: float
    at: tuple[int, ...]
    written: float
    measured: float
    factor: float | None = None

    @property
    def judged(self) -> int:
        """The places that are not left out."""
        return self.places - self.kinks - self.small

    @property
    def verdict(self) -> Word:
        if not self.judged:
            return "unchecked"
        if self.error <= RIGHT:
            return "right"
        return "doubtful" if self.error <= WRONG else "wrong"

    @property
    def sentence(self) -> str:
        if self.verdict in ("right", "unchecked"):
            left_out = _left_out(self.kinks, self.small)
            return f"{self.name}: {self.verdict}, {_slopes(self.judged)}{left_out}, error {self.error:.1e} at most."
        place = f" at {self.at if len(self.at) > 1 else self.at[0]}" if self.at else ""
        said = f"{self.name}: {self.verdict}, error {self.error:.1e}"
        return f"{said}{place}: {self.written:.6g} is written, {self.measured:.6g} measured.{self._hint()}"

    def _hint(self) -> str:
        if self.verdict != "wrong" or self.factor is None or abs(self.factor - 1) < WRONG:
            return ""
        if self.factor == 0:
            return " Every slope should be 0."
        if abs(self.factor + 1) < WRONG:
            return " Every sign is turned round."
        return f" Every slope should be {self.factor:.6g} times as large."

    def as_json(self) -> dict[str, Any]:
        values = {name: _json(value) for name, value in asdict(self).items()}
        return {**values, "verdict": self.verdict, "sentence": self.sentence}


@dataclass(frozen=True)
class GradientReport:
    """A gradient check of one function or module, tensor by tensor: inputs first, then parameters."""

    tensors: tuple[TensorGradient, ...]

    @property
    def verdict(self) -> Word:
        """The gravest of the tensors'."""
        return max((tensor.verdict for tensor in self.tensors), key=WORDS.index)

    @property
    def error(self) -> float:
        """The largest relative error."""
        return max(tensor.error for tensor in self.tensors)

    @property
    def sentence(self) -> str:
        left_out = _left_out(sum(t.kinks for t in self.tensors), sum(t.small for t in self.tensors))
        if self.verdict == "right":
            many = f"{len(self.tensors)} tensor{'s' * (len(self.tensors) != 1)}"
            slopes = _slopes(sum(t.judged for t in self.tensors))
            return f"The gradient is right: {many}, {slopes}{left_out}, error {self.error:.1e} at most."
        if self.verdict == "unchecked":
            return f"The gradient could not be checked: no slope could be judged{left_out}. Try other inputs."
        bad = [tensor.sentence for tensor in self.tensors if tensor.verdict == self.verdict]
        return " ".join([f"The gradient is {self.verdict}.", *bad])

    def as_json(self) -> dict[str, Any]:
        tensors = [tensor.as_json() for tensor in self.tensors]
        return {"verdict": self.verdict, "sentence": self.sentence, "error": _json(self.error), "tensors": tensors}

    def __str__(self) -> str:
        return self.sentence


def _slopes(count: int) -> str:
    return f"{count:,} slope{'s' * (count != 1)}"


def _left_out(kinks: int, small: int) -> str:
    said = [f"{kinks:,} at kinks"] * (kinks > 0) + [f"{small:,} too small to measure"] * (small > 0)
    return f" ({', '.join(said)} left out)" if said else ""


def _json(value: Any) -> Any:
    if isinstance(value, float) and not isfinite(value):
        return "NaN" if isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return list(value) if isinstance(value, tuple) else value
