"""What a network gets wrong on the validation part, and what its first layer looks for.

Told at the end of a run, and now and then on the way of a long one, so that it can be watched. The test part is left
alone: who looks at its rows will tune to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from netsitter.data.picked import PickedRows
from netsitter.data.rows import ImageFileRows, Rows
from netsitter.data.source import Part
from netsitter.nn.modes import evaluating
from netsitter.record.events import Event, Known
from netsitter.record.picture import in_grey, packed
from netsitter.train.loop import part_batches
from netsitter.train.prepare import Ready
from netsitter.train.scores import answers

WORST = 12
"""Rows that are told of those that the network gets most wrong."""

MOST_PAIRS = 10_000
"""Pairs of classes whose mistakes are told: the most frequent ones."""

MOST_UNITS = 64
"""Units of the first layer whose weights are told as pictures."""


def looked_back(net: nn.Module, ready: Ready) -> Iterator[Event]:
    """What can be told of these weights. net: in evaluation mode, on the data's device."""
    yield from _mistakes(net, ready)
    yield from _first_weights(net, ready)


@torch.no_grad()
def _mistakes(net: nn.Module, ready: Ready) -> Iterator[Event]:
    """Which classes are taken for which, and the rows whose truth the network thinks least likely."""
    measure, part = ready.parts.measure, ready.picked["val"]
    if measure.form != "classes" or ready.source.task != "classify":
        return
    said, sure, likely = [], [], []
    with evaluating(net):
        for x_B, y_B in part_batches(ready.parts.feeds["val"], ready.parts.score_batch):
            outputs = net(x_B)
            answer = answers(outputs, y_B, measure)
            if answer is None or answer.ndim != 1 or outputs.ndim != 2:
                return
            chance = outputs.softmax(dim=1)
            said.append(answer)
            sure.append(chance.amax(dim=1))
            likely.append(outputs.log_softmax(dim=1).gather(1, y_B.reshape(-1, 1).long())[:, 0])
    said_N, sure_N, likely_N = (torch.cat(parts).cpu().numpy() for parts in (said, sure, likely))
    if not np.isfinite(likely_N).all():
        return
    pairs, counts = np.unique(np.stack([part.y, said_N], axis=1), axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MOST_PAIRS]
    told = tuple((int(pairs[i, 0]), int(pairs[i, 1]), int(counts[i])) for i in order)
    yield Known("confusion", {"part": "val", "rows": len(part), "classes": ready.source.classes, "pairs": told})
    if not ready.source.image or part.x.example[0] not in (1, 3):
        return
    wrong = np.flatnonzero(said_N != part.y)
    worst = wrong[np.argsort(likely_N[wrong], kind="stable")][:WORST]
    rows = tuple(
        {
            "where": place_of(part, int(row)), "truth": int(part.y[row]), "said": int(said_N[row]),
            "sure": float(sure_N[row]), "picture": _picture(part.x, int(row)),
        }
        for row in worst
    )  # fmt: skip
    yield Known("worst", {"part": "val", "classes": ready.source.classes, "wrong": len(wrong), "rows": rows})


def _first_weights(net: nn.Module, ready: Ready) -> Iterator[Event]:
    """The weights of the first layer, where they lie on the pixels of the input."""
    example = ready.source.example
    name, weight = next(((n, p.detach()) for n, p in net.named_parameters() if p.ndim > 1), ("", torch.empty(0)))
    if not ready.source.image or example[0] not in (1, 3) or ready.example != example:
        return
    if weight.ndim == 2 and weight.shape[1] == int(np.prod(example)):
        units = weight.reshape(len(weight), *example)
    elif weight.ndim == 4 and weight.shape[1] == example[0] and min(weight.shape[2:]) > 1:
        units = weight
    else:
        return
    pictures = tuple(packed(_grey(unit)) for unit in units[:MOST_UNITS].float().cpu())
    yield Known("first weights", {"weight": name, "units": len(units), "pictures": pictures})


def _grey(unit_CYX: Tensor) -> np.ndarray:
    return in_grey(unit_CYX.permute(1, 2, 0).numpy(), around_zero=True)


def _picture(rows: Rows, row: int) -> dict[str, Any]:
    raw_YXC = rows.take(np.array([row]))[0].transpose(1, 2, 0)
    return packed(raw_YXC if raw_YXC.dtype == np.uint8 else in_grey(raw_YXC))


def place_of(part: Part, row: int) -> str:
    """Where a row of a part comes from: its file, or its number in the data as it was given."""
    rows: Rows = part.x
    while isinstance(rows, PickedRows):
        rows, row = rows.whole, int(rows.index_N[row])
    return rows.paths[row] if isinstance(rows, ImageFileRows) else f"row {row:,}"
