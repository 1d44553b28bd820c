"""Rows that occur twice: within the training part, between parts, and with another label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from netsitter.data.rows import Rows

DIGEST_BYTES = 16
"""With 128 bits, two different rows among a billion meet with a chance of 1e-21."""


@dataclass(frozen=True)
class Twins:
    """Counts, and the first few places: rows are numbers within their part. The fields are those of `DataFacts`."""

    duplicates: int = 0
    duplicate_pairs: tuple[tuple[int, int], ...] = ()
    conflicts: int = 0
    conflict_pairs: tuple[tuple[int, int], ...] = ()
    leaks: Mapping[str, int] = field(default_factory=dict)
    leak_pairs: tuple[tuple[str, int, int], ...] = ()


def digests_of(rows: Rows, portions: Iterable[np.ndarray]) -> list[bytes]:
    """A short digest of each row, equal for equal rows. Of rows on disk, the digest of what is stored, not decoded."""
    digests: list[bytes] = []
    for index_B in portions:
        if not rows.in_memory:
            digests += [blake2b(rows.stored(int(row)), digest_size=DIGEST_BYTES).digest() for row in index_B]
            continue
        x = rows.take(index_B)
        if np.issubdtype(x.dtype, np.floating):
            x = x + 0.0  # -0.0 becomes 0.0: equal numbers, other bytes
        held = memoryview(np.ascontiguousarray(x).reshape(-1).view(np.uint8))
        width = len(held) // len(index_B)
        starts = range(0, len(held), width)
        digests += [blake2b(held[start : start + width], digest_size=DIGEST_BYTES).digest() for start in starts]
    return digests


def twins_of(digests: Mapping[str, list[bytes]], y_train: np.ndarray, *, most_places: int) -> Twins:
    """What the digests of all parts say, with the targets of the training part.

    Real targets that differ are no conflict: a target may be noisy by nature.
    """
    first: dict[bytes, int] = {}
    repeats: dict[int, list[int]] = {}
    for row, digest in enumerate(digests["train"]):
        earlier = first.setdefault(digest, row)
        if earlier != row:
            repeats.setdefault(earlier, [earlier]).append(row)
    duplicate_pairs, conflict_pairs, conflicts = [], [], 0
    for same in repeats.values():
        by_target: dict[bytes, list[int]] = {}
        for row in same:
            by_target.setdefault(y_train[row].tobytes(), []).append(row)
        duplicate_pairs += [(row, rows[0]) for rows in by_target.values() for row in rows[1:]]
        if np.issubdtype(y_train.dtype, np.integer) and len(by_target) > 1:
            conflicts += len(same) - max(map(len, by_target.values()))
            conflict_pairs += [(rows[0], same[0]) for rows in list(by_target.values())[1:]]
    others = {name: found for name, found in digests.items() if name != "train"}
    leak_pairs = [
        (name, row, first[digest])
        for name, found in others.items()
        for row, digest in enumerate(found)
        if digest in first
    ]
    return Twins(
        len(duplicate_pairs),
        tuple(sorted(duplicate_pairs)[:most_places]),
        conflicts,
        tuple(sorted(conflict_pairs)[:most_places]),
        {name: sum(pair[0] == name for pair in leak_pairs) for name in others},
        tuple(leak_pairs[:most_places]),
    )
