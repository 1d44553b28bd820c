"""Twins are found as comparing every pair of rows finds them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from netsitter.data.rows import ArrayRows
from netsitter.data.twins import digests_of, twins_of


@settings(max_examples=60, deadline=None)
@given(
    train=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=14),
    val=st.lists(st.integers(0, 6), max_size=6),
    chunk=st.integers(1, 5),
)
def test_twins_agree_with_comparing_every_pair(train, val, chunk):
    x, y = np.array([[float(a), 1.0] for a, _ in train]), np.array([label for _, label in train])
    x_val = np.array([[float(a), 1.0] for a in val]).reshape(-1, 2)

    def digests(some):
        return digests_of(
            ArrayRows(some), (np.arange(at, min(at + chunk, len(some))) for at in range(0, len(some), chunk))
        )

    found = twins_of({"train": digests(x), "val": digests(x_val)}, y, most_places=100)

    seen = list(zip(x[:, 0], y, strict=True))
    pairs = [(row, seen.index(pair)) for row, pair in enumerate(seen) if seen.index(pair) < row]
    wrong = sum(np.sum(x[:, 0] == a) - np.bincount(y[x[:, 0] == a]).max() for a in np.unique(x[:, 0]))
    leaked = [row for row, a in enumerate(x_val[:, 0]) if a in x[:, 0]]
    assert list(found.duplicate_pairs) == pairs
    assert found.duplicates == len(pairs)
    assert found.conflicts == wrong
    assert found.leaks == {"val": len(leaked)}
    assert [(row, earlier) for _, row, earlier in found.leak_pairs] == [
        (row, list(x[:, 0]).index(x_val[row, 0])) for row in leaked
    ]
    assert all(y[a] != y[b] and x[a, 0] == x[b, 0] for a, b in found.conflict_pairs)
    assert bool(found.conflict_pairs) == bool(wrong)
