"""What a run's network says of new rows: image files, arrays in an .npz, or a labelled source."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from netsitter.data.rows import ImageFileRows, Rows
from netsitter.data.sources.image import ENDINGS
from netsitter.data.sources.npz import unlabelled
from netsitter.data.sources.open import open_source
from netsitter.doors.run import Run
from netsitter.errors import DataError, printable

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would run."""


@dataclass(frozen=True)
class Predictions:
    """One prediction a row.

    rows: what each row is called. values: class names (N,), or real values (N, O).
    probabilities: (N, K), None for real targets. score: where the rows were labelled, as `Run.evaluate` gives it.
    """

    rows: list[str]
    values: np.ndarray
    probabilities: np.ndarray | None
    classes: tuple[str, ...]
    score: dict[str, float] | None

    def as_json(self) -> dict[str, Any]:
        best = None if self.probabilities is None else self.probabilities.max(axis=1).tolist()
        return {"rows": self.rows, "predictions": self.values.tolist(), "probability": best, "metrics": self.score}

    def as_csv(self) -> str:
        """A table with a header; text that a spreadsheet would take for a formula gets a quote before it."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        classes = [f"p({_safe(name)})" for name in self.classes] if self.probabilities is not None else []
        outputs = 1 if self.values.ndim == 1 else self.values.shape[1]
        writer.writerow(
            ["row", *(["prediction"] if outputs == 1 else [f"prediction {i}" for i in range(outputs)]), *classes]
        )
        for i, row in enumerate(self.rows):
            values = np.atleast_1d(self.values[i]).tolist()
            chances = [] if self.probabilities is None else [f"{p:.6f}" for p in self.probabilities[i]]
            writer.writerow([_safe(row), *(_safe(v) if isinstance(v, str) else v for v in values), *chances])
        return out.getvalue()


def predictions(run: Run, data: str | Path) -> Predictions:
    """The predictions of a run for an image file, a folder of images, an .npz without labels, or anything that `fit`
    reads (its test part, with the score).

    Raises DataError when the rows are not shaped as those it was trained on.
    """
    path, score = Path(data), None
    rows: Rows | np.ndarray
    if paths := image_paths(path):
        rows, names = _image_rows(run, paths), [str(path) for path in paths]
    elif path.suffix == ".npz" and os.path.isfile(path) and (found := unlabelled(path)) is not None:
        rows, names = found, [str(i) for i in range(len(found))]
    else:
        source = open_source(data, resize=run.plan.data.resize)
        part = source.parts.get("test", source.parts["train"])
        if part.x.example != run.example:
            raise DataError(
                f"rows of shape {run.example} were expected; {source.where} has {part.x.example}",
                code="D32",
                where=source.where,
            )
        rows, names = part.x, [str(i) for i in range(len(part))]
        score = run.evaluate(data) if (source.task == "classify") == bool(run.classes) else None
    chances = run.predict_proba(rows) if run.classes else None
    return Predictions(names, run.predict(rows), chances, run.classes, score)


def image_paths(path: Path) -> list[Path]:
    """The image itself, or the images that lie directly in a folder, in order of their names; else none."""
    inside = sorted(path.iterdir()) if os.path.isdir(path) else [path]
    return [image for image in inside if image.suffix.lower() in ENDINGS and os.path.isfile(image)]


def _image_rows(run: Run, paths: list[Path]) -> ImageFileRows:
    """The images in the size and with the channels that the network was trained on."""
    if len(run.example) != 3 or run.example[0] not in (1, 3):
        raise DataError(f"this network reads {run.example}, not images", code="D32", state="")
    channels, height, width = run.example
    return ImageFileRows(paths, (width, height), "L" if channels == 1 else "RGB", resize=True)


def _safe(text: str) -> str:
    """The text as a cell that steers neither a terminal nor a spreadsheet."""
    text = printable(text)
    return f"'{text}" if text.startswith(FORMULA) else text
