"""Small data sets as facts, for the sick and well cases of rules."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from netsitter.record.facts import DataFacts, FeatureFacts, PartFacts

ROWS = {"train": 1_000, "val": 100, "test": 200}


def table(
    *,
    mean: Sequence[float] = (0.0, 0.0, 0.0),
    std: Sequence[float] = (1.0, 1.0, 1.0),
    names: Sequence[str] = (),
    **more: Any,
) -> DataFacts:
    """A table of 1,000 training rows in two equal classes; values within three spreads of their mean.

    more: other fields of DataFacts.
    """
    return _facts("table", (len(mean),), mean, std, tuple(names), "float32", more)


def images(
    *, mean: float = 127.0, std: float = 60.0, example: tuple[int, int, int] = (1, 2, 2), **more: Any
) -> DataFacts:
    """1,000 8-bit training images in two equal classes, all pixels with this mean and spread."""
    pixels = prod(example)
    return _facts("image", example, [mean] * pixels, [std] * pixels, (), "uint8", more)


def regression(*, target_mean: float, target_std: float, **more: Any) -> DataFacts:
    """A table with a real target of this mean and spread."""
    parts = {name: PartFacts(n, target_mean=(target_mean,), target_std=(target_std,)) for name, n in ROWS.items()}
    return table(task="regress", classes=(), parts=parts, **more)


def counts(*train: int) -> dict[str, PartFacts]:
    """Parts with these rows of each class, a tenth of them in validation."""
    return {
        "train": PartFacts(sum(train), class_counts=train),
        "val": PartFacts(max(1, sum(train) // 10), class_counts=tuple(n // 10 for n in train)),
    }


def _facts(
    kind: str,
    example: tuple[int, ...],
    mean: Sequence[float],
    std: Sequence[float],
    names: tuple[str, ...],
    dtype: str,
    more: dict[str, Any],
) -> DataFacts:
    low = tuple(m - 3 * s for m, s in zip(mean, std, strict=True))
    high = tuple(m + 3 * s for m, s in zip(mean, std, strict=True))
    return DataFacts(
        **{
            "name": "a case",
            "kind": kind,
            "task": "classify",
            "example": example,
            "dtype": dtype,
            "classes": ("no", "yes"),
            "parts": {name: PartFacts(n, class_counts=(n // 2, n // 2)) for name, n in ROWS.items()},
            "features": FeatureFacts(tuple(mean), tuple(std), low, high, names),
            "sampled": ROWS["train"],
            **more,
        }
    )
