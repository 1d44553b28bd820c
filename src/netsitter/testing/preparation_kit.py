"""The kit that every preparation passes: what must hold of it on any rows."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod

import torch
from torch import Tensor

from netsitter.data.preparation.fitted import Fitted, Preparation
from netsitter.data.preparation.table import restore, scaled_pixels

TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-5}
"""Largest error of an undone row, in the spread of all rows: a turn and its way back in float32."""


class PreparationKit(ABC):
    """Inherit it in a test class that pytest collects, and say what is tested.

    preparation: the one under test; if it is a class of your own, also list its `Fitted` in `FITTED`.
    rows: (N, *example), 8-bit or floating point, N at least 20 and more than the features; nothing constant.
    exact: whether `undo` gives back all of a row, and not only what the preparation kept of it.
    """

    @abstractmethod
    def preparation(self) -> Preparation: ...

    @abstractmethod
    def rows(self) -> Tensor: ...

    exact: bool = True

    def test_undo_gives_back_what_apply_took(self) -> None:
        x = self.rows()
        fitted = self.preparation().fit(x)
        back, x = fitted.undo(fitted.apply(x)), scaled_pixels(x, _pixels(fitted))
        if self.exact:
            _close(back, x, like=x)
        # What was kept is kept once and for all: a projection.
        _close(fitted.undo(fitted.apply(back)), back, like=x)

    def test_prepared_rows_have_the_shape_that_was_said_and_stay_on_their_device(self) -> None:
        x = self.rows()
        fitted = self.preparation().fit(x)
        y = fitted.apply(x)
        assert fitted.example == tuple(x.shape[1:])
        assert tuple(y.shape) == (len(x), *fitted.prepared_example)
        assert y.device == x.device

    def test_floating_point_keeps_its_dtype_and_whole_numbers_become_float32(self) -> None:
        fitted = self.preparation().fit(self.rows())
        for dtype, expected in ((torch.float32,) * 2, (torch.float64,) * 2, (torch.uint8, torch.float32)):
            y = fitted.apply(self.rows().to(dtype))
            assert y.dtype == expected, f"{dtype} became {y.dtype}"
            assert fitted.undo(y).dtype == expected

    def test_it_is_fitted_on_the_rows_it_is_given_and_on_no_others(self) -> None:
        x = self.rows()
        fitted = self.preparation().fit(x[:-5])
        before = fitted.apply(x[:5])
        fitted.apply(x[-5:] * 3)
        _close(fitted.apply(x[:5]), before, like=before)
        _close(self.preparation().fit(x[:-5].clone()).apply(x[:5]), before, like=before)

    def test_chunks_give_what_all_rows_at_once_give(self) -> None:
        x = self.rows()
        whole, pieces = self.preparation().fit(x), self.preparation().fit(iter(x.split(7)))
        y = whole.apply(x)
        _close(torch.cat([whole.apply(chunk) for chunk in x.split(6)]), y, like=y)
        _close(pieces.apply(x), y, like=y)

    def test_it_comes_back_from_json_and_arrays(self) -> None:
        x = self.rows()
        fitted = self.preparation().fit(x)
        arrays = {name: array.clone() for name, array in fitted.arrays().items()}
        again = restore(json.loads(json.dumps(fitted.config())), arrays)
        assert again.config() == fitted.config()
        assert again.prepared_example == fitted.prepared_example
        assert torch.equal(again.apply(x), fitted.apply(x))

    def test_the_rows_themselves_are_left_as_they_are(self) -> None:
        x = self.rows()
        kept = x.clone()
        fitted = self.preparation().fit(x)
        y = fitted.apply(x)
        y_kept = y.clone()
        fitted.undo(y)
        assert torch.equal(x, kept)
        assert torch.equal(y, y_kept)

    def test_constant_features_and_a_single_row_give_finite_numbers(self) -> None:
        x = self.rows()
        constant = x.clone()
        constant.flatten(1)[:, 0] = 5
        for some in (constant, x[:1], torch.full_like(x, 3)):
            fitted = self.preparation().fit(some)
            for y in (fitted.apply(some), fitted.undo(fitted.apply(some)), fitted.apply(x[:1])):
                assert torch.isfinite(y).all()


def _pixels(fitted: Fitted) -> str:
    return str(fitted.config().get("pixels", "0..255"))


def _close(found: Tensor, expected: Tensor, *, like: Tensor) -> None:
    """Asserts equality up to the tolerance, in the spread of `like`."""
    limit = TOLERANCE[expected.dtype] * max(float(like.double().std()), 1e-12)
    away = float((found.double() - expected.double()).abs().max())
    assert away <= limit, f"off by {away:.3g}; at most {limit:.3g}"
