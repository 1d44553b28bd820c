"""The space of a search: for each dotted name of the plan the values that it may take, and how they are spread."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from netsitter.errors import PlanError, shown
from netsitter.plan.files import parsed
from netsitter.plan.plan import Plan, changed, field_at

FORMS = "log:LOW:HIGH, lin:LOW:HIGH, int:LOW:HIGH, logint:LOW:HIGH, or values with commas between"
"""How a range is written."""


HALF = 0.5
"""Room of a whole number to either side."""


@dataclass(frozen=True)
class Range:
    """Numbers from low to high, both included.

    log: spread evenly in log space. whole: whole numbers only.
    when: (dotted name, values): the field is drawn only where that other field has one of these values.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False
    when: tuple[str, tuple[Any, ...]] | None = None

    def value(self, share: float) -> float | int:
        """The number at this share of the range, from 0 to 1; beyond these, outside of it."""
        number = self._at(share)
        if not self.whole or not 0 <= share <= 1:
            return number
        # Rounding may step over an end that `share` did not.
        first, last = self.wholes()
        return min(max(round(number), first), last)

    def share(self, value: float) -> float:
        """Where in the range this number lies: 0 is low, 1 is high."""
        low, high = self._ends()
        number = math.log(value) if self.log else float(value)
        return (number - low) / (high - low) if high > low else 0.5

    def part(self, first: float, last: float) -> Range:
        """The range from one share to another; beyond 0 and 1 it moves.

        The ends of a part of whole numbers need not be whole: those at its ends are drawn the less, the less of their
        room is in it.
        """
        half = HALF * self.whole
        return replace(self, low=self._at(first) + half, high=self._at(last) - half)

    def shares(self, other: Range) -> tuple[float, float]:
        """From which share of this range to which another one of its kind reaches."""
        (low, high), ends = self._ends(), other._ends()
        return (ends[0] - low) / (high - low), (ends[1] - low) / (high - low)

    def wholes(self) -> tuple[int, int]:
        """The least and the greatest whole number that is drawn."""
        first = math.floor(self.low + 1e-9)
        return first, max(first, math.ceil(self.high - 1e-9))

    def __str__(self) -> str:
        low, high = self.wholes() if self.whole else (self.low, self.high)
        return f"{low:.3g} .. {high:.3g}" + " (log)" * self.log

    def _at(self, share: float) -> float:
        low, high = self._ends()
        number = low + share * (high - low)
        return math.exp(number) if self.log else number

    def _ends(self) -> tuple[float, float]:
        # Each whole number is to have as much room as the next.
        half = HALF * self.whole
        low, high = self.low - half, self.high + half
        return (math.log(low), math.log(high)) if self.log else (low, high)


@dataclass(frozen=True)
class Pick:
    """One of some values. when: as for `Range`."""

    values: tuple[Any, ...]
    when: tuple[str, tuple[Any, ...]] | None = None

    def value(self, share: float) -> Any:
        return self.values[min(int(share * len(self.values)), len(self.values) - 1)]

    def __str__(self) -> str:
        return ", ".join(map(str, self.values))


Axis = Range | Pick
Space = Mapping[str, Axis]
"""By dotted name."""


def log(low: float, high: float) -> Range:
    """Numbers spread evenly in log space, as rates and penalties are."""
    return Range(low, high, log=True)


def linear(low: float, high: float) -> Range:
    """Numbers spread evenly."""
    return Range(low, high)


def integer(low: int, high: int, *, log: bool = False) -> Range:
    """Whole numbers, spread evenly or in log space."""
    return Range(low, high, log=log, whole=True)


def pick(*values: Any) -> Pick:
    """One of these values."""
    return Pick(values)


def hull(one: Axis, other: Axis) -> Axis:
    """What holds both: the range from end to end, or all values of either."""
    if isinstance(one, Range) and isinstance(other, Range):
        return replace(one, low=min(one.low, other.low), high=max(one.high, other.high))
    if isinstance(one, Pick) and isinstance(other, Pick):
        return replace(one, values=(*one.values, *(value for value in other.values if value not in one.values)))
    return one


