"""Targets of every common form as class numbers with their names, or as real numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from netsitter.data.faults import counted, listed
from netsitter.data.source import Task
from netsitter.errors import DataError, shown

FEW_VALUES = 20
"""Whole numbers written as reals are classes when they take no more values than this ..."""

ROWS_A_CLASS = 10
"""... or when each value has at least this many rows on average; else they are real targets."""

MOST_CLASSES = 1_000_000
"""More classes than this are a mistake: no output layer of that width is built."""


@dataclass(frozen=True)
class Targets:
    """The targets of each part.

    y: int64 (N,) class numbers, or float32 (N, O).
    classes: names in order; empty for real targets.
    """

    task: Task
    y: dict[str, np.ndarray]
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()


def targets_of(
    given: Mapping[str, Any], *, where: str, task: str | None = None, names: Sequence[str] | None = None
) -> Targets:
    """The targets of these parts: text, whole numbers, bools and few whole-numbered reals are classes.

    Class names are sorted (numbers by size). One-hot rows are read as classes.
    task: "classify" or "regress" where the user says so.
    names: of the classes 0 to K-1, when the source brings them.
    Raises DataError for missing labels, a task that does not fit, and classes unknown to the training part.
    """
    y = {part: _array(values, f"{where}, {part}") for part, values in given.items()}
    refuse_missing(y, where)
    notes: list[str] = []
    if task != "regress" and all(_one_hot(values) for values in y.values()):
        y = {part: values.argmax(axis=1) for part, values in y.items()}
        notes.append("one-hot targets were read as classes")
    y = {part: values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values for part, values in y.items()}
    chosen, why = _chosen_task(y["train"], task, where)
    notes += [why] if why else []
    if chosen == "regress":
        reals = {part: _reals(values, f"{where}, {part}") for part, values in y.items()}
        return Targets("regress", reals, (), tuple(notes))
    return _classes(y, where, names, notes)


def refuse_missing(y: Mapping[str, np.ndarray], where: str) -> None:
    """Raises DataError that lists the rows, of all parts, whose target is NaN, infinite, None or empty text."""
    missing = []
    for part, values in y.items():
        if values.dtype.kind == "f":
            bad = ~np.isfinite(values)
        elif values.dtype.kind == "U":
            bad = np.char.str_len(np.char.strip(values)) == 0
        else:
            continue
        rows = np.flatnonzero(bad.reshape(len(values), -1).any(axis=1)) if values.size else []
        missing += [f"{part}, row {row:,}: {shown(values[row].tolist())}" for row in rows]
    if missing:
        raise DataError(
            f"{counted(len(missing), 'label is', 'labels are')} missing or infinite",
            code="D47",
            where=f"{where}: {listed(missing)}",
            allowed="a target for every row",
            fix="leave these rows out",
        )


def _array(values: Any, where: str) -> np.ndarray:
    """Targets as an array of numbers or text, (N,) or (N, O); None as NaN or as empty text."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = (values.float() if str(values.dtype) == "torch.bfloat16" else values).numpy()
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as fault:
        raise DataError("the targets are not an array", code="D45", where=f"{where}: {fault}") from fault
    if array.dtype.kind in "OST":
        array = _plain(array)
    if array.dtype.kind not in "biufU" or array.ndim not in (1, 2):
        raise DataError(
            "the targets cannot be read",
            code="D45",
            where=f"{where}: shape {array.shape}, type {array.dtype}",
            allowed="one class a row as text or whole number, or real numbers (N,) or (N, O)",
        )
    return array


def _plain(array: np.ndarray) -> np.ndarray:
    """Objects and bytes as reals if all are numbers or missing, else as text."""
    values = ["" if value is None or value != value else value for value in array.ravel().tolist()]
    if any(isinstance(value, str | bytes) and value for value in values):
        texts = [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values]
        return np.array(texts, dtype=np.str_).reshape(array.shape)
    try:
        return np.array([np.nan if value == "" else value for value in values], dtype=np.float64).reshape(array.shape)
    except (ValueError, TypeError, OverflowError):
        return array


def _one_hot(y: np.ndarray) -> bool:
    """Whether every row has a single 1 among zeros, in two or more columns."""
    if y.ndim != 2 or y.shape[1] < 2 or y.dtype.kind not in "biuf" or not y.size:
        return False
    return bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())


