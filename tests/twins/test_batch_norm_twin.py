"""Batch norm against a version in NumPy that follows the paper line by line.

Source: Ioffe & Szegedy (2015), arXiv:1502.03167, algorithms 1 and 2.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from netsitter.nn.build import build
from netsitter.plan.sections import NetPlan

EPS, MOMENTUM = 1e-5, 0.1


def twin(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, running: tuple[np.ndarray, np.ndarray] | None = None):
    """The output, and the mean and variance of the batch, channel by channel, in float64."""
    out, means, variances = np.empty_like(x), [], []
    for channel in range(x.shape[1]):
        values = x[:, channel]
        mean, variance = values.mean(), ((values - values.mean()) ** 2).mean()
        used_mean, used_variance = (mean, variance) if running is None else (running[0][channel], running[1][channel])
        out[:, channel] = gamma[channel] * (values - used_mean) / np.sqrt(used_variance + EPS) + beta[channel]
        means.append(mean)
        variances.append(variance)
    return out, np.array(means), np.array(variances)


@pytest.fixture(params=["mlp", "conv"])
def layer_and_batches(request):
    """The norm of a built-in net, with a scale and shift of its own, and three batches for it."""
    example, shape = ((4,), (8, 6)) if request.param == "mlp" else ((1, 8, 8), (5, 6, 4, 3))
    plan = NetPlan(kind=request.param, sizes=(6,), init="he", norm="batch")
    layer = build(plan, example=example, outputs=2).norm1.double()
    rng = np.random.default_rng(0)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(rng.normal(size=6)))
        layer.bias.copy_(torch.from_numpy(rng.normal(size=6)))
    return layer, [5 + 3 * rng.normal(size=shape) for _ in range(3)]


def test_training_and_running_averages_and_test_time_agree(layer_and_batches):
    layer, batches = layer_and_batches
    gamma, beta = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    mean, variance = np.zeros(6), np.ones(6)
    layer.train()
    for x in batches:
        wanted, batch_mean, batch_variance = twin(x, gamma, beta)
        np.testing.assert_allclose(layer(torch.from_numpy(x)).detach().numpy(), wanted, rtol=1e-9)
        count = x.size / 6
        mean = (1 - MOMENTUM) * mean + MOMENTUM * batch_mean
        # The running variance is that of a population: n / (n - 1) of the batch's.
        variance = (1 - MOMENTUM) * variance + MOMENTUM * batch_variance * count / (count - 1)
    np.testing.assert_allclose(layer.running_mean.numpy(), mean, rtol=1e-9)
    np.testing.assert_allclose(layer.running_var.numpy(), variance, rtol=1e-9)
    wanted, _, _ = twin(batches[0], gamma, beta, running=(mean, variance))
    np.testing.assert_allclose(layer.eval()(torch.from_numpy(batches[0])).detach().numpy(), wanted, rtol=1e-9)


def test_with_the_batchs_own_spread_and_mean_it_is_the_identity(layer_and_batches):
    layer, (x, _, _) = layer_and_batches
    axes = tuple(axis for axis in range(x.ndim) if axis != 1)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.sqrt(x.var(axis=axes) + EPS)))
        layer.bias.copy_(torch.from_numpy(x.mean(axis=axes)))
    np.testing.assert_allclose(layer.train()(torch.from_numpy(x)).detach().numpy(), x, rtol=1e-9)
