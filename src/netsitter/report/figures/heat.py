"""Tables of layers and steps, as colours."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from netsitter.report.figures.thinned import plain

MOST_COLUMNS = 200

MOST_ROWS = 60


def add_heat(
    figure: go.Figure,
    steps_S: NDArray[np.int64],
    values_SL: NDArray[np.float64],
    labels: Sequence[str],
    **options: Any,
) -> None:
    """A row a layer, the first on top, a column a look; the greatest value of each stretch where looks are many.

    labels: of the rows, safe to show.
    """
    edges = np.linspace(0, len(steps_S), min(len(steps_S), MOST_COLUMNS) + 1).astype(int)
    columns = [_greatest(values_SL[low:high]) for low, high in pairwise(edges)]
    rows = np.array(columns).T[:MOST_ROWS]
    figure.add_heatmap(
        x=[f"{steps_S[high - 1]:,}" for high in edges[1:]],
        y=list(labels[: len(rows)]),
        z=[plain(row) for row in rows],
        hoverongaps=False,
        xgap=1,
        ygap=2,
        **options,
    )
    figure.update_xaxes(type="category", showgrid=False, nticks=12)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)


def _greatest(values_SL: NDArray[np.float64]) -> NDArray[np.float64]:
    """The greatest of each column; NaN where there is none."""
    kept = np.where(np.isfinite(values_SL), values_SL, -np.inf).max(axis=0)
    return np.where(np.isfinite(kept), kept, np.nan)
