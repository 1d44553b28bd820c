"""What a figure shows: a sick case beside a well one, each as lines, as bars, or as the boxes of a network."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One curve. points: (x, y), x rising. breaks: what is written where it breaks off; "" when it does not."""

    name: str
    points: tuple[tuple[float, float], ...]
    breaks: str = ""


@dataclass(frozen=True)
class Bar:
    """One bar. value: its end, None where there is none to show. start: where it begins; None for the axis.

    says: written at its end; the value where it is "".
    """

    name: str
    value: float | None
    start: float | None = None
    says: str = ""


@dataclass(frozen=True)
class Box:
    """One operation of a network. ill: whether the finding is about it."""

    name: str
    ill: bool = False


Marks = tuple[Line, ...] | tuple[Bar, ...] | tuple[Box, ...]


@dataclass(frozen=True)
class Side:
    """One case. limit: where the dashed line is; None for none."""

    about: str
    marks: Marks
    limit: float | None = None


@dataclass(frozen=True)
class Picture:
    """Both cases on the same axes.

    values, across: what the axis of the values and the one across say. limit_says: what the dashed line is called.
    log: whether the values are on a logarithmic axis.
    """

    title: str
    values: str
    sick: Side
    well: Side
    across: str = ""
    log: bool = False
    limit_says: str = "limit"

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.sick, self.well
