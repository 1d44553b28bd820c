"""Convolution arithmetic: the textbook's numbers, PyTorch's, and counting by hand."""

from __future__ import annotations

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from netsitter.errors import NetError
from netsitter.nn.arithmetic import output_side, parameters, span, unread

SIDES = {
    "size": st.integers(1, 40),
    "kernel": st.integers(1, 7),
    "stride": st.integers(1, 5),
    "padding": st.integers(0, 4),
    "dilation": st.integers(1, 3),
}


def test_the_textbooks_example():
    assert output_side(32, 5, stride=1, padding=2) == 32
    assert parameters(5, 3, 1) == 76
    assert parameters(5, 3, 10) == 760
    assert parameters(5, 3, 10, bias=False) == 750


@settings(max_examples=60, deadline=None)
@given(**SIDES)
def test_sides_are_pytorchs(size, kernel, stride, padding, dilation):
    assume(span(kernel, dilation) <= size + 2 * padding)
    layer = nn.Conv1d(1, 1, kernel, stride=stride, padding=padding, dilation=dilation)
    wanted = layer(torch.zeros(1, 1, size)).shape[-1]
    assert output_side(size, kernel, stride=stride, padding=padding, dilation=dilation) == wanted


@settings(max_examples=60, deadline=None)
@given(kernel=st.integers(1, 6), inputs=st.integers(1, 5), filters=st.integers(1, 5), bias=st.booleans())
def test_parameters_are_pytorchs(kernel, inputs, filters, bias):
    layer = nn.Conv2d(inputs, filters, kernel, bias=bias)
    assert parameters(kernel, inputs, filters, bias=bias) == sum(weight.numel() for weight in layer.parameters())


@settings(max_examples=200, deadline=None)
@given(**SIDES)
def test_unread_rows_are_those_behind_the_last_window(size, kernel, stride, padding, dilation):
    assume(span(kernel, dilation) <= size + 2 * padding)
    assume(stride <= span(kernel, dilation))
    steps = output_side(size, kernel, stride=stride, padding=padding, dilation=dilation)
    end = (steps - 1) * stride + span(kernel, dilation)
    behind = [row for row in range(padding, padding + size) if row >= end]
    assert unread(size, kernel, stride=stride, padding=padding, dilation=dilation) == len(behind)


def test_the_gaps_of_a_long_stride_are_meant():
    assert unread(56, 1, stride=2) == 0
    assert unread(8, 2, stride=4) == 0
    assert unread(9, 2, stride=4) == 1
    assert unread(32, 3, stride=2) == 1


@settings(max_examples=60, deadline=None)
@given(size=st.integers(1, 9), over=st.integers(1, 9), padding=st.integers(0, 4), dilation=st.integers(1, 3))
def test_a_window_larger_than_its_input_is_refused_with_numbers_that_fit(size, over, padding, dilation):
    kernel = size + 2 * padding + over
    with pytest.raises(NetError, match=f"window of {span(kernel, dilation)} does not fit an input of {size}") as caught:
        output_side(size, kernel, padding=padding, dilation=dilation)
    words = caught.value.fix.replace(",", "").split()
    enough, largest = int(words[1]), int(words[-1])
    assert output_side(size, kernel, padding=enough, dilation=dilation) >= 1
    assert output_side(size, largest, padding=padding, dilation=dilation) >= 1
