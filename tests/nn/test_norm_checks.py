"""Batches too small for batch norm, against what PyTorch does with them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from netsitter.nn.norm_checks import check_batch

DENSE = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 2))
IMAGES = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.AdaptiveAvgPool2d(1), nn.BatchNorm2d(2))


def test_a_batch_of_one_is_fatal_and_the_layer_is_named():
    (fault,) = check_batch(DENSE, (4,), batch=1, rows=100)
    assert (fault.layer, fault.fatal, fault.last) == ("1", True, False)
    assert fault.says == "a batch has 1 row, so that 1 sees 1 number a channel: one number has no variance"
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        DENSE.train()(torch.zeros(1, 4))


def test_a_last_batch_of_one_is_fatal():
    (fault,) = check_batch(DENSE, (4,), batch=32, rows=33)
    assert (fault.rows, fault.fatal, fault.last) == (1, True, True)
    assert "the last batch of an epoch has 1 row" in fault.says


def test_a_tiny_batch_is_noisy_but_not_fatal():
    (fault,) = check_batch(DENSE, (4,), batch=32, rows=35)
    assert not fault.fatal
    assert "sees 3 numbers a channel: mean and variance are mostly noise" in fault.says


def test_places_of_an_image_count_as_numbers_of_its_channel():
    faults = check_batch(IMAGES, (1, 6, 6), batch=1, rows=10)
    assert [(fault.layer, fault.numbers, fault.fatal) for fault in faults] == [("3", 1, True)]


def test_enough_rows_and_nets_without_norm_give_nothing():
    assert check_batch(DENSE, (4,), batch=32, rows=64) == ()
    assert check_batch(DENSE, (4,), batch=64, rows=20) == ()
    assert check_batch(nn.Linear(4, 2), (4,), batch=1, rows=1) == ()


def test_all_rows_in_one_batch_of_one_are_told_once():
    faults = check_batch(DENSE, (4,), batch=32, rows=1)
    assert [(fault.rows, fault.last) for fault in faults] == [(1, False)]


def test_looking_changes_nothing():
    before = {key: tensor.clone() for key, tensor in DENSE.state_dict().items()}
    DENSE.train()
    check_batch(DENSE, (4,), batch=1, rows=3)
    assert all(torch.equal(tensor, before[key]) for key, tensor in DENSE.state_dict().items())
    assert all(layer.training and not layer._forward_pre_hooks for layer in DENSE)
