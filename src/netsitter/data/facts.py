"""`facts_of`: a data set as numbers, for the rules that look at data before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from netsitter.data.preparation.moments import moments_of
from netsitter.data.shifts import evenly, shifts_of
from netsitter.data.source import Part, Source
from netsitter.data.telltales import copies_of_target, identifiers_of
from netsitter.data.twins import Twins, digests_of, twins_of
from netsitter.record.facts import DataFacts, FeatureFacts, PartFacts

MOST_PLACES = 5
"""Places of each fault that are kept; the rest is counted."""

STREAMED_ROWS = 2_000
"""Training rows that are looked at when rows are decoded from disk: 2 seconds or so of JPEG pictures."""

MOST_BYTES = 4 * 2**30
MOST_STREAMED_BYTES = 256 * 2**20
"""Data up to this size is searched for rows that occur twice: some seconds, from memory and from disk."""

CHUNK_BYTES = 8 * 2**20


def facts_of(
    source: Source,
    parts: Mapping[str, Part],
    *,
    numbers: Mapping[str, np.ndarray] | None = None,
    most_rows: int = 50_000,
) -> DataFacts:
    """What the data rules read of this source.

    parts: "train", and "val" and "test" where there are any, as they are after the split.
    numbers: for each part, the numbers of its rows in the source, (N,); messages then name those.
    most_rows: training rows that the features are measured on, evenly spaced; from disk no more than STREAMED_ROWS.
    """
    train = parts["train"]
    rows = evenly(len(train.x), most_rows if train.x.in_memory else min(most_rows, STREAMED_ROWS))
    seen = _Seen(numbers or {})
    measured = _features(train, rows, source, seen)
    twins = _twins(parts, seen)
    tokens = train.given is not None and np.issubdtype(train.x.dtype, np.integer)
    table = len(source.example) == 1 and len(measured.mean) > 1 and not tokens
    numbered = np.asarray(seen.numbers.get("train", np.arange(len(train.x))))
    return DataFacts(
        name=source.name,
        kind="image" if source.image else "tokens" if tokens else "table",
        task=source.task,
        example=tuple(source.example),
        dtype=str(np.dtype(train.x.dtype)),
        classes=tuple(source.classes),
        parts={name: _part_facts(part, len(source.classes)) for name, part in parts.items()},
        features=measured,
        sampled=len(rows),
        non_finite_count=seen.non_finite_count,
        non_finite=tuple(seen.non_finite),
        duplicates=twins.duplicates,
        duplicate_pairs=tuple((seen.row("train", a), seen.row("train", b)) for a, b in twins.duplicate_pairs),
        leaks=dict(twins.leaks),
        leak_pairs=tuple((part, seen.row(part, a), seen.row("train", b)) for part, a, b in twins.leak_pairs),
        conflicts=twins.conflicts,
        conflict_pairs=tuple((seen.row("train", a), seen.row("train", b)) for a, b in twins.conflict_pairs),
        identifiers=identifiers_of(train.x, rows, numbered) if table else (),
        copies_target=copies_of_target(train.x, train.y, rows, source.task) if table and _apart(train) else (),
        shifts=() if tokens else shifts_of(parts, measured, len(rows)),
        not_checked=tuple(seen.not_checked),
    )


@dataclass
class _Seen:
    """What is gathered on the way."""

    numbers: Mapping[str, np.ndarray]
    non_finite_count: int = 0
    non_finite: list[tuple[str, int, int]] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)

    def row(self, part: str, row: int) -> int:
        """The row as the user counts it."""
        return int(self.numbers[part][row]) if part in self.numbers else row

    def note_non_finite(self, part: str, index_B: np.ndarray, bad_BD: np.ndarray) -> None:
        self.non_finite_count += int(bad_BD.sum())
        for b, d in np.argwhere(bad_BD)[: MOST_PLACES - len(self.non_finite)]:
            self.non_finite.append((part, self.row(part, int(index_B[b])), int(d)))


def _features(train: Part, rows: np.ndarray, source: Source, seen: _Seen) -> FeatureFacts:
    """The features over the rows at hand whose values are all finite."""
    if len(rows) < len(train.x):
        seen.not_checked.append(f"features were measured on {len(rows):,} of {len(train.x):,} training rows")
    names = tuple(map(str, source.features))

    def finite() -> Iterator[torch.Tensor]:
        for index_B in _portions(train, rows):
            x = train.x.take(index_B)
            x = x[~_bad(x).any(axis=1)]
            if len(x):
                yield torch.from_numpy(x)

    chunks = finite()
    first = next(chunks, None)
    if first is None:
        return FeatureFacts((), (), (), (), names)
    moments = moments_of(chunk for some in ((first,), chunks) for chunk in some)
    numbers = (moments.mean, moments.var.sqrt(), moments.low, moments.high)
    return FeatureFacts(*(tuple(n.flatten().tolist()) for n in numbers), names=names)


def _twins(parts: Mapping[str, Part], seen: _Seen) -> Twins:
    """Rows that occur twice, and on the way the values that are not finite, in all parts."""
    streamed = [name for name, part in parts.items() if not part.x.in_memory]
    for name in streamed:
        if np.issubdtype(parts[name].x.dtype, np.floating):
            seen.not_checked.append(f"{name} was not searched for values that are not finite: it is read from disk")
    for name, part in parts.items():
        if name not in streamed and np.issubdtype(part.x.dtype, np.floating):
            for index_B in _portions(part, np.arange(len(part.x))):
                seen.note_non_finite(name, index_B, _bad(part.x.take(index_B)))
    size = sum(_bytes(part) for part in parts.values())
    limit = MOST_STREAMED_BYTES if streamed else MOST_BYTES
    if size > limit:
        seen.not_checked.append(
            f"rows that occur twice were not searched for: the data has about {size / 2**20:,.0f} MB, "
            f"and up to {limit / 2**20:,.0f} MB are looked through"
        )
        return Twins()
    digests = {name: digests_of(part.x, _portions(part, np.arange(len(part.x)))) for name, part in parts.items()}
    return twins_of(digests, parts["train"].y, most_places=MOST_PLACES)


def _apart(part: Part) -> bool:
    """Whether the targets are something else than the rows themselves, which an autoencoder is to give back."""
    return part.given is None or part.given.shape[1:] != part.x.example


def _part_facts(part: Part, classes: int) -> PartFacts:
    if np.issubdtype(part.y.dtype, np.integer):
        return PartFacts(len(part.x), class_counts=tuple(np.bincount(part.y, minlength=classes).tolist()))
    if part.given is not None and np.issubdtype(part.given.dtype, np.integer):
        return PartFacts(len(part.x))  # classes of pixels or words have no scale
    y_NO = part.y.reshape(len(part.y), -1).astype(np.float64)
    mean, std = y_NO.mean(axis=0).tolist(), y_NO.std(axis=0).tolist()
    return PartFacts(len(part.x), target_mean=tuple(mean), target_std=tuple(std))


def _portions(part: Part, rows: np.ndarray) -> Iterator[np.ndarray]:
    """The row numbers in portions of about CHUNK_BYTES."""
    size = max(1, CHUNK_BYTES // max(1, _row_bytes(part)))
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _bytes(part: Part) -> int:
    """Bytes that a search for twins goes through: exact in memory, from disk judged by three rows."""
    if part.x.in_memory:
        return len(part.x) * _row_bytes(part)
    some = sorted({0, len(part.x) // 2, len(part.x) - 1})
    return len(part.x) * sum(len(part.x.stored(row)) for row in some) // len(some)


def _row_bytes(part: Part) -> int:
    return int(np.prod(part.x.example)) * np.dtype(part.x.dtype).itemsize


def _bad(x: np.ndarray) -> np.ndarray:
    """(B, D): whether each value is NaN or infinite."""
    x_BD = x.reshape(len(x), -1)
    return ~np.isfinite(x_BD) if np.issubdtype(x.dtype, np.floating) else np.zeros(x_BD.shape, dtype=bool)
