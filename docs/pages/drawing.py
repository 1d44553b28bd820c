"""Draws a picture: curves and boxes in two panels, bars in two groups on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from textwrap import wrap
from typing import cast

from pages.picture import Bar, Box, Line, Picture
from pages.svg import WIDTH, Scale, card, dot, number, path, place, rectangle, stroke, text, wide

NAMES = ("sick", "well")
"""Of the sides; also the classes of their colours."""

EDGE, GAP = 22.0, 28.0
"""From the card to what is on it, and between two panels."""

MANY = 30
"""Readings of a line, above which they have no dots."""


def drawn(picture: Picture) -> str:
    """The picture as the text of an SVG file."""
    draw = {Line: _curves, Bar: _bars, Box: _boxes}[type(picture.sick.marks[0])]
    shapes, height = draw(picture)
    head = [text(EDGE, 28, picture.title, "title"), text(EDGE, 48, picture.values, "soft")]
    return card(picture.title, told(picture), height, [*head, *shapes])


def told(picture: Picture) -> str:
    """The figure in a sentence, for those who do not see it."""
    return f"{picture.values}. Sick: {picture.sick.about}. Well: {picture.well.about}."


def _panels() -> list[tuple[float, float]]:
    """Left end and width of both."""
    width = (WIDTH - 2 * EDGE - GAP) / 2
    return [(EDGE, width), (EDGE + width + GAP, width)]


def _caption(x: float, y: float, width: float, name: str, about: str) -> list[str]:
    """The side's name and what its case is, on as many lines as it takes."""
    lines = wrap(about, int((width - 40) / 6.7))
    return [text(x, y, name, f"name {name}"), *(text(x + 40, y + 16 * n, line) for n, line in enumerate(lines))]


def _caption_lines(picture: Picture, width: float) -> int:
    return max(len(wrap(side.about, int((width - 40) / 6.7))) for side in picture.sides)


def _curves(picture: Picture) -> tuple[list[str], float]:
    sides = [cast(tuple[Line, ...], side.marks) for side in picture.sides]
    points = [point for lines in sides for line in lines for point in line.points]
    limits = [side.limit for side in picture.sides if side.limit is not None]
    keyed = max(map(len, sides)) > 1
    top = 76 + 16 * _caption_lines(picture, _panels()[0][1]) + 20 * keyed
    bottom = top + 170
    values = [y for _, y in points] + limits
    values = values if picture.log or min(values) < 0 else [0.0, *values]
    shapes: list[str] = []
    for (left, width), side, lines, name in zip(_panels(), picture.sides, sides, NAMES, strict=True):
        down = Scale(values, bottom, top, log=picture.log)
        along = Scale([x for x, _ in points], left + 56, left + width - 14, exact=True)
        shapes += _caption(left, 72, width, name, side.about)
        shapes += _key(left, top - 16, lines, name) if keyed else []
        for tick in down.ticks:
            shapes.append(stroke(left + 44, down.at(tick), left + width, down.at(tick), "grid"))
            shapes.append(text(left + 38, down.at(tick) + 4, number(tick), "tick", "end"))
        shapes.append(stroke(left + 44, bottom, left + width, bottom, "axis"))
        shapes += [text(along.at(tick), bottom + 16, number(tick), "tick", "middle") for tick in along.ticks]
        shapes.append(text(left + 44 + (width - 44) / 2, bottom + 34, picture.across, "soft", "middle"))
        placed = [[(along.at(x), down.at(y)) for x, y in line.points] for line in lines]
        for order, (line, at) in enumerate(zip(lines, placed, strict=True)):
            shapes += _line(line, at, name, order)
        if side.limit is not None:
            y, says = down.at(side.limit), f"{picture.limit_says} {number(side.limit)}"
            shapes.append(stroke(left + 44, y, left + width, y, "limit"))
            shapes.append(_free(says, (left + 50, left + width - 4), y, (top, bottom), placed))
    return shapes, bottom + 50


def _line(line: Line, at: Sequence[tuple[float, float]], name: str, order: int) -> list[str]:
    kind = "line " + name + " second" * (order > 0)
    shapes = [path(at, kind)] if len(at) > 1 else []
    if len(at) == 1 or (line.points[-1][0] <= MANY and not line.breaks):
        shapes += [dot(x, y, f"{name} hollow" if order else name) for x, y in at]
    if line.breaks:
        x, y = at[-1]
        shapes += [stroke(x - 6, y - 6, x + 6, y + 6, kind), stroke(x - 6, y + 6, x + 6, y - 6, kind)]
        shapes.append(text(x + 12, y + 4, line.breaks))
    return shapes


def _key(x: float, y: float, lines: Sequence[Line], name: str) -> list[str]:
    """Which line is which."""
    shapes = []
    for order, line in enumerate(lines):
        shapes.append(stroke(x, y - 4, x + 24, y - 4, "line " + name + " second" * (order > 0)))
        shapes.append(dot(x + 12, y - 4, f"{name} hollow" if order else name))
        shapes.append(text(x + 30, y, line.name))
        x += 46 + wide(line.name)
    return shapes


