"""How much of the labels simple methods see in the rows: whether there is anything to learn at all."""

from __future__ import annotations

import numpy as np

from netsitter.record.gain import gained

NEIGHBOURS = 10
"""That vote on each row."""

FOLDS = 5
"""Of the linear fit: each row is judged by a fit that has not seen it."""

FEWEST_ROWS = 100
"""Among fewer rows chance hides any signal."""

MOST_FEATURES = 500
"""More features than this are thrown together at random first."""

RIDGE = 1e-2
"""Added to each variance of the standardised features, in units of one."""


def label_signal(x_N: np.ndarray, y_N: np.ndarray, *, classify: bool) -> dict[str, float]:
    """What nearest neighbours and a linear fit gain over one answer to all, as shares of what there is to gain.

    x_N: (N, ...) numbers. y_N: (N,) class numbers, or (N, O) reals.
    Also the noise of such a share (one standard error) and the rows. Empty for too few rows.
    """
    if len(x_N) < FEWEST_ROWS:
        return {}
    x_ND = _standardised(x_N.reshape(len(x_N), -1).astype(np.float64))
    targets_NO = np.eye(int(y_N.max()) + 1)[y_N] if classify else _standardised(y_N.reshape(len(y_N), -1))
    guessed, linear = _by_neighbours(x_ND, targets_NO), _by_line(x_ND, targets_NO)
    if classify:
        largest = float(targets_NO.mean(axis=0).max())
        score = lambda made: gained(float((made.argmax(axis=1) == y_N).mean()), largest)
        noise = np.sqrt(largest * (1 - largest) / len(y_N)) / max(1 - largest, 1e-9)
    else:
        score = lambda made: 1 - float(((made - targets_NO) ** 2).mean())
        noise = 1 / np.sqrt(len(y_N))
    return {"neighbours": score(guessed), "linear": score(linear), "noise": float(noise), "rows": float(len(y_N))}


def counted(tokens_NL: np.ndarray) -> np.ndarray:
    """(N, V): how often each token stands in each row, of the MOST_FEATURES commonest tokens."""
    flat_NL = tokens_NL.reshape(len(tokens_NL), -1)
    kinds, number, times = np.unique(flat_NL, return_inverse=True, return_counts=True)
    kept = np.argsort(-times)[:MOST_FEATURES]
    place = np.full(len(kinds), -1)
    place[kept] = np.arange(len(kept))
    column_NL = place[number.reshape(flat_NL.shape)]
    counts_NV = np.zeros((len(flat_NL), len(kept)))
    row, position = np.nonzero(column_NL >= 0)
    np.add.at(counts_NV, (row, column_NL[row, position]), 1.0)
    return counts_NV


def _standardised(x_ND: np.ndarray) -> np.ndarray:
    """Mean 0 and spread 1 by column; many columns are first mixed at random into fewer."""
    x_ND = np.nan_to_num(x_ND, posinf=0.0, neginf=0.0)
    spread = x_ND.std(axis=0)
    x_ND = (x_ND - x_ND.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    if x_ND.shape[1] > MOST_FEATURES:
        mixing = np.random.default_rng(0).standard_normal((x_ND.shape[1], MOST_FEATURES)) / np.sqrt(MOST_FEATURES)
        x_ND = x_ND @ mixing
    return x_ND


def _by_neighbours(x_ND: np.ndarray, targets_NO: np.ndarray) -> np.ndarray:
    """For each row the mean target of its nearest others."""
    squares = (x_ND**2).sum(axis=1)
    apart = squares[:, None] + squares[None] - 2 * x_ND @ x_ND.T
    np.fill_diagonal(apart, np.inf)
    nearest = np.argpartition(apart, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
    return targets_NO[nearest].mean(axis=1)


def _by_line(x_ND: np.ndarray, targets_NO: np.ndarray) -> np.ndarray:
    """For each row the target of a ridge regression on the rows of the other folds."""
    x = np.concatenate([x_ND, np.ones((len(x_ND), 1))], axis=1)
    fold = np.arange(len(x)) % FOLDS
    made = np.empty_like(targets_NO)
    for f in range(FOLDS):
        rest = fold != f
        gram = x[rest].T @ x[rest] / rest.sum() + RIDGE * max(1.0, x.shape[1] / rest.sum()) * np.eye(x.shape[1])
        made[~rest] = x[~rest] @ np.linalg.solve(gram, x[rest].T @ targets_NO[rest] / rest.sum())
    return made
