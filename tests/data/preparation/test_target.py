"""Real targets are scaled for training and come back in predictions."""

from __future__ import annotations

import torch

from netsitter.data.preparation.table import restore
from netsitter.data.preparation.target import TargetScale


def test_each_output_is_scaled_by_itself_and_comes_back():
    y_NO = torch.tensor([[100.0, -1e-3], [300.0, 1e-3], [500.0, 0.0]])
    fitted = TargetScale().fit(y_NO)
    z_NO = fitted.apply(y_NO)
    torch.testing.assert_close(z_NO.mean(0), torch.zeros(2), atol=1e-6, rtol=0)
    torch.testing.assert_close(z_NO.std(0, correction=0), torch.ones(2))
    torch.testing.assert_close(fitted.undo(z_NO), y_NO)


def test_an_error_in_spreads_becomes_one_in_the_unit_of_the_target():
    y_NO = torch.tensor([[10.0], [30.0]])
    fitted = TargetScale().fit(y_NO)
    assert fitted.scale is not None
    assert fitted.scale.tolist() == [10.0]


def test_a_constant_target_gives_no_nan():
    y_NO = torch.full((4, 1), 0.1)
    fitted = TargetScale().fit(y_NO)
    torch.testing.assert_close(fitted.undo(fitted.apply(y_NO)), y_NO)


def test_it_comes_back_from_a_saved_model():
    y_NO = torch.tensor([[10.0], [30.0]])
    fitted = TargetScale().fit(y_NO)
    again = restore(fitted.config(), fitted.arrays())
    assert torch.equal(again.undo(fitted.apply(y_NO)), y_NO)