def as_plain(space: Space) -> dict[str, dict[str, Any]]:
    """The space as plain values, for a journal."""
    return {name: asdict(axis) for name, axis in space.items()}


def from_plain(values: Mapping[str, Mapping[str, Any]]) -> Space:
    """The space that `as_plain` gave these values for."""
    found: dict[str, Axis] = {}
    for name, axis in values.items():
        when = None if axis["when"] is None else (axis["when"][0], tuple(axis["when"][1]))
        if "values" in axis:
            found[name] = Pick(tuple(tuple(v) if isinstance(v, list) else v for v in axis["values"]), when)
        else:
            found[name] = Range(axis["low"], axis["high"], axis["log"], axis["whole"], when)
    return found


def space_of(texts: Sequence[str] | Mapping[str, Any], plan: Plan, *, own: bool = False) -> Space:
    """The space behind "optim.lr=log:1e-6:1e-3" texts, or behind Python values by dotted name.

    own: whether names without a dot are for a function of the user's that builds the network.

    Raises PlanError for an unknown field, for what is no range, and for values that the plan refuses at either end.
    """
    if isinstance(texts, Mapping):
        space = {name: _axis_of(name, value) for name, value in texts.items()}
    else:
        space = dict(_read(text) for text in texts)
    if not space:
        raise PlanError("there is nothing to search for", code="P80", fix="--space optim.lr=log:1e-5:1e-1")
    for name, axis in space.items():
        if "." not in name and own:
            continue  # a number of the user's own function
        field_at(name)
        ends = axis.values if isinstance(axis, Pick) else (axis.value(0.0), axis.value(1.0))
        for value in ends:
            changed(plan, {name: value}, where=f"the space, {name} = {axis}")
        if axis.when is not None:
            field_at(axis.when[0])
    return space


def _axis_of(name: str, value: Any) -> Axis:
    if isinstance(value, Range | Pick):
        return _checked(name, value, str(value))
    if isinstance(value, str):
        return _read(f"{name}={value}")[1]
    if isinstance(value, list | tuple) and value:
        return Pick(tuple(value))
    raise PlanError(f"the space of {name} must be a range; got {shown(value)}", code="P81", allowed=FORMS)


def _read(text: str) -> tuple[str, Axis]:
    """The name and the axis of "optim.lr=log:1e-6:1e-3", with "?optim.kind=adam,sgd" behind it for a condition."""
    name, equals, written = text.partition("=")
    written, _, condition = written.partition("?")
    if not equals or not written:
        raise PlanError(f"--space takes NAME=RANGE; got {shown(text)}", code="P81", allowed=FORMS)
    when = None
    if condition:
        other, _, values = condition.partition("=")
        when = (other.strip(), tuple(parsed(value.strip()) for value in values.split(",")))
    kind, _, ends = written.partition(":")
    if kind in ("log", "lin", "int", "logint") and ends:
        try:
            low, high = (float(end) for end in ends.split(":"))
        except ValueError:
            raise PlanError(f"{text}: a range has two ends", code="P81", allowed=FORMS) from None
        axis: Axis = Range(low, high, log="log" in kind, whole="int" in kind, when=when)
    else:
        axis = Pick(tuple(parsed(value.strip()) for value in written.split(",")), when)
    return name.strip(), _checked(name, axis, text)


def _checked(name: str, axis: Axis, text: str) -> Axis:
    if isinstance(axis, Pick):
        if not axis.values:
            raise PlanError(f"{name}: there is nothing to pick from", code="P81", allowed=FORMS)
        return axis
    if not axis.low < axis.high or not all(map(math.isfinite, (axis.low, axis.high))):
        raise PlanError(f"{text}: the first end must be below the second", code="P81", allowed=FORMS)
    if axis.log and axis.low <= 0:
        raise PlanError(f"{text}: a range in log space begins above 0", code="P81", fix="lin:0:1, or a low end of 1e-6")
    return axis
