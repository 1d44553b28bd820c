"""A data set as numbers: what the data rules read. Made by `data/facts.py`; no rows are kept."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class PartFacts:
    """One part (train, val, test) as numbers.

    class_counts: rows of each class, in the order of the classes; empty for real targets.
    """

    rows: int
    class_counts: tuple[int, ...] = ()
    target_mean: tuple[float, ...] = ()
    target_std: tuple[float, ...] = ()


@dataclass(frozen=True)
class FeatureFacts:
    """The features of the training part, as it came, before any preparation.

    Per feature (flattened; of images in C, Y, X order): mean, standard deviation, smallest, largest; in float64, over
    the rows whose values are all finite. All empty when there is no such row.
    names: of the features, where they have any; else empty.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class DataFacts:
    """A source as numbers. A row is told by its number in the source, from 0, where that is known; else in its part.

    kind: image or table. task: classify or regress. example, dtype: of one row.
    sampled: training rows that the features were measured on; fewer than `parts["train"].rows` in large sets.
    non_finite: (part, row, feature) of the first NaN or infinite values, with `non_finite_count` of all.
    duplicates: training rows with the features and the target of an earlier one; `duplicate_pairs` the first (row,
    earlier row).
    leaks: for each other part, its rows whose features also stand in the training part; `leak_pairs` the first (part,
    row, training row).
    conflicts: training rows that every function of the features gets wrong, since rows with the same features have
    other labels; `conflict_pairs` the first (row, earlier row).
    identifiers: features of a table whose values are whole numbers, unique to each row, and dense or in order.
    copies_target: features of a table that tell the target exactly: one value for each class, or a line.
    shifts: (part, feature, distance in spreads, in standard errors) where another part's mean lies far off.
    not_checked: what could not be looked at, and why; one sentence each.
    """

    name: str
    kind: str
    task: str
    example: tuple[int, ...]
    dtype: str
    classes: tuple[str, ...]
    parts: dict[str, PartFacts]
    features: FeatureFacts
    sampled: int
    non_finite_count: int = 0
    non_finite: tuple[tuple[str, int, int], ...] = ()
    duplicates: int = 0
    duplicate_pairs: tuple[tuple[int, int], ...] = ()
    leaks: dict[str, int] = field(default_factory=dict)
    leak_pairs: tuple[tuple[str, int, int], ...] = ()
    conflicts: int = 0
    conflict_pairs: tuple[tuple[int, int], ...] = ()
    identifiers: tuple[int, ...] = ()
    copies_target: tuple[int, ...] = ()
    shifts: tuple[tuple[str, int, float, float], ...] = ()
    not_checked: tuple[str, ...] = ()

    def feature(self, number: int) -> str:
        """What a message calls this feature: its name, its number, or the pixel's place."""
        if self.features.names:
            return f"feature {self.features.names[number]!r}"
        if len(self.example) == 3:
            _, height, width = self.example
            channel, pixel = divmod(number, height * width)
            y, x = divmod(pixel, width)
            return f"channel {channel}, y {y}, x {x}"
        return f"feature {number}"
