"""Sources whose rows and targets are to reach a network as they were handed in: tensors or arrays of any shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from netsitter.data.faults import counted
from netsitter.data.rows import ArrayRows
from netsitter.data.source import Part, Source, fingerprint_of
from netsitter.data.sources.arrays import FORMS, in_groups, without_groups
from netsitter.data.sources.labels import targets_of
from netsitter.data.sources.layout import array_of
from netsitter.data.sources.names import PARTS_BY_WORD
from netsitter.errors import DataError

FEWEST_TO_DIVIDE = 40
"""Among fewer training rows none is set aside for validation: all are trained on and judged by, as with the four of
XOR."""

MOST_CLASSES = 1_000
"""More different whole numbers than this are read as a quantity."""


def given_source(data: Any, *, name: str = "arrays") -> Source:
    """The source of (x, y), of {"train": (x, y), "val": ...}, or of a torch Dataset, nothing turned or renamed.

    x: (N, ...) numbers; float64 becomes float32, as networks have it; whole numbers stay.
    y: (N, ...) numbers, in the same way.
    In `Part.y` stands what splitting and looking need: class numbers where the targets have classes, else reals (N, O).
    Raises DataError.
    """
    data, groups = without_groups(data)
    raw = {part: _raw_pair(value, part) for part, value in _by_part(data).items()}
    texts = _numbered({part: y for part, (_, y) in raw.items()}, name)
    pairs = {part: (_plain(array_of(x, f"{part}, x")), texts.get(part, y)) for part, (x, y) in raw.items()}
    pairs = {part: (x, _plain(array_of(y, f"{part}, y"))) for part, (x, y) in pairs.items()}
    if "train" not in pairs:
        raise DataError("there is no training part", code="D54", where=", ".join(pairs) or "nothing", allowed=FORMS)
    first = pairs["train"]
    for part, (x, y) in pairs.items():
        _refuse_unfit(part, x, y, first)
    notes = []
    alone = len(first[0]) < FEWEST_TO_DIVIDE and "val" not in pairs
    if alone:
        notes.append(f"{counted(len(first[0]), 'row')}: all are trained on, and the network is judged by the same ones")
    classes = _classes_of({part: y for part, (_, y) in pairs.items()})
    parts = {part: Part(ArrayRows(x), _readable(y, classes), y) for part, (x, y) in pairs.items()}
    parts["train"] = in_groups(parts["train"], groups, name)
    if alone:
        parts["val"] = parts["train"]
    names = () if classes is None else tuple(f"{value:g}" for value in classes.tolist())
    task = "classify" if names else "regress"
    return Source(
        name=name,
        where=name,
        image=first[0].ndim == 4,
        task=task,
        classes=names,
        features=(),
        parts=parts,
        notes=tuple(notes),
        fingerprint=fingerprint_of(parts, task=task, classes=names),
    )


def given_rows(x: Any, example: tuple[int, ...]) -> ArrayRows:
    """Rows to predict on, (N, *example); one may come alone. Raises DataError for another shape."""
    array = _plain(array_of(x, "the inputs"))
    array = array[None] if array.shape == example else array
    if array.shape[1:] != example:
        raise DataError(
            "the inputs do not have the shape of the training data",
            code="D32",
            where=f"the inputs: {array.shape}",
            allowed=f"(N, {', '.join(map(str, example))}), as in training",
            fix="give the same features in the same order",
        )
    return ArrayRows(array)


def with_reals(source: Source) -> Source:
    """The source with whole numbers in its rows as real ones, for networks that look nothing up."""
    parts = {
        name: replace(part, x=ArrayRows(part.x.take(np.arange(len(part.x))).astype(np.float32)))
        for name, part in source.parts.items()
    }
    return replace(source, parts=parts)


def _by_part(data: Any) -> dict[str, Any]:
    if isinstance(data, Mapping):
        named = {PARTS_BY_WORD.get(str(key).lower(), ""): value for key, value in data.items()}
        if "" not in named and len(named) == len(data):
            return named
        raise DataError("the parts are not known by their names", code="D14", where=str(list(data)), allowed=FORMS)
    return {"train": data}


def _numbered(targets: Mapping[str, Any], where: str) -> dict[str, np.ndarray]:
    """Text and bools as class numbers, which losses take; nothing for numbers."""
    kinds = {np.asarray(y).dtype.kind for y in targets.values() if not hasattr(y, "detach")}
    kinds |= {"b" for y in targets.values() if str(getattr(y, "dtype", "")) == "torch.bool"}
    return targets_of(targets, where=where, task="classify").y if kinds & set("UOSTb") else {}


def _raw_pair(value: Any, part: str) -> tuple[Any, Any]:
    if isinstance(value, tuple | list) and len(value) == 2:
        x, y = value
    elif len(getattr(value, "tensors", ())) == 2:
        x, y = value.tensors
    elif hasattr(value, "__len__") and hasattr(value, "__getitem__") and not hasattr(value, "dtype"):
        rows = [value[row] for row in range(len(value))]
        if not rows or any(not isinstance(row, tuple | list) or len(row) != 2 for row in rows):
            raise DataError(
                "the Dataset must yield an example and its target", code="D45", where=part, allowed="(x, y)"
            )
        x, y = np.stack([array_of(row[0], part) for row in rows]), np.asarray([np.asarray(row[1]) for row in rows])
    else:
        raise DataError(f"{type(value).__name__} is no data with targets", code="D45", where=part, allowed=FORMS)
    return x, y


def _plain(array: np.ndarray) -> np.ndarray:
    """float32 or int64, in memory and in order."""
    kind = np.int64 if array.dtype.kind in "iu" and array.dtype != np.uint8 else np.float32
    return np.ascontiguousarray(array, dtype=kind)


def _refuse_unfit(part: str, x: np.ndarray, y: np.ndarray, first: tuple[np.ndarray, np.ndarray]) -> None:
    if not x.ndim or not y.ndim or len(x) != len(y) or not len(x):
        raise DataError(
            "examples and targets differ in number" if x.ndim and y.ndim and len(x) else f"the {part} part is empty",
            code="D51",
            where=f"{part}: x {x.shape}, y {y.shape}",
            allowed="one target for each example",
        )
    if x.shape[1:] != first[0].shape[1:] or y.shape[1:] != first[1].shape[1:]:
        raise DataError(
            "the parts hold different kinds of examples",
            code="D67",
            where=f"train: x {first[0].shape}, y {first[1].shape}; {part}: x {x.shape}, y {y.shape}",
            allowed="one shape in all parts",
        )


def _classes_of(targets: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """The values of the classes in order, of all parts: class numbers from 0 on, where a few have no rows, too."""
    values = _class_values(targets["train"])
    if values is None or targets["train"].dtype.kind != "i" or targets["train"].ndim > 2:
        return values
    values = np.unique(np.concatenate([values, *(y.ravel() for y in targets.values())]))
    numbered = values[0] >= 0 and values[-1] < 2 * len(values)
    return np.arange(values[-1] + 1) if numbered else values


def _class_values(y: np.ndarray) -> np.ndarray | None:
    """The values of the classes in order; None where a row's target is no class."""
    flat = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if flat.ndim == 2 and flat.dtype.kind == "f" and _one_hot(flat):
        return np.arange(flat.shape[1])
    if flat.ndim != 1:
        return None
    values = np.unique(flat[np.isfinite(flat)] if flat.dtype.kind == "f" else flat)
    if flat.dtype.kind == "i":
        return values if len(values) <= min(MOST_CLASSES, max(2, len(flat) // 2)) else None
    return values if values.tolist() in ([0.0, 1.0], [-1.0, 1.0]) else None


def _one_hot(y: np.ndarray) -> bool:
    return y.shape[1] > 1 and bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())


def _readable(y: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
    """Class numbers (N,), or reals (N, O): of pictures and sequences one number a row, their mean."""
    if classes is None:
        reals = y.reshape(len(y), -1).astype(np.float32)
        return reals if y.ndim <= 2 else reals.mean(axis=1, keepdims=True)
    if y.ndim == 2 and y.shape[1] > 1:
        return y.argmax(axis=1).astype(np.int64)
    return np.clip(np.searchsorted(classes, y.reshape(len(y))), 0, len(classes) - 1).astype(np.int64)
