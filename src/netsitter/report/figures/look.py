"""How figures look: colours, the light and the dark template. The only place where a colour is named.

The colours of lines are those of Okabe & Ito (2008), who chose them to be told apart by every eye, a little darker or
lighter where needed to be read on white and on near-black.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go

from netsitter.errors import printable

TRAIN, VAL = "#2b86c9", "#db7b00"
"""The training part is blue, the validation part orange, everywhere."""

GOOD, BAD, NOTE = "#0f9d78", "#d4483b", "#8a8f98"

SEVERITY = {"error": BAD, "warning": "#c98a00", "note": NOTE}

GAP = "rgba(219, 123, 0, 0.16)"
HEALTHY = "rgba(15, 157, 120, 0.16)"

LINES = (TRAIN, VAL, GOOD, "#c65f9c", "#4fb3e8", "#a08a00", BAD, NOTE)

DEPTH = ("rgb(63, 95, 208)", "rgb(178, 86, 160)", "rgb(242, 144, 46)")
"""Of what goes from low to high, from blue to orange: scores, or layers from the first to the last.

Both ends can be read on white and on near-black, which those of the usual scales cannot.
"""

MUCH_IS_BAD = ((0.0, "rgba(138, 143, 152, 0.12)"), (0.5, "#e8a33d"), (1.0, "#b3261e"))
"""Of shares of which 0 is well and 1 is sick."""

SHARE = ((0.0, "rgba(138, 143, 152, 0.06)"), (0.4, "#5b8fd0"), (1.0, "#f2902e"))
"""Of shares of which none is good or bad, from nothing to the most there is."""

RIGHT = ((0.0, "#cfe4f4"), (1.0, TRAIN))
"""Of shares that are right, on the diagonal."""

HEIGHT = 360
"""Of a figure, in pixels; its width is that of the page."""

PAPER = {"light": ("#1c2430", "#dfe3e8", "#ffffff"), "dark": ("#dce3ec", "#2d3642", "#151a21")}
"""Text, grid and ground."""


def template(*, dark: bool = False) -> dict[str, Any]:
    """The template of figures on white, or on near-black."""
    text, grid, ground = PAPER["dark" if dark else "light"]
    axis = {
        "gridcolor": grid, "linecolor": grid, "zerolinecolor": grid, "ticks": "outside", "tickcolor": grid,
        "title": {"standoff": 8}, "automargin": True,
    }  # fmt: skip
    return {
        "layout": {
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": text, "family": "system-ui, sans-serif", "size": 13},
            "title": {"x": 0.0, "xref": "container", "font": {"size": 16}},
            "colorway": list(LINES),
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {"bgcolor": ground, "bordercolor": grid, "font": {"color": text}},
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)"},
            "annotationdefaults": {"font": {"color": text, "size": 12}},
        }
    }


def canvas(x: str, y: str, *, log_y: bool = False, height: int = HEIGHT) -> go.Figure:
    """A figure without a curve. x, y: what stands along the axes, with its unit."""
    return go.Figure(
        layout={
            "template": {},
            "height": height,
            "margin": {"l": 56, "r": 16, "t": 40, "b": 48},
            "xaxis": {"title": {"text": x}, "type": "linear"},
            "yaxis": {"title": {"text": y}, "type": "log" if log_y else "linear", "exponentformat": "power"},
            "hovermode": "closest",
        }
    )


def panels(axes: Sequence[str], y: str, *, each: int) -> go.Figure:
    """A figure of panels below each other, one for each of these axes. each: pixels of a panel."""
    from plotly.subplots import make_subplots

    high = 110 + each * len(axes)
    figure = make_subplots(rows=len(axes), cols=1, vertical_spacing=84 / high if len(axes) > 1 else 0)
    figure.layout.template = {}
    figure.update_layout(height=high, margin={"l": 64, "r": 16, "t": 40, "b": 48})
    figure.update_yaxes(title_text=y)
    for row, name in enumerate(axes, start=1):
        figure.update_xaxes(title_text=name, exponentformat="power", row=row, col=1)
    return figure


def safe(text: object, longest: int = 80) -> str:
    """A name from data or code as text for a figure, where `<b>` is not bold; cut where it is longer."""
    whole = str(text)
    return escape(printable(whole if len(whole) <= longest else whole[: longest - 1] + "…"), quote=False)


def depth_colours(layers: int) -> list[str]:
    """A colour a layer, blue for the first and orange for the last."""
    from plotly.colors import sample_colorscale

    return [str(colour) for colour in sample_colorscale(list(DEPTH), [i / max(layers - 1, 1) for i in range(layers)])]
