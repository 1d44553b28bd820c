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

    Per feature (flattened; of images in C, Y, X order): mean, standard deviation, smallest, largest; in float64.
    names: of the features, where they have any; else empty.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    names: tuple[str, ...] = ()

    def name(self, feature: int) -> str:
        """What a message calls this feature."""
        return self.names[feature] if self.names else f"feature {feature}"


@dataclass(frozen=True)
class DataFacts:
    """A source as numbers.

    sampled: rows that the features were measured on; below `parts["train"].rows` for data larger than memory.
    non_finite: ("train", row, feature) of the first NaN or infinite values, with `non_finite_count` of all.
    duplicates: rows of the training part that repeat an earlier one; `duplicate_pairs` are the first (row, earlier row).
    leaks: for each other part, rows that also stand in the training part; `leak_pairs` the first (part, row, training row).
    conflicts: training rows with the same features as an earlier row and another label, `conflict_pairs` the first.
    identifiers: features whose values are whole numbers, each unique to its row and in order.
    copies_target: features that equal the target.
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
    not_checked: tuple[str, ...] = ()
