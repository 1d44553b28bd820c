"""Which rows are for training, for validation and for the test: drawn once, by class, from the seed alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from netsitter.data.faults import listed
from netsitter.data.folds import folds_of, whole_groups
from netsitter.data.source import PARTS, Source
from netsitter.errors import DataError, PlanError
from netsitter.streams import numpy_stream, stream_key


@dataclass(frozen=True)
class Index:
    """Rows of one part of a source, in ascending order."""

    part: str
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Split:
    """Rows for training, validation and test. No row is in two of them; the test may be empty."""

    train: Index
    val: Index
    test: Index


def split(
    source: Source, *, validation: float, test: float, seed: int, folds: int | None = None, fold: int = 0
) -> Split:
    """The rows of each part: those the source brings, and shares of its training part for those it does not.

    A test part that the source brings stays whole and as it is. Otherwise the share `test` of the training part is set
    aside first, and the share `validation` of what is left then. With classes, each is divided alike.
    folds, fold: instead of a share, the validation part is this one of so many folds of what the test leaves; one that
    the source brings is left aside.
    Rows of one group are in one part. Raises PlanError for a share outside 0 to 1, and a fold that is not there;
    DataError for a class too small to divide, too few rows or groups for the folds, and an empty part.
    """
    _refuse_share("data.validation", validation, least=0.0 if "val" in source.parts else None)
    _refuse_share("data.test", test, least=0.0)
    given = {name: Index(name, np.arange(len(part.x))) for name, part in source.parts.items()}
    stream = numpy_stream(seed, "split")
    left, groups = given["train"].rows, source.parts["train"].groups
    if folds is not None:
        given.pop("val", None)
    kinds = source.parts["train"].y if source.task == "classify" else np.zeros(len(left), dtype=np.int64)
    shares = {"test": test if "test" not in given else 0.0, "val": validation if "val" not in given else 0.0}
    if groups is None:
        _refuse_lonely(source, kinds, shares)
    drawn = {}
    for name, share in shares.items():
        if name == "val" and folds is not None:
            taken = _in_fold(source, kinds[left], None if groups is None else groups[left], folds, fold, seed)
        elif groups is not None and share:
            taken = whole_groups(groups[left], share, stream)
        else:
            taken = _drawn(kinds[left], share, stream)
        drawn[name] = left[taken]
        left = left[~taken]
    made = Split(
        train=Index("train", left),
        val=given.get("val", Index("train", drawn["val"])),
        test=given.get("test", Index("train", drawn["test"])),
    )
    rows = {name: len(getattr(made, name)) for name in PARTS}
    if not rows["train"] or not rows["val"]:
        raise DataError(
            f"the {'validation' if rows['train'] else 'training'} part would be empty",
            code="D54",
            where=f"{source.where}: {len(kinds):,} rows, as {listed((f'{n} {k:,}' for n, k in rows.items()), ', ')}",
            allowed="at least one row to train on and one to validate",
            fix="--set data.validation=0.5, or bring more rows",
        )
    return made


def _in_fold(
    source: Source, kinds: np.ndarray, groups: np.ndarray | None, folds: int, fold: int, seed: int
) -> np.ndarray:
    """Which rows are in this fold, as bools."""
    if not 0 <= fold < folds:
        raise PlanError(
            f"there is no fold {fold} among {folds}", code="P85", allowed=f"data.fold from 0 to {folds - 1}"
        )
    key = stream_key(seed, "folds")
    kinds_N = kinds if source.task == "classify" else None
    return folds_of(kinds_N, folds, key, groups_N=groups, rows=len(kinds), where=source.where) == fold


def _refuse_share(name: str, share: float, *, least: float | None) -> None:
    """Raises PlanError unless 0 < share < 1; 0 itself is allowed where `least` is 0."""
    if not (0 < share < 1 or share == least):
        hint = f"; {share:g} % is {share / 100:g}" if 1 <= share < 100 else ""
        raise PlanError(
            f"{name} must be a share above 0 and below 1{hint}",
            code="D53",
            where=f"{name} = {share!r}",
            allowed="from 0, below 1" if least == 0 else "above 0, below 1",
        )


def _refuse_lonely(source: Source, kinds: np.ndarray, shares: dict[str, float]) -> None:
    """Raises DataError that lists the classes with a single row, if rows are to be divided at all."""
    if source.task != "classify" or not any(shares.values()):
        return
    counts = np.bincount(kinds, minlength=len(source.classes))
    if np.count_nonzero(counts) < 2:
        raise DataError("there is one class only, so there is nothing to tell apart", code="D36", where=source.where)
    lonely = [repr(source.classes[k]) for k in np.flatnonzero(counts == 1)]
    if lonely:
        raise DataError(
            "a class with a single row cannot be divided into training and validation",
            code="D37",
            where=f"{source.where}: {listed(lonely, ', ')}",
            allowed="at least 2 rows in each class",
            fix="bring more rows of it, or leave the class out",
        )


def _drawn(kinds: np.ndarray, share: float, stream: np.random.Generator) -> np.ndarray:
    """Which rows are drawn, as bools: the share of all, and of each kind within one row; one of each kind always stays.

    Whole rows go to the kinds with the largest remainders, so that the total is right (Hamilton's method).
    """
    taken = np.zeros(len(kinds), dtype=bool)
    if not share:
        return taken
    counts = np.bincount(kinds)
    exact = counts * share
    most = np.maximum(counts - 1, 0)
    rows = np.minimum(np.floor(exact).astype(np.int64), most)
    missing = round(len(kinds) * share) - rows.sum()
    for kind in np.argsort(-(exact - rows), kind="stable"):
        if missing > 0 and rows[kind] < most[kind]:
            rows[kind] += 1
            missing -= 1
    for kind, number in enumerate(rows):
        if counts[kind]:
            members = np.flatnonzero(kinds == kind)
            taken[stream.permutation(members)[:number]] = True
    return taken
