"""What a preparation is: something to fit on the training part, and the frozen result that goes into the model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from netsitter.errors import DataError

CHUNK_ROWS = 512
"""Rows that are made floating point at once while fitting; 12 MB of CIFAR-10 in float64."""


class Preparation(ABC):
    """How rows will be prepared, before it has seen any. Frozen; `fit` leaves it as it is."""

    @abstractmethod
    def fit(self, x: Tensor | Iterable[Tensor]) -> Fitted:
        """The preparation with its numbers, from these rows alone.

        x: (N, *example) on any device, whole numbers or floating point; or any iterable of such chunks, gone through
        once, for rows that do not fit into memory. Only CHUNK_ROWS rows are made floating point at once.
        Raises DataError when there is no row, or a number is not finite.
        """


@dataclass(frozen=True)
class Fitted(ABC):
    """A preparation with its numbers. Frozen, and whole: `restore(fitted.config(), fitted.arrays())` is its equal.

    example: shape of one row as it comes.
    """

    kind: ClassVar[str]
    example: tuple[int, ...]

    @property
    def prepared_example(self) -> tuple[int, ...]:
        """Shape of one row after `apply`."""
        return self.example

    @abstractmethod
    def apply(self, x: Tensor) -> Tensor:
        """The rows prepared, on their own device; floating point keeps its dtype, whole numbers become float32.

        Raises DataError when the rows have another shape than those it was fitted on.
        """

    @abstractmethod
    def undo(self, y: Tensor) -> Tensor:
        """Rows as they were before `apply`, or the nearest to them that can be told from what `apply` kept."""

    @abstractmethod
    def arrays(self) -> dict[str, Tensor]:
        """Its numbers, by name."""

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """All that is not an array, in plain JSON values; `kind` says which class it is."""

    @classmethod
    @abstractmethod
    def restore(cls, config: dict[str, Any], arrays: dict[str, Tensor]) -> Fitted:
        """The equal of what gave `config` and `arrays`. Raises KeyError, TypeError or ValueError for what none gave."""


def floating(x: Tensor, example: tuple[int, ...]) -> Tensor:
    """The rows in floating point: as they are, or as float32. Raises DataError unless each has the shape `example`."""
    if tuple(x.shape[1:]) != example or x.ndim == 0:
        raise DataError(
            f"rows of shape {example} were expected; got {tuple(x.shape[1:])}",
            code="D80",
            allowed="the shape that the preparation was fitted on",
            fix="give rows of that shape, with the rows along the first axis",
        )
    return x if x.is_floating_point() else x.to(torch.float32)


def like(array: Tensor, x: Tensor) -> Tensor:
    """The array with the dtype and on the device of x. The dtype goes first: not every device knows float64."""
    return array.to(x.dtype).to(x.device)


def chunks_of(x: Tensor | Iterable[Tensor]) -> Iterable[Tensor]:
    """The rows in portions of at most CHUNK_ROWS."""
    for part in (x,) if isinstance(x, Tensor) else x:
        yield from part.split(CHUNK_ROWS)
