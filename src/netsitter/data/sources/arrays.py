"""Sources from what a Python program holds: arrays, tensors, lists, parts of these, or a torch Dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from netsitter.data.faults import counted, listed
from netsitter.data.rows import ArrayRows, DatasetRows, Rows
from netsitter.data.source import Part, Source, whole_source
from netsitter.data.sources.labels import targets_of
from netsitter.data.sources.layout import array_of, columns_of, layout_of, pixels_of, shaped
from netsitter.data.sources.names import KNOWN_FORMS, PARTS_BY_WORD, named_parts
from netsitter.errors import DataError, shown

FORMS = '(x, y), {"train": (x, y), "val": ..., "test": ...}, or a torch Dataset that yields (x, y)'


def source_of(
    data: Any,
    *,
    name: str = "arrays",
    task: str | None = None,
    classes: Sequence[str] | None = None,
    features: Sequence[str] = (),
    where: str = "",
    notes: Sequence[str] = (),
) -> Source:
    """The source made of (x, y), of a mapping of such pairs by part, or of a torch Dataset.

    x: (N, D) is a table; (N, Y, X), (N, C, Y, X) and (N, Y, X, C) with C of 1, 3 or 4 are images.
    y: text, whole numbers or bools are classes, numbered in sorted order; reals (N,) or (N, O) are to be regressed.
    A mapping may have "groups" beside these: (N,) for the training rows; rows of one group stay in one part.
    classes: names of the classes 0 to K-1, when y holds their numbers.
    features: names of a table's columns; those of a data frame are taken from it.
    notes: said before what is found here.
    Raises DataError.

    >>> source_of(([[0.0, 1.0], [1.0, 0.0]], ["no", "yes"])).classes
    ('no', 'yes')
    """
    data, groups = without_groups(data)
    given = {part: _pair(value, part) for part, value in _parts(data).items()}
    where = where or name
    notes = list(notes)
    rows: dict[str, Rows] = {}
    for part, (x, y) in given.items():
        if not isinstance(x, DatasetRows):
            array, _, said = shaped(x, f"{where}, {part}")
            notes += said
            features = features or tuple(map(str, getattr(x, "columns", ())))
            x = ArrayRows(array)
        rows[part] = x
        _refuse_unequal(len(x), y, f"{where}, {part}")
    rows = _of_one_type(rows)
    targets = targets_of({part: y for part, (_, y) in given.items()}, where=where, task=task, names=classes)
    parts = {part: Part(rows[part], targets.y[part]) for part in given}
    return whole_source(
        {**parts, "train": in_groups(parts["train"], groups, where)} if "train" in parts else parts,
        name=name,
        where=where,
        task=targets.task,
        classes=targets.classes,
        features=features if rows["train"].example == (len(features),) else (),
        notes=[*notes, *targets.notes],
    )


def without_groups(data: Any) -> tuple[Any, Any]:
    """The data without its groups, and these; None where it has none."""
    if not isinstance(data, Mapping) or "groups" not in data:
        return data, None
    return {name: value for name, value in data.items() if name != "groups"}, data["groups"]


def in_groups(part: Part, groups: Any, where: str) -> Part:
    """The part with its groups as numbers. Raises DataError where there are not as many as rows."""
    if groups is None:
        return part
    names = np.asarray(groups)
    if names.ndim != 1 or len(names) != len(part):
        raise DataError(
            "there must be one group for each training row", code="D51", where=f"{where}: {len(part):,} rows",
            allowed=f"({len(part)},); got {names.shape}",
        )  # fmt: skip
    return replace(part, groups=np.unique(names, return_inverse=True)[1].astype(np.int64))


def inputs_of(x: Any, example: tuple[int, ...], image: bool) -> np.ndarray:
    """Examples to predict on as (N, *example), shaped as `source_of` shapes them; one example may come alone.

    Raises DataError where the shape does not fit that of training.
    """
    array = array_of(x, "the inputs")
    if example == (1,) and array.ndim == 1:
        array = array[:, None]
    for given in (array, array[None]):
        fitting = _fitting(given, example, image)
        if fitting is not None:
            return np.ascontiguousarray(pixels_of(fitting) if image else columns_of(fitting))
    raise DataError(
        "the inputs do not have the shape of the training data",
        code="D32",
        where=f"the inputs: {array.shape}",
        allowed=f"(N, {', '.join(map(str, example))}), as in training",
        fix="resize or crop the images" if image else "give the same features in the same order",
    )


def _fitting(array: np.ndarray, example: tuple[int, ...], image: bool) -> np.ndarray | None:
    """The array as (N, *example), or None. What fits as it is, is not turned."""
    if array.shape[1:] == example:
        return array
    if image and example[0] == 1 and array.shape[1:] == example[1:]:
        return array[:, None]
    if image and array.shape[1:] == (*example[1:], example[0]):
        return array.transpose(0, 3, 1, 2)
    return None


def _parts(data: Any) -> dict[str, Any]:
    """What was given for each part. Raises DataError for what has no form that is known."""
    if isinstance(data, Mapping):
        by_part = {PARTS_BY_WORD.get(str(key).lower(), ""): value for key, value in data.items()}
        if "" not in by_part and len(by_part) == len(data):
            return by_part
        return {part: (data[x], data[y]) for part, (x, y) in refuse_unnamed(data, "the mapping").items()}
    if hasattr(data, "__len__") and hasattr(data, "__getitem__") and not hasattr(data, "dtype"):
        return {"train": data}
    hint = "give loader.dataset" if hasattr(data, "dataset") else f"give {FORMS}"
    raise DataError(f"{type(data).__name__} is no data with labels", code="D45", allowed=FORMS, fix=hint)


def refuse_unnamed(names: Iterable[str], where: str) -> dict[str, tuple[str, str]]:
    """The names of examples and labels by part. Raises DataError that lists the names if there is no training part."""
    found = named_parts(map(str, names))
    if "train" not in found:
        raise DataError(
            "examples and labels are not found by their names",
            code="D14",
            where=f"{where} has {listed(map(repr, map(str, names)), ', ') or 'nothing'}",
            allowed=KNOWN_FORMS,
            fix="name the arrays so",
        )
    return found


def _pair(value: Any, part: str) -> tuple[Any, Any]:
    """(x, y) of one part; x as DatasetRows where a Dataset was given."""
    if isinstance(value, tuple | list) and len(value) == 2:
        return value[0], value[1]
    tensors = getattr(value, "tensors", ())
    if len(tensors) == 2:
        return tensors[0], tensors[1]
    if not (hasattr(value, "__len__") and hasattr(value, "__getitem__")) or hasattr(value, "dtype"):
        raise DataError(f"the {part} part has no labels", code="D47", where=shown(type(value).__name__), allowed=FORMS)
    return _dataset(value, part)


def _dataset(dataset: Any, part: str) -> tuple[DatasetRows, Any]:
    """The examples of a Dataset, and all its labels, for which it is gone through once."""
    if not len(dataset):
        raise DataError(f"the {part} part is empty", code="D54", where=type(dataset).__name__)
    labels = []
    for row in range(len(dataset)):
        item = dataset[row]
        if not isinstance(item, tuple | list) or len(item) != 2:
            raise DataError(
                "the Dataset must yield an example and its label",
                code="D45",
                where=f"{part}, row {row:,}: {shown(type(item).__name__)}",
                allowed="(x, y)",
            )
        if not row:
            first = array_of(item[0], f"{part}, row 0")
            layout = layout_of(first.shape, f"{part}, row 0")
        labels.append(item[1].tolist() if hasattr(item[1], "tolist") else item[1])
    return DatasetRows(dataset, layout), labels


def _refuse_unequal(rows: int, y: Any, where: str) -> None:
    """Raises DataError unless there are as many targets as examples."""
    targets = len(y) if hasattr(y, "__len__") and getattr(y, "shape", None) != () else 0
    if targets != rows:
        raise DataError(
            "examples and labels differ in number",
            code="D51",
            where=f"{where}: {counted(rows, 'example')}, {counted(targets, 'label')}",
            allowed="one label for each example",
        )


def _of_one_type(rows: dict[str, Rows]) -> dict[str, Rows]:
    """The parts of a table in the widest of their types; images as they are."""
    widest = np.result_type(*(part.dtype for part in rows.values()))
    return {
        name: ArrayRows(part.array, dtype=widest) if isinstance(part, ArrayRows) and len(part.example) == 1 else part
        for name, part in rows.items()
    }
