"""Folds: each row in one of k parts, classes divided alike, rows of one group in the same."""

from __future__ import annotations

import warnings

import numpy as np

from netsitter.errors import DataError
from netsitter.optional import optional


def folds_of(
    kinds_N: np.ndarray | None, folds: int, seed: int, *, groups_N: np.ndarray | None, rows: int, where: str
) -> np.ndarray:
    """The fold of each row (N,), from 0; dealt out by scikit-learn.

    kinds_N: (N,) class numbers, of which each fold gets its share, unless none has a row for each; None for no classes.
    groups_N: (N,) numbers; rows with the same stay together.
    Raises DataError for fewer rows, or groups, than folds; MissingExtra without scikit-learn.
    """
    unit, parts = ("rows", rows) if groups_N is None else ("groups", len(np.unique(groups_N)))
    if parts < folds:
        raise DataError(
            f"{folds} folds need at least {folds} {unit}",
            code="D52",
            where=f"{where}: {parts} {unit}",
            fix=f"--folds {parts}" if parts > 1 else f"bring more {unit}",
        )
    if kinds_N is not None and np.bincount(kinds_N).max() < folds:
        kinds_N = None  # no class is in every fold, however it is dealt out
    model_selection = optional("sklearn.model_selection", what_for="divide rows into folds")
    plain = ("KFold", "StratifiedKFold"), ("GroupKFold", "StratifiedGroupKFold")
    divide = getattr(model_selection, plain[groups_N is not None][kinds_N is not None])
    fold_N = np.empty(rows, dtype=np.int64)
    with warnings.catch_warnings():
        # A class with fewer rows than folds is in some of them only, which is as good as can be.
        warnings.simplefilter("ignore", UserWarning)
        pairs = divide(folds, shuffle=True, random_state=seed % 2**32).split(np.zeros((rows, 1)), kinds_N, groups_N)
        for number, (_, rows_of_fold) in enumerate(pairs):
            fold_N[rows_of_fold] = number
    return fold_N


def whole_groups(groups_N: np.ndarray, share: float, stream: np.random.Generator) -> np.ndarray:
    """Which rows are drawn, as bools: whole groups in the order of chance, until the share is reached; one stays.

    Raises DataError for a single group.
    """
    names, group_N, sizes = np.unique(groups_N, return_inverse=True, return_counts=True)
    if len(names) < 2:
        raise DataError("rows of one group cannot be divided", code="D52", allowed="at least 2 groups")
    order = stream.permutation(len(names))[:-1]
    reached = np.cumsum(sizes[order])
    # The group that crosses the share is taken where that comes nearer to it.
    count = int(np.argmin(np.abs(reached - share * len(groups_N)))) + 1
    return np.isin(group_N, order[:count])
