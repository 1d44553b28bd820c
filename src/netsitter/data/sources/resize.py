"""Images in memory scaled to one size. Image files are scaled when they are decoded instead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from netsitter.data.rows import ArrayRows, Rows
from netsitter.data.source import Source, fingerprint_of
from netsitter.data.sources.image import resized, told_size
from netsitter.errors import DataError


def resized_source(source: Source, size: tuple[int, int]) -> Source:
    """The source with images of (width, height). Raises DataError for a table, and for rows that are in no array."""
    if not source.image:
        raise DataError(
            "only images can be resized",
            code="D67",
            where=f"{source.where}: rows of {source.example[0]} features",
            fix="leave resize out",
        )
    if source.example[1:] == size[::-1]:
        return source
    parts = {name: replace(part, x=_scaled(part.x, size, source.where)) for name, part in source.parts.items()}
    _, height, width = source.example
    return replace(
        source,
        parts=parts,
        notes=(*source.notes, f"images were resized from {told_size((width, height))} to {told_size(size)}"),
        fingerprint=fingerprint_of(parts, task=source.task, classes=source.classes),
    )


def _scaled(rows: Rows, size: tuple[int, int], where: str) -> ArrayRows:
    if not isinstance(rows, ArrayRows):
        raise DataError("only arrays can be resized", code="D67", where=where, fix="resize in the Dataset's transform")
    x_NCYX, (width, height) = rows.array, size
    scaled = np.empty((*x_NCYX.shape[:2], height, width), dtype=x_NCYX.dtype)
    for row, planes in enumerate(x_NCYX):
        for channel, plane in enumerate(planes):
            scaled[row, channel] = np.asarray(resized(Image.fromarray(plane), size))
    return ArrayRows(scaled)
