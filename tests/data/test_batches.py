"""Batches: every row once, an order that hangs on seed and epoch alone, the same numbers from memory and disk."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from netsitter.data.batches import Resident, Streamed, batch_bounds, epoch_order, feed_of, workers_for
from netsitter.data.rows import ArrayRows


@given(st.integers(1, 500), st.integers(1, 120))
def test_batches_take_every_row_once_and_none_is_a_lonely_last_row(rows, batch):
    bounds = batch_bounds(rows, batch)
    assert [start for start, _ in bounds] == [0, *(end for _, end in bounds[:-1])]
    assert bounds[-1][1] == rows
    sizes = [end - start for start, end in bounds]
    assert all(size == batch for size in sizes[:-1])
    assert sizes[-1] <= batch + 1
    if batch > 1 and rows > 1:
        assert sizes[-1] > 1


@given(st.integers(1, 300), st.integers(0, 2**32 - 1), st.integers(0, 50))
def test_an_order_is_a_permutation_and_another_in_the_next_epoch(rows, seed, epoch):
    order = epoch_order(rows, seed=seed, epoch=epoch)
    assert sorted(order) == list(range(rows))
    assert (order == epoch_order(rows, seed=seed, epoch=epoch)).all()
    if rows > 50:
        assert (order != epoch_order(rows, seed=seed, epoch=epoch + 1)).any()


def feed(most_bytes: int, workers: int | None = 0, rows: int = 37):
    x = np.random.default_rng(0).integers(0, 255, (rows, 3, 4, 4), dtype=np.uint8)
    return feed_of(
        ArrayRows(x),
        torch.arange(rows),
        lambda raw: raw.float() / 255 - 0.5,
        prepared_shape=(3, 4, 4),
        device=torch.device("cpu"),
        most_bytes=most_bytes,
        workers=workers,
    )


@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_data_that_does_not_fit_is_streamed_and_gives_the_same_batches(workers):
    resident, streamed = feed(10**6), feed(10, workers)
    assert isinstance(resident, Resident)
    assert isinstance(streamed, Streamed)
    order, bounds = epoch_order(37, seed=1, epoch=2), batch_bounds(37, 8)
    pairs = list(zip(resident.batches(order, bounds), streamed.batches(order, bounds), strict=True))
    assert len(pairs) == len(bounds)
    for (x, y), (other_x, other_y) in pairs:
        assert torch.equal(x, other_x)
        assert torch.equal(y, other_y)
    assert torch.cat([y for (_, y), _ in pairs]).tolist() == order.tolist()


def test_an_epoch_can_be_taken_up_in_its_middle():
    order, bounds = epoch_order(37, seed=1, epoch=0), batch_bounds(37, 8)
    for one in (feed(10**6), feed(10)):
        whole = list(one.batches(order, bounds))
        rest = list(one.batches(order, bounds[3:]))
        assert all(torch.equal(x, other) for (x, _), (other, _) in zip(whole[3:], rest, strict=True))


def test_reading_ahead_takes_no_global_randomness():
    before = torch.random.get_rng_state()
    list(feed(10).batches(np.arange(37), batch_bounds(37, 10)))
    assert torch.equal(torch.random.get_rng_state(), before)


def test_rows_in_memory_need_no_process_and_an_order_is_an_order():
    assert workers_for(None, ArrayRows(np.zeros((2, 3)))) == 0
    assert workers_for(5, ArrayRows(np.zeros((2, 3)))) == 5
