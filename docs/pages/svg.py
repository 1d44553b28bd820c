"""SVG written by hand: the card that a figure stands on, its few shapes, and the ticks of an axis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

WIDTH = 720

STYLE = """
.card{fill:#fff;stroke:#d0d7de}text{fill:#1f2328;font:12px system-ui,sans-serif;paint-order:stroke;stroke:#fff;
stroke-width:3px;stroke-linejoin:round}.title{font-size:15px;font-weight:600}.soft{fill:#59636e}.tick{fill:#59636e;
font-size:11px}.grid{stroke:#e6eaef}.axis{stroke:#818b98}.limit{stroke:#1f2328;stroke-width:1.5;stroke-dasharray:6 4}
.sick{stroke:#d55e00;fill:#d55e00}.well{stroke:#0072b2;fill:#0072b2}.line{fill:none;stroke-width:2.5;
stroke-linejoin:round}.second{stroke-width:1.5}.hollow{fill:#fff;stroke-width:1.5}.plain{fill:#fff;stroke-width:1.5}
text.name{font-weight:600;stroke:#fff}text.sick{fill:#b34e00}text.well{fill:#0066a1}text.on{fill:#fff;stroke:none}
@media(prefers-color-scheme:dark){.card,.hollow,.plain{fill:#161b22}.card{stroke:#3d444d}text{fill:#e6edf3;
stroke:#161b22}.soft,.tick{fill:#9aa4af}.grid{stroke:#2b323b}.limit{stroke:#e6edf3}.sick{stroke:#f0883e;fill:#f0883e}
.well{stroke:#58b4f0;fill:#58b4f0}.hollow,.plain{fill:#161b22}text.name{stroke:#161b22}text.sick{fill:#f0883e}
text.well{fill:#58b4f0}text.on{fill:#161b22}.line{fill:none}}
""".strip()
"""Orange and blue of Okabe & Ito (2008), told apart by all kinds of colour vision."""


def card(title: str, says: str, height: float, shapes: Iterable[str]) -> str:
    """The whole file. says: what one who cannot see it is told."""
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {place(height)}" width="{WIDTH}" '
            f'height="{place(height)}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<desc>{escape(says)}</desc>",
            f"<style>{STYLE}</style>",
            f'<rect class="card" x="0.5" y="0.5" width="{WIDTH - 1}" height="{place(height - 1)}" rx="8"/>',
            *shapes,
            "</svg>",
        )
    )


def text(x: float, y: float, says: str, kind: str = "", anchor: str = "start") -> str:
    told = f' class="{kind}"' if kind else ""
    at = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{place(x)}" y="{place(y)}"{told}{at}>{escape(says)}</text>'


def stroke(x: float, y: float, to_x: float, to_y: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{place(x)}" y1="{place(y)}" x2="{place(to_x)}" y2="{place(to_y)}"/>'


def rectangle(x: float, y: float, width: float, height: float, kind: str, round_by: float = 2) -> str:
    return (
        f'<rect class="{kind}" x="{place(x)}" y="{place(y)}" width="{place(width)}" height="{place(height)}" '
        f'rx="{place(round_by)}"/>'
    )


def dot(x: float, y: float, kind: str, radius: float = 3.5) -> str:
    return f'<circle class="{kind}" cx="{place(x)}" cy="{place(y)}" r="{place(radius)}"/>'


def path(points: Sequence[tuple[float, float]], kind: str) -> str:
    return f'<polyline class="{kind}" points="{" ".join(f"{place(x)},{place(y)}" for x, y in points)}"/>'


def place(value: float) -> str:
    """A coordinate to one digit; rounded twice, so that the last bits of a logarithm cannot show."""
    short = f"{round(value, 6):.1f}".removesuffix(".0")
    return "0" if short == "-0" else short


def number(value: float) -> str:
    """A number as the axis and the bars say it."""
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "not finite"
    if not 1e-3 <= abs(value) < 1e6:
        digits, power = f"{value:.2e}".split("e")
        return f"{digits.rstrip('0').rstrip('.')}e{int(power)}"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def wide(says: str) -> float:
    """About how many pixels a text takes, a little more rather than less."""
    return 6.7 * len(says)


class Scale:
    """Where the numbers of an axis lie between two places.

    Its ends are those of the numbers; they are rounded outwards unless `exact`.
    """

    def __init__(self, values: Iterable[float], start: float, end: float, *, log: bool = False, exact: bool = False):
        finite = [v for v in values if math.isfinite(v) and (v > 0 or not log)]
        self.log, self.start, self.end = log, start, end
        if log:
            powers = [round(math.log10(v), 9) for v in finite] or [0.0]
            first, last = math.floor(min(powers)), math.ceil(max(powers))
            # A bar that ended where the axis begins could not be seen.
            first -= first == min(powers)
            every = math.ceil((last - first) / 6)
            self.ticks = [10.0**power for power in range(first, last + 1, every)]
            self.low, self.high = float(first), float(last)
            return
        low, high = min(finite, default=0.0), max(finite, default=1.0)
        if low == high:
            low, high = low - 1, high + 1
        step = _step((high - low) / 5, all(v == int(v) for v in finite))
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        self.low, self.high = (low, high) if exact else (first * step, last * step)
        self.ticks = [n * step for n in range(first, last + 1) if self.low <= n * step <= self.high]
        if exact:
            self.ticks = [low, *(tick for tick in self.ticks if tick - low >= 0.5 * step)]

    def at(self, value: float) -> float:
        """The place of a value; what a logarithm does not reach lies at the beginning."""
        if self.log:
            value = math.log10(value) if value > 0 else self.low
        share = (value - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, share))


def _step(least: float, whole: bool) -> float:
    """The next of 1, 2, 5, 10, ..."""
    if whole and least <= 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= least * (1 - 1e-9))