def _free(
    says: str,
    ends: tuple[float, float],
    y: float,
    within: tuple[float, float],
    placed: Sequence[Sequence[tuple[float, float]]],
) -> str:
    """The name of a dashed line, at that end and on that side of it where the fewest of the lines pass."""
    spots = [(x, y + down, end) for down in (-6, 15) for x, end in ((ends[1], "end"), (ends[0], "start"))]

    def crossed(spot: tuple[float, float, str]) -> int:
        x, base, anchor = spot
        left = x - wide(says) if anchor == "end" else x
        outside = not within[0] <= base - 11 or not base + 3 <= within[1]
        return 1_000 * outside + sum(
            left - 4 <= px <= left + wide(says) + 4 and base - 14 <= py <= base + 6 for px, py in _dense(placed)
        )

    x, base, anchor = min(spots, key=crossed)
    return text(x, base, says, "", anchor)


def _dense(placed: Sequence[Sequence[tuple[float, float]]]) -> list[tuple[float, float]]:
    """Many places along the lines."""
    found: list[tuple[float, float]] = []
    for line in placed:
        found += line
        for (x, y), (to_x, to_y) in pairwise(line):
            found += [(x + (to_x - x) * n / 20, y + (to_y - y) * n / 20) for n in range(1, 20)]
    return found


def _bars(picture: Picture) -> tuple[list[str], float]:
    sides = [cast(tuple[Bar, ...], side.marks) for side in picture.sides]
    bars = [bar for side in sides for bar in side]
    limits = [side.limit for side in picture.sides if side.limit is not None]
    ends = [end for bar in bars for end in (bar.start, bar.value) if end is not None]
    left = EDGE + min(250.0, max(wide(bar.name) for bar in bars)) + 14
    right = WIDTH - EDGE - max(wide(_says(bar)) for bar in bars) - 12
    scale = Scale([*ends, *limits, *([] if picture.log else [0.0])], left, right, log=picture.log)
    base = scale.start if picture.log else scale.at(0.0)
    shapes: list[str] = []
    y = 64.0
    for side, marks, name in zip(picture.sides, sides, NAMES, strict=True):
        caption = _caption(EDGE, y + 14, WIDTH - 2 * EDGE, name, side.about)
        top = y + 6 + 16 * (len(caption) - 1) + 4
        end = top + 24 * len(marks)
        shapes += [*caption, *(stroke(scale.at(tick), top, scale.at(tick), end, "grid") for tick in scale.ticks)]
        shapes.append(stroke(base, top, base, end, "axis"))
        rows = [(bar, top + 24 * row, _reach(bar, scale, base)) for row, bar in enumerate(marks)]
        shapes += [rectangle(x, at + 5, to - x, 14, name) for _, at, (x, to) in rows if to > x]
        if side.limit is not None:
            shapes.append(stroke(scale.at(side.limit), top, scale.at(side.limit), end + 4, "limit"))
            shapes.append(_under(scale.at(side.limit), end + 18, f"{picture.limit_says} {number(side.limit)}"))
        for bar, at, (_, to) in rows:
            shapes += [text(left - 10, at + 16, bar.name, "", "end"), text(to + 8, at + 16, _says(bar))]
        y = end + (30 if side.limit is not None else 12)
    shapes += [text(scale.at(tick), y + 10, number(tick), "tick", "middle") for tick in scale.ticks]
    if picture.across:
        shapes.append(text((left + right) / 2, y + 28, picture.across, "soft", "middle"))
    return shapes, y + (42 if picture.across else 26)


def _reach(bar: Bar, scale: Scale, base: float) -> tuple[float, float]:
    """From where to where a bar goes; a range of one value is a thin mark, a bar of no length is none."""
    if bar.value is None:
        return base, base
    low, high = sorted((base if bar.start is None else scale.at(bar.start), scale.at(bar.value)))
    return (low - 1, high + 1) if bar.start is not None and low == high else (low, high)


def _says(bar: Bar) -> str:
    return bar.says or ("none" if bar.value is None else number(bar.value))


def _under(x: float, y: float, says: str) -> str:
    half = wide(says) / 2
    return text(min(max(x, EDGE + half), WIDTH - EDGE - half), y, says, "", "middle")


def _boxes(picture: Picture) -> tuple[list[str], float]:
    sides = [cast(tuple[Box, ...], side.marks) for side in picture.sides]
    rows = max(map(len, sides))
    tall = 16.0 if rows > 6 else 26.0
    step = tall + (7.0 if rows > 6 else 14.0)
    top = 84 + 16 * _caption_lines(picture, _panels()[0][1])
    shapes: list[str] = []
    for (left, width), side, boxes, name in zip(_panels(), picture.sides, sides, NAMES, strict=True):
        shapes += _caption(left, 72, width, name, side.about)
        middle, wide_by = left + width / 2, min(width - 20, max(wide(box.name) for box in boxes) + 40)
        for row, box in enumerate(boxes):
            y = top + row * step
            shapes += [_arrow(middle, y - (step - tall), y)] if row else []
            kind = name if box.ill else f"{name} plain"
            shapes.append(rectangle(middle - wide_by / 2, y, wide_by, tall, kind, 4))
            shapes.append(text(middle, y + tall / 2 + 4, box.name, "on" if box.ill else "", "middle"))
    return shapes, top + rows * step + 8


def _arrow(x: float, y: float, to_y: float) -> str:
    tip = f"{place(x - 3)},{place(to_y - 4)} {place(x)},{place(to_y)} {place(x + 3)},{place(to_y - 4)}"
    return stroke(x, y, x, to_y, "axis") + f'<polyline class="axis" fill="none" points="{tip}"/>'