def _chosen_task(y: np.ndarray, task: str | None, where: str) -> tuple[Task, str]:
    """The task, and why if it was not plain. Raises DataError where the targets do not fit the task asked for."""
    if task not in (None, "classify", "regress"):
        raise DataError(f"{shown(task)} is not a task", code="D46", where="task", allowed="classify, regress")
    if y.dtype.kind == "U":
        if task == "regress":
            raise DataError(
                "text cannot be a real target",
                code="D46",
                where=f"{where}: {shown(str(y.flat[0]))}",
                allowed="numbers, when the task is to regress",
                fix="task = classify",
            )
        return "classify", ""
    several = y.ndim == 2
    whole = y.dtype.kind in "biu" or bool((y == np.rint(y)).all())
    if task == "classify" and (several or not whole):
        first = "" if several else f", row {int(np.flatnonzero(y != np.rint(y))[0]):,}: {y[y != np.rint(y)][0]}"
        raise DataError(
            "real numbers cannot be classes",
            code="D46",
            where=f"{where}: " + (f"{y.shape[1]} columns" if several else str(y.dtype)) + first,
            allowed="text, or one whole number a row",
            fix="task = regress",
        )
    if task:
        return ("classify" if task == "classify" else "regress"), ""
    if several and whole:
        return "regress", f"{y.shape[1]} columns of whole numbers were read as real targets"
    if several or not whole:
        return "regress", ""
    values = len(np.unique(y))
    if y.dtype.kind == "f":
        if values <= FEW_VALUES or len(y) >= ROWS_A_CLASS * values:
            return "classify", f"{values} whole numbers written as reals were read as classes"
        return "regress", f"whole numbers with {values:,} values were read as real targets"
    if values > FEW_VALUES and len(y) < 2 * values:
        raise DataError(
            "these targets may be classes or real numbers",
            code="D46",
            where=f"{where}: {len(y):,} rows hold {values:,} different whole numbers",
            allowed="at least 2 rows a class on average, or a task that is given",
            fix="task = regress, or task = classify",
        )
    return "classify", ""


def _reals(y: np.ndarray, where: str) -> np.ndarray:
    """Real targets as float32 (N, O). Raises DataError for what is too large for float32."""
    with np.errstate(over="ignore"):
        reals = y.astype(np.float32)
    rows = np.flatnonzero(~np.isfinite(reals.reshape(len(reals), -1)).all(axis=1)) if reals.size else []
    if len(rows):
        raise DataError(
            "targets are too large",
            code="D57",
            where=f"{where}: " + listed(f"row {row:,}: {shown(y[row].tolist())}" for row in rows),
            allowed=f"up to {np.finfo(np.float32).max:.1e}",
            fix="give the targets in a larger unit",
        )
    return reals[:, None] if reals.ndim == 1 else reals


def _classes(y: dict[str, np.ndarray], where: str, names: Sequence[str] | None, notes: list[str]) -> Targets:
    """Class numbers of each part, by the values that occur in the training part or by the names given."""
    text = y["train"].dtype.kind == "U"
    if any((values.dtype.kind == "U") != text for values in y.values()):
        raise DataError("labels are text in one part and numbers in another", code="D45", where=where)
    if names is None and y["train"].dtype.kind == "b":
        names = ("False", "True")
    if not text:
        y = {part: values.astype(np.int64) for part, values in y.items()}
        if names is None:
            _refuse_negative(y, where)
    known = np.arange(len(names)) if names is not None and not text else np.unique(y["train"])
    if len(known) > MOST_CLASSES:
        raise DataError(f"{len(known):,} classes are too many", code="D46", where=where, fix="task = regress")
    _refuse_unknown(y, known, where)
    numbers = {part: np.searchsorted(known, values).astype(np.int64) for part, values in y.items()}
    if names is not None and not text:
        return Targets("classify", numbers, tuple(map(str, names)), tuple(notes))
    classes = tuple(str(value) for value in known.tolist())
    if not text and len(known) and not np.array_equal(known, np.arange(len(known))):
        ends = ", ".join(classes[:3]) + (f" ... {classes[-1]}" if len(classes) > 3 else "")
        notes.append(f"labels {ends} became classes 0 to {len(known) - 1}")
    unsaid = [name for name in classes if name.strip().lower() in ("na", "n/a", "nan", "none", "null")]
    if text and unsaid:
        notes.append(f"{', '.join(map(repr, unsaid))} is taken as the name of a class, not as a missing label")
    return Targets("classify", numbers, classes, tuple(notes))


def _refuse_negative(y: Mapping[str, np.ndarray], where: str) -> None:
    """Raises DataError that lists negative labels, unless the labels are -1 and 1."""
    if set(np.unique(y["train"]).tolist()) == {-1, 1}:
        return
    wrong = [f"{part}, row {row:,}: {values[row]}" for part, values in y.items() for row in np.flatnonzero(values < 0)]
    if wrong:
        raise DataError(
            f"{counted(len(wrong), 'label is', 'labels are')} negative",
            code="D40",
            where=f"{where}: {listed(wrong)}",
            allowed="whole numbers from 0 (or just -1 and 1)",
            fix="leave these rows out: -1 often means unlabelled, -100 ignored",
        )


def _refuse_unknown(y: Mapping[str, np.ndarray], known: np.ndarray, where: str) -> None:
    """Raises DataError that lists the labels which are no known class."""
    unknown = [
        f"{part}, row {row:,}: {values[row].item()!r}"
        for part, values in y.items()
        for row in np.flatnonzero(~np.isin(values, known))
    ]
    if unknown:
        shown_classes = [repr(value) for value in known.tolist()]
        raise DataError(
            f"{counted(len(unknown), 'label is', 'labels are')} no class of the training part",
            code="D48",
            where=f"{where}: {listed(unknown)}",
            allowed=listed(shown_classes, ", "),
            fix="move rows of these classes into train, or leave them out",
        )
