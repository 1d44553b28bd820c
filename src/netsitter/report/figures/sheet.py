"""Pictures in a figure: one sheet, drawn pixel by pixel, with the pictures in rows and columns."""

from __future__ import annotations

import base64
import io

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image

from netsitter.report.figures.look import canvas

GAP, WORDS = 0.12, 0.7
"""Between pictures, and below each where words stand there, in sides of a picture."""

WIDTH = 960
"""Of the page, in pixels, about: the height of a sheet is made for it."""


def sheet(pictures: list[NDArray[np.uint8]], columns: int, *, words: list[str] | None = None) -> go.Figure:
    """A figure of pictures of one size, the first on top at the left. words: what stands under each."""
    figure = canvas("", "", height=200)
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True)
    figure.update_layout(margin={"l": 0, "r": 0, "t": 8, "b": 8})
    if not pictures:
        return figure
    high, wide = pictures[0].shape[:2]
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    right, down = wide + round(GAP * wide) + 1, high + round((WORDS if words else GAP) * high) + 1
    ground = np.zeros((rows * down, columns * right, 4), np.uint8)
    for place, pixels in enumerate(pictures):
        top, left = (place // columns) * down, (place % columns) * right
        ground[top : top + high, left : left + wide, :3] = pixels
        ground[top : top + high, left : left + wide, 3] = 255
        if words:
            figure.add_annotation(
                text=words[place], x=left + wide / 2, y=top + high, showarrow=False, yanchor="top", font={"size": 11}
            )
    figure.add_image(source=_png(ground), hoverinfo="skip")
    share, aspect = min(1.0, columns / 8), ground.shape[0] / ground.shape[1]
    # A page that is narrower than usual makes the figure as much lower.
    figure.update_layout(height=round(WIDTH * share * aspect) + 16, meta={"aspect": aspect})
    return figure


def _png(pixels: NDArray[np.uint8]) -> str:
    """A picture as a `data:` address."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png", compress_level=6)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
