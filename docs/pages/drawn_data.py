"""What the figures of the rules on data show."""

from __future__ import annotations

import math
from typing import Any

from pages.marks import Drawn, bars, one
from pages.picture import Bar, Marks

from netsitter.diagnose.noise import score_noise
from netsitter.diagnose.rule import Case, Rule
from netsitter.record.facts import DataFacts


def _offset(facts: DataFacts) -> float:
    """How far the mean of all features together lies from 0, in their spread."""
    features = facts.features
    return math.sqrt(sum(m * m for m in features.mean) / sum(s * s for s in features.std))


def _ranges(rule: Rule[DataFacts], case: Case) -> Marks:
    facts = case.record.features
    return tuple(
        Bar(case.record.feature(d), high, low, f"always {low:g}" if low == high else f"{low:g} to {high:g}")
        for d, (low, high) in enumerate(zip(facts.low, facts.high, strict=True))
    )


def _against_narrowest(facts: DataFacts) -> dict[str, float | None]:
    least = min(std for std in facts.features.std if std > 0)
    return {facts.feature(d): std / least for d, std in enumerate(facts.features.std)}


def _rows(facts: DataFacts) -> dict[str, float | None]:
    counts = facts.parts["train"].class_counts
    return {f"class {name}": rows for name, rows in zip(facts.classes, counts, strict=True)}


def _rare(rule: Any, facts: DataFacts) -> float:
    """Rows under which a class is rare beside the largest."""
    return float(max(facts.parts["train"].class_counts) / rule.RATIO)


def _gaps(facts: DataFacts) -> dict[str, float | None]:
    return {f"{part} part": sum(of == part for of, _, _ in facts.non_finite) for part in ("train", "val")}


def _leaks(facts: DataFacts) -> dict[str, float | None]:
    return {f"{part} part": facts.leaks.get(part, 0) / facts.parts[part].rows for part in ("val", "test")}


def _telling(facts: DataFacts) -> dict[str, float | None]:
    return {"number the rows": len(facts.identifiers), "tell the target exactly": len(facts.copies_target)}


def _target(facts: DataFacts) -> dict[str, float | None]:
    train = facts.parts["train"]
    return {"mean": train.target_mean[0], "spread": train.target_std[0]}


DRAWN = {
    "uncentred-input": Drawn(
        "How far the mean input lies from 0", one("mean", _offset), "OFFSET", "spreads", well=3,
    ),
    "uneven-scales": Drawn(
        "Spread of each feature, as a multiple of the narrowest",
        bars(_against_narrowest), "RATIO", "times the narrowest spread", log=True, well=2,
    ),
    "constant-feature": Drawn("From the smallest to the largest value of each feature", _ranges, across="value"),
    "non-finite-value": Drawn(
        "Values that are NaN or infinite", bars(_gaps), lambda rule, facts: 0.0, "values", limit_says="allowed:",
    ),
    "duplicate-rows": Drawn(
        "Share of the training rows that copy earlier ones",
        one("copies", lambda f: f.duplicates / f.parts["train"].rows), "SHARE", "share of the rows",
    ),
    "leaked-split": Drawn(
        "Share of the rows of a part that also stand in the training part",
        bars(_leaks), lambda rule, f: score_noise(f.parts["val"].rows), "share of the part's rows",
        limit_says="uncertainty of a score",
    ),
    "imbalanced-classes": Drawn(
        "Training rows of each class", bars(_rows), _rare, "rows", limit_says="limit for the smallest:",
    ),
    "conflicting-labels": Drawn(
        "Share of the training rows with the features of another row and a different label",
        one("conflicts", lambda f: f.conflicts / f.parts["train"].rows),
        lambda rule, f: score_noise(f.parts["val"].rows), "share of the rows", limit_says="uncertainty of a score",
    ),
    "shifted-split": Drawn(
        "How far the mean of a feature in validation lies from that in training",
        one("feature 0", lambda f: f.shifts[0][2]), "SPREADS", "distance in spreads",
    ),
    "unscaled-target": Drawn("Mean and spread of the target", bars(_target), "OFFSET", "size", log=True),
    "identifier-feature": Drawn("Columns that give the row or its target away", bars(_telling), across="columns"),
}  # fmt: skip
"""By slug."""
