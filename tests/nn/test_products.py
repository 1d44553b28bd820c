"""Multiply-adds counted, against PyTorch's own counter."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from netsitter.nn.products import ProductCounter

NETS = {
    "dense": (nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)), (4, 6)),
    "convolutions": (nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ConvTranspose2d(4, 2, 2)), (2, 3, 8, 8)),
    "attention": (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0), (2, 5, 8)),
}


@pytest.mark.parametrize("name", NETS)
def test_multiply_adds_are_those_that_pytorch_counts_forward_and_backward(name):
    net, shape = NETS[name]
    x = torch.randn(shape)
    with FlopCounterMode(display=False) as theirs:
        net(x).sum().backward()
    with ProductCounter() as ours:
        net(x).sum().backward()
    assert ours.flops == theirs.get_total_flops() > 0
    assert ours.multiply_adds == ours.flops // 2


def test_products_outside_of_layers_count():
    a, b = torch.randn(4, 6), torch.randn(6, 3)
    with ProductCounter() as counter:
        torch.einsum("ij,jk->ik", a, b)
        a @ b
    assert counter.multiply_adds == 2 * 4 * 6 * 3


def test_a_training_does_not_load_pytorch_s_compiler():
    code = (
        "import sys, netsitter as ns\n"
        "ns.fit('digits', net='mlp:5', epochs=1, runs=None, show=False)\n"
        "assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
