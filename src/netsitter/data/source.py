"""`Source`: a data set as it was found, in its parts, before anything is split or prepared."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from netsitter.data.faults import counted, listed
from netsitter.data.rows import Rows
from netsitter.errors import DataError

Task = Literal["classify", "regress"]

PARTS = ("train", "val", "test")
"""The parts a source may have; train always."""

SAMPLED = 64
"""Rows of each part, evenly spaced, whose content goes into the fingerprint."""


@dataclass(frozen=True)
class Part:
    """Examples with their targets.

    y: int64 (N,) class numbers, or float32 (N, O) real targets.
    given: the targets as they were handed in, (N, ...) of any type, where the loss is to get those; else None.
    groups: (N,) int64, rows with the same number are of one origin (a patient, a speaker) and stay in one part.
    """

    x: Rows
    y: np.ndarray
    given: np.ndarray | None = None
    groups: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Source:
    """A data set as it was found.

    where: file or folder it was read from, or what it was made of.
    image: whether an example is (C, Y, X); else it is a row (D,) of a table.
    classes: names in the order of their numbers; empty when the task is to regress.
    features: names of a table's columns, or empty.
    parts: "train" always; "val" and "test" where the source brings them.
    notes: what was handled by itself and is worth saying.
    fingerprint: SHA-256 of sizes, labels and sampled rows; the same on every machine, whatever the path.
    """

    name: str
    where: str
    image: bool
    task: Task
    classes: tuple[str, ...]
    features: tuple[str, ...]
    parts: dict[str, Part]
    notes: tuple[str, ...]
    fingerprint: str

    @property
    def example(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.parts["train"].x.example


def whole_source(
    parts: Mapping[str, Part],
    *,
    name: str,
    where: str,
    task: Task,
    classes: Sequence[str] = (),
    features: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Source:
    """The source of these parts, after the checks that every source must pass.

    Raises DataError for an empty part, parts of different shape, examples and targets of different number,
    a label outside the classes, one class only, and a class that the training part lacks and another has.
    """
    ordered = {part: parts[part] for part in PARTS if part in parts}
    notes = list(notes)
    _refuse_uneven(ordered, where)
    if task == "classify":
        notes += _checked_classes(ordered, tuple(classes), where)
    return Source(
        name=name,
        where=where,
        image=len(ordered["train"].x.example) == 3,
        task=task,
        classes=tuple(classes),
        features=tuple(features),
        parts=ordered,
        notes=tuple(notes),
        fingerprint=fingerprint_of(ordered, task=task, classes=classes),
    )


def fingerprint_of(parts: Mapping[str, Part], *, task: str, classes: Sequence[str]) -> str:
    """SHA-256 over the task, the classes, and each part's size, targets and evenly spaced rows, as hexadecimal."""
    digest = hashlib.sha256(repr((task, tuple(classes))).encode())
    for name, part in parts.items():
        x, y = part.x, part.y
        digest.update(repr((name, len(x), tuple(x.example), x.dtype.name, y.shape)).encode())
        digest.update(np.ascontiguousarray(y, dtype=y.dtype.newbyteorder("<")).tobytes())
        for row in sorted({k * (len(x) - 1) // (SAMPLED - 1) for k in range(SAMPLED)}):
            digest.update(x.stored(row))
    return digest.hexdigest()


def _refuse_uneven(parts: Mapping[str, Part], where: str) -> None:
    """Raises DataError unless every part has rows, as many targets, and examples of the training part's shape."""
    if "train" not in parts:
        raise DataError(
            "there is no training part",
            code="D54",
            where=f"{where} has {listed(parts, ', ') or 'no part'}",
            allowed="a part called train; val and test are optional",
        )
    first = parts["train"].x
    for name, part in parts.items():
        if len(part.x) != len(part.y):
            raise DataError(
                "examples and labels differ in number",
                code="D51",
                where=f"{where}, {name}: {counted(len(part.x), 'example')}, {counted(len(part.y), 'label')}",
                allowed="one label for each example",
            )
        if not len(part.x):
            raise DataError(
                f"the {name} part is empty", code="D54", where=where, allowed="at least one row in each part"
            )
        if part.x.example != first.example or part.x.dtype != first.dtype:
            raise DataError(
                "the parts hold different kinds of examples",
                code="D67",
                where=f"{where}: train {first.example} {first.dtype}, {name} {part.x.example} {part.x.dtype}",
                allowed="one shape and one type in all parts",
            )


def _checked_classes(parts: Mapping[str, Part], classes: tuple[str, ...], where: str) -> list[str]:
    """Notes about the classes. Raises DataError where they cannot be trained on."""
    refuse_bad_labels(parts, len(classes), where)
    counts = {name: np.bincount(part.y, minlength=len(classes)) for name, part in parts.items()}
    present = np.flatnonzero(counts["train"])
    if len(present) == 1:
        only = int(present[0])
        raise DataError(
            "there is one class only, so there is nothing to tell apart",
            code="D36",
            where=f"{where}, train: all {counts['train'][only]:,} rows are {classes[only]!r}",
            allowed="at least 2 classes in the training part",
        )
    absent = [k for k in range(len(classes)) if not counts["train"][k]]
    unseen = [f"{classes[k]!r} ({name}: {counts[name][k]:,})" for k in absent for name in parts if counts[name][k]]
    if unseen:
        raise DataError(
            "a class is missing from the training part, so it cannot be learned",
            code="D48",
            where=f"{where}: {listed(unseen, ', ')}",
            allowed="every class of val and test also in train",
            fix="move examples of the class into train, or give all of them as one part and let netsitter split it",
        )
    notes = [f"no rows of class {listed((classes[k] for k in absent), ', ')}"] if absent else []
    twins = defaultdict(list)
    for label in classes:
        twins[label.strip().casefold()].append(label)
    return notes + [
        f"nearly equal class names: {', '.join(map(repr, same))}" for same in twins.values() if len(same) > 1
    ]


def refuse_bad_labels(parts: Mapping[str, Part], classes: int, where: str) -> None:
    """Raises DataError that lists the rows whose class number is not below `classes`, of all parts."""
    wrong = [
        f"{name}, row {row:,}: {int(part.y[row])}"
        for name, part in parts.items()
        for row in np.flatnonzero((part.y < 0) | (part.y >= classes))
    ]
    if wrong:
        raise DataError(
            f"{counted(len(wrong), 'label is', 'labels are')} out of range",
            code="D39",
            where=f"{where}: {listed(wrong)}",
            allowed=f"0 to {classes - 1}, one number for each of the {classes} classes",
            fix="remove these rows (-1 often means unlabelled), or bring the files again",
        )
